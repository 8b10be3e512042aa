# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# A key that was revoked stays so with mode enforce, whatever becomes of nsxattrd while its settings have a mistake: a worker
# dies, or another nsxattrd takes over that has read them before. What the key has signed is not executed, nor made
# executable where it was mapped before.
#
# kernels: 6.1 6.12
# arguments: emulated=in-turns

set -u
# shellcheck source=tests/lib/enforced.sh
. tests/lib/enforced.sh
# shellcheck source=tests/lib/revoked.sh
. tests/lib/revoked.sh
needs crun evmctl openssl setfattr gcc
built=$(realpath "$BUILD/tests/live/enforce-driver")
scene_make
runtimes_make
enforced_bpffs
# shellcheck disable=SC2034 # enforced.sh uses it
runtime=(crun --cgroup-manager=disabled)

# held() - NAME PIPE: a container whose process has mapped what the other key has signed
held() {
	launch "$1" mapped enforce-driver held /bin/foreign "/tmp/$2" && await has_said "$1/output" 1
}

enforced_scene enforce-driver="$built"
enforced_policy both "own.der, other.der" "${JUDGED_EXECS[@]}"
enforced_policy mapped "own.der, other.der" "${JUDGED_EXECS[@]}" "${JUDGED_MAPS[@]}"
pipes worker successor
other=$(judged_keyid other)
cp "$NSXATTRD" bin/
NSXATTRD=$SCENE/bin/nsxattrd
enforced_daemon
enforced_or_skip

# ---- a worker dies ----

check "a container starts" start one both
check "in another one a file is mapped" held two worker
same "what two keys have signed runs" "signed - - foreign" "$(executes within one)"
revoke "$other"
kill -HUP "$daemon"
check "one of them is revoked" count_becomes 1
echo "nonsense: 1" >>nsxattrd.yaml
check "the settings get a mistake, and a worker dies" kill_worker
same "what the key has signed does not run" "signed - - -" "$(executes within one)"
same "nor can it be made executable" EACCES "$(answered two/output worker)"
check "a container starts anew" start three both
same "nor does it run there" "signed - - -" "$(executes within three)"
check "another worker dies" kill_worker
same "nor then" "signed - - -" "$(executes within one)"
end two
end three

# ---- another nsxattrd takes over ----

sed -i '/^nonsense/d' nsxattrd.yaml
revoke
check "settings without a revoked key are read" "$NSXATTR" reload
check "in another container a file is mapped" held four successor
same "what two keys have signed runs" "signed - - foreign" "$(executes within one)"
check "another nsxattrd takes over; a key is revoked when it has begun, and then the settings get a mistake" \
	take_over_late bin/nsxattrd second/nsxattrd "$other" "nonsense: 1"
daemon=$(daemon_status pid)
same "what the key has signed does not run" "signed - - -" "$(executes within one)"
same "nor can it be made executable" EACCES "$(answered four/output successor)"
echo "nonsense: 1" >>nsxattrd.yaml
check "a worker of it dies, with a mistake in the settings" kill_worker
same "nor then" "signed - - -" "$(executes within one)"
end four
end one
check "containers that have ended are forgotten" await judged_are_forgotten
kill -TERM "$daemon"
check "nsxattrd ends in order" await ended "$daemon"
same "and leaves no pin" 0 "$(enforced_pins)"
