# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# nsxattrd with mode enforce under a service manager with a store: its gate is there while nsxattrd is killed, and
# while it is restarted, and each nsxattrd that follows goes on with the verdicts.
#
# kernels: 6.1 6.12
# arguments: emulated=in-turns

set -u
# shellcheck source=tests/lib/enforced.sh
. tests/lib/enforced.sh
needs crun evmctl openssl setfattr
built=$(realpath "$BUILD/tests/live/enforce-driver")
scene_make
runtimes_make
enforced_bpffs
# shellcheck disable=SC2034 # enforced.sh uses it
runtime=(crun --cgroup-manager=disabled)

manage() {
	local said
	echo "$1" >&"${manager[1]}"
	read -rt $((70 * ${TEST_SLOWER:-1})) said <&"${manager[0]}" && echo "$said"
}

enforced_scene enforce-driver="$built"
enforced_policy executed own.der "${JUDGED_EXECS[@]}"
enforced_policy mapped own.der "${JUDGED_EXECS[@]}" "${JUDGED_MAPS[@]}"
printf 'version: 1\npolicies: %s\n' "$SCENE/policies" >nsxattrd.yaml
coproc manager { exec "$REPOSITORY/tests/lib/manager.py" "$SCENE/notify" "$NSXATTRD" -c nsxattrd.yaml 2>>daemon.log; }
manager_pid=$!
same "it starts" ready "$(manage start)"
enforced_or_skip
check "a container starts" start one executed
mkfifo -m 666 root/tmp/shut && chmod 666 root/tmp/shut
launch two mapped enforce-driver shut /bin/unsigned /tmp/shut
check "another one waits" await grep -q waiting two/output
same "what is signed runs, and nothing else" "signed - - -" "$(executes within one)"
same "all of it is killed" ready "$(manage kill)"
same "what is signed runs, and nothing else" "signed - - -" "$(executes within one)"
same "one gate is pinned" 1 "$(enforced_pins)"
same "it is restarted" ready "$(manage restart)"
same "what is signed runs, and nothing else" "signed - - -" "$(executes within one)"
timeout $((60 * ${TEST_SLOWER:-1})) bash -c ': >root/tmp/shut'
await grep -q . <(sed 1d two/output)
same "what was shut is so" "waiting EACCES" "$(paste -sd' ' two/output)"
end one
end two
check "containers that have ended are forgotten" await judged_are_forgotten
same "the store has the journal, and a gate" true "$([ "$(manage stored)" -gt 3 ] && echo true)"
same "SIGTERM ends it" 0 "$(manage stop)"
same "no pin is left" 0 "$(enforced_pins)"
input=${manager[1]}
exec {input}>&-
wait "$manager_pid"
