#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Keys that nsxattrd was told to count as revoked (SIGHUP) stay so when a worker dies, or another nsxattrd takes over, while
# the settings cannot be read. What they say meanwhile counts, too, where no process has heeded SIGHUP.

set -u
# shellcheck source=tests/lib/runtimes.sh
. tests/lib/runtimes.sh
# shellcheck source=tests/lib/case.sh
. tests/lib/case.sh
# shellcheck source=tests/lib/scene.sh
. tests/lib/scene.sh
# shellcheck source=tests/lib/judged.sh
. tests/lib/judged.sh
# shellcheck source=tests/lib/revoked.sh
. tests/lib/revoked.sh

needs crun evmctl openssl gcc
runtime=(crun --cgroup-manager=disabled)
scene_make
runtimes_make

# revoked() - the keyids of a container that are
revoked() {
	judged_status one revoked-keyids | tr -d "[]'"
}

# refused() - NAME PROGRAM: a copy of it, which has not been looked at, would not be executed
refused() {
	local copy=$2${copies:=0}
	: $((copies++))
	cp --preserve=xattr root/bin/$2 "root/bin/$copy"
	within one "$copy"
	same "$1" invalid-signature "$(said_of "$copy" one)"
}

judged_scene
cp "$NSXATTRD" bin/
own_keyid=$(judged_keyid own)
judged_policy both own "${JUDGED_EXECS[@]}"
cp other.der policies/
sed -i 's/keys: .*/keys: [own.der, other.der]/' policies/both.yaml
printf 'version: 1\npolicies: %s\n' "$SCENE/policies" >nsxattrd.yaml
# Not as a service manager does, which would have to start the next one, too.
bin/nsxattrd -c "$SCENE/nsxattrd.yaml" </dev/null >/dev/null 2>>daemon.log &
daemon=$!
await daemon_status pid
check "a container starts" start one both

# ---- a worker dies ----

cp own.der revoked.der
revoke "$SCENE/revoked.der"
kill -HUP "$daemon"
check "a key is revoked" count_becomes 1
mv revoked.der elsewhere.der
check "its file goes away, and then a worker dies" kill_worker
same "the key is revoked" "$own_keyid" "$(revoked)"
refused "what it has signed does not count" signed
check "another worker dies" kill_worker
same "the key is revoked, still" "$own_keyid" "$(revoked)"
revoke
check "settings without it are read" "$NSXATTR" reload
same "then it counts again" "" "$(revoked)"
echo "nonsense: 1" >>nsxattrd.yaml
check "so it is after a worker's death, with a mistake in the settings" kill_worker
same "for none was revoked" "" "$(revoked)"
sed -i '/^nonsense/d' nsxattrd.yaml
revoke "$(judged_keyid other)"
check "a worker dies before it was told of another key" kill_worker
same "the next one knows" "$(judged_keyid other)" "$(revoked)"
refused "what that has signed does not count" foreign

# ---- another nsxattrd takes over ----

revoke
check "settings without a key are read" "$NSXATTR" reload
check "a key is revoked while another nsxattrd has begun" take_over_late bin/nsxattrd second/nsxattrd "$own_keyid" ""
same "that one knows" "$own_keyid" "$(revoked)"
refused "what the key has signed does not count" signed
revoke
check "the key counts again" "$NSXATTR" reload
check "it is revoked again, and then the settings get a mistake" take_over_late second/nsxattrd third/nsxattrd "$own_keyid" "nonsense: 1"
same "that one knows, too" "$own_keyid" "$(revoked)"
refused "what the key has signed does not count" signed
kill_worker
same "so it is for the next worker" "$own_keyid" "$(revoked)"
end one
check "the container is forgotten" await judged_are_forgotten
last=$(daemon_status pid)
kill -TERM "$last"
await ended "$last"
