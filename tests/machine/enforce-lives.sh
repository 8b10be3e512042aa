# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# A container of LXC with mode enforce is there until its init has ended. nsxattrd is killed and started anew without a
# service manager, another one takes over, and each time a process inside has the connection of LXC's monitor end: a file takes
# long to read, and who executes it is killed. The measurement list goes on, and the gate stays shut, before the next call too.
#
# kernels: 6.1 6.12
# arguments: emulated=in-turns

set -u
# shellcheck source=tests/lib/enforced.sh
. tests/lib/enforced.sh
# shellcheck source=tests/lib/revoked.sh
. tests/lib/revoked.sh
# shellcheck source=tests/lib/lxc.sh
. tests/lib/lxc.sh
needs lxc-start evmctl openssl setfattr
built=$(realpath "$BUILD/tests/live/enforce-driver")
scene_make
runtimes_make
enforced_bpffs
LXC_IDS=65536
LXC_SOCKET=/run/nsxattr/lxc.sock

# shut() - PIPE: what comes of mprotect(2) of a file that is not signed, of which only the gate is asked
shut() {
	answered root/tmp/shut "$1"
}

# begins() - WHEN: what the list has from now on
begins() {
	check "$1: evmctl accepts the list" judged_list one
	entries=$(judged_entries one)
}

# is_longer() - PROGRAM: does the list have it behind all that it had?
is_longer() {
	[[ "$(judged_entries one) " = "$entries /bin/$1 "* ]] && return
	printf '%s\n' "$entries" "$(judged_entries one)"
	return 1
}

# goes_on() - WHEN PROGRAM
goes_on() {
	check "$1: a signed program runs" lxc_in one "$2"
	check "$1: evmctl accepts the list" judged_list one
	check "$1: it is what it was, and the program" is_longer "$2"
	entries=$(judged_entries one)
}

# give_up() - WHEN DURING AFTER LATER: a connection of the monitor's ends, and no call follows; then one does. The process inside
# that waits is asked at three pipes.
give_up() {
	local read before called
	read=$(judged_bytes)
	before=$(grep -c "$connection_has_ended" daemon.log)
	lxc_in one endless >/dev/null 2>&1 &
	called=$!
	check "$1: a file that takes long to read is looked at" await judged_has_read $((read + (1 << 22)))
	same "$1: meanwhile the gate is shut" EACCES "$(shut "$2")"
	kill -KILL "$(lxc_in_exec one)"
	wait "$called"
	same "$1: who executes it is killed" 137 $?
	check "$1: the monitor's connection has ended" await eval \
		'[ "$(grep -c "$connection_has_ended" daemon.log)" -gt '"$before"' ]'
	same "$1: then the gate is shut" "EACCES, 1" "$(shut "$3"), $(enforced_gates_of "$number")"
	same "$1: what is signed runs, and nothing else" "signed - - -" "$(executes lxc_in one)"
	same "$1: the gate is shut" EACCES "$(shut "$4")"
}
connection_has_ended="a listener of container one has ended"

enforced_scene enforce-driver="$built"
enforced_policy mapped own.der "${JUDGED_EXECS[@]}" "${JUDGED_MAPS[@]}"
lxc_prepare
printf 'version: 1\npolicies: %s\nlog: verbose\n' "$SCENE/policies" >nsxattrd.yaml
enforced_daemon
enforced_or_skip
truncate -s 64G root/bin/endless
chmod 755 root/bin/endless
lxc_judged one mapped
lxc_make_init one
check "a container starts" lxc_judged_starts one
number=$(enforced_userns "$(pgrep -f serve.one/init | head -n 1)")
pipes dead late during given-up followed upgraded upgraded-during upgraded-given-up upgraded-followed
lxc_in one sh -c 'exec enforce-driver shut /bin/unsigned /tmp/dead /tmp/late /tmp/during /tmp/given-up /tmp/followed \
	/tmp/upgraded /tmp/upgraded-during /tmp/upgraded-given-up /tmp/upgraded-followed >/tmp/shut' &
waiting=$!
check "a process inside waits" await has_said root/tmp/shut 1

# ---- nsxattrd is started anew ----

# shellcheck disable=SC2046 # numbers
kill -KILL $(daemon_processes)
await eval '! pgrep -x nsxattrd'
same "all of nsxattrd is killed: the gate is shut" EACCES "$(shut dead)"
enforced_daemon
same "it is started anew: what is signed runs, and nothing else" "signed - - -" "$(executes lxc_in one)"
check "the container is served" await judged_is_known one
same "the gate before is there, and need not be passed" "2, 1" "$(enforced_pins), $(enforced_gates_of "$number")"
kill -HUP "$daemon"
check "then it is removed" await eval '[ "$(enforced_pins)" = 1 ]'
same "what is signed runs, and nothing else" "signed - - -" "$(executes lxc_in one)"
same "the container has to pass the one of today" "EACCES, 1" "$(shut late), $(enforced_gates_of "$number")"
begins "started anew"
give_up "a call is given up" during given-up followed
goes_on "a call was given up" id

# ---- another one takes over ----

check "another nsxattrd takes over" "$NSXATTR" reload --binary
wait "$daemon"
daemon=$(daemon_status pid)
same "its gate is pinned, and no other" 1 "$(enforced_pins)"
same "the container has to pass it" "EACCES, 1" "$(shut upgraded), $(enforced_gates_of "$number")"
same "what is signed runs, and nothing else" "signed - - -" "$(executes lxc_in one)"
goes_on "another one has taken over" ls
give_up "then a call is given up" upgraded-during upgraded-given-up upgraded-followed
goes_on "then a call was given up" mktemp
same "an unsigned program is named in the log" IMA-signature-required "$(refused_of unsigned one)"
wait "$waiting"

# ---- the end ----

lxc_end one
lxc_done
check "when its init has ended the container is forgotten" await judged_are_forgotten
same "by the gate, too" 0 "$(enforced_gates_of "$number")"
kill -TERM "$daemon"
check "nsxattrd ends in order" await ended "$daemon"
same "and leaves no pin" 0 "$(enforced_pins)"
