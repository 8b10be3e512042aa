# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Keys that are revoked count no more at the gate of nsxattrd from one moment on: that is one number there, however many
# containers have verdicts. So it is where the worker dies before it comes to that.
#
# kernels: 6.1 6.12
# arguments: emulated=in-turns

set -u
# shellcheck source=tests/lib/enforced.sh
. tests/lib/enforced.sh
needs crun evmctl openssl setfattr strace
built=$(realpath "$BUILD/tests/live/enforce-driver")
scene_make
enforced_bpffs

# revoke() - KEYID…
revoke() {
	sed -i '/^revoked-keys/d' nsxattrd.yaml
	[ $# -eq 0 ] || printf 'revoked-keys: [%s]\n' "$(printf '"%s", ' "$@")" >>nsxattrd.yaml
}

# hold() - PROGRAM NAME…: containers in each of which a process has mapped the program to be executed, and is about to do so
# again. No supervisor is asked then, only the gate.
hold() {
	local name program=$1
	shift
	for name; do
		rm -f "root/tmp/$name"
		mkfifo -m 666 "root/tmp/$name"
		chmod 666 "root/tmp/$name"
		launch "$name" mapped enforce-driver held "$program" "/tmp/$name"
		check "container $name waits" await grep -q waiting "$name/output"
	done
}

# go_on() - NAME…: what becomes of these processes
go_on() {
	local name
	for name; do
		timeout $((60 * ${TEST_SLOWER:-1})) bash -c ': >"$1"' bash "root/tmp/$name"
		await eval '[ "$(wc -l <'"$name"'/output)" -ge 2 ]'
		tail -n 1 "$name/output"
		end "$name" >&2
	done | sort | uniq -c | xargs
}

worker() {
	pgrep --parent "$daemon" --exact nsxattrd
}

# trace() - OPTION…: the worker's calls of bpf(2), in "traced", until untrace() or its end
trace() {
	local traced
	traced=$(worker)
	strace -f -qq -o traced -e trace=bpf "$@" -p "$traced" 2>tracer.said &
	tracer=$!
	await grep -q '^TracerPid:.*[1-9]' "/proc/$traced/status"
}

untrace() {
	kill "$tracer" 2>/dev/null
	wait "$tracer"
}

# written() - how many maps of the gate were made meanwhile, and how many entries written or taken out
written() {
	grep -cE 'BPF_MAP_(CREATE|UPDATE_ELEM|DELETE_ELEM)' traced
}

# heeds() - COUNT: so many keys are revoked from now on
heeds() {
	local lines
	lines=$(grep -c "revoked keys count from now on" daemon.log)
	kill -HUP "$daemon"
	await eval '[ "$(grep -c "revoked keys count from now on" daemon.log)" -gt '"$lines"' ]'
	same "$1 keys are revoked" "$1" "$(grep -o '[0-9]* revoked keys count' daemon.log | tail -n 1 | cut -d' ' -f1)"
	# An answer comes when what was begun is done.
	await daemon_status pid
}

runtime=(crun --cgroup-manager=disabled)
enforced_scene enforce-driver="$built"
enforced_policy mapped "own.der, other.der" "${JUDGED_EXECS[@]}" "${JUDGED_MAPS[@]}"
enforced_daemon || {
	not_ok "nsxattrd starts" "$(cat daemon.log)"
	exit
}
enforced_or_skip

hold /bin/foreign one
trace
revoke "$(judged_keyid other)"
heeds 1
untrace
same "one number is written at the gate" 1 "$(written)"
same "what has a verdict by the key is refused" "1 EACCES" "$(go_on one)"
revoke
heeds 0
hold /bin/foreign two three four
check "what the key has signed runs again" within two foreign
trace
revoke "$(judged_keyid other)"
heeds 1
untrace
same "for three containers it is one number, too" 1 "$(written)"
same "and what has a verdict is refused in each" "3 EACCES" "$(go_on two three four)"
revoke
heeds 0
hold /bin/foreign five
before=$(worker)
trace -e inject=bpf:signal=KILL:when=1
revoke "$(judged_keyid other)"
kill -HUP "$daemon"
check "a worker dies when it is about to write it" await eval '[ -n "$(worker)" ] && [ "$(worker)" != '"$before"' ]'
untrace
await daemon_status pid
same "the next one has written it" "1 EACCES" "$(go_on five)"
hold /bin/signed six
before=$(worker)
kill -KILL "$before"
check "another worker dies" await eval '[ -n "$(worker)" ] && [ "$(worker)" != '"$before"' ]'
await daemon_status pid
same "what was judged by the keys of today has its verdict still" "1 ran" "$(go_on six)"
check "containers that have ended are forgotten" await judged_are_forgotten
daemon_stop
