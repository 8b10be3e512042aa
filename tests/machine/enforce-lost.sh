# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# A container with mode enforce that nsxattrd cannot restore, for its measurement list or its policy is lost, stays shut in the
# gate as long as a process is in it, whatever becomes of nsxattrd; then it is taken out.
#
# kernels: 6.1 6.12
# arguments: emulated=in-turns

set -u
# shellcheck source=tests/lib/enforced.sh
. tests/lib/enforced.sh
# shellcheck source=tests/lib/revoked.sh
. tests/lib/revoked.sh
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

# wait_inside() - NAME PIPE…: a container of this name, whose process has what is not signed mapped; $number is that of its
# user namespace
wait_inside() {
	local name=$1
	shift
	pipes "$@"
	launch "$name" mapped enforce-driver shut /bin/unsigned "${@/#//tmp/}" && await has_said "$name/output" 1 &&
		number=$(enforced_userns "$("${runtime[@]}" state "$name" | jq .pid)")
}

# is_stored() - COUNT: are so many descriptors in the store?
is_stored() {
	[ "$(manage stored)" = "$1" ]
}

# stay_shut() - COUNT: so many user namespaces, as the log says when nsxattrd has looked again
stay_shut() {
	"$NSXATTR" reload && [ "$(grep -o "in [0-9]* user namespaces" daemon.log | tail -n 1)" = "in $1 user namespaces" ]
}

enforced_scene enforce-driver="$built"
enforced_policy executed own.der "${JUDGED_EXECS[@]}"
enforced_policy mapped own.der "${JUDGED_EXECS[@]}" "${JUDGED_MAPS[@]}"
printf 'version: 1\npolicies: %s\n' "$SCENE/policies" >nsxattrd.yaml
coproc manager { exec "$REPOSITORY/tests/lib/manager.py" "$SCENE/notify" "$NSXATTRD" -c nsxattrd.yaml 2>>daemon.log; }
manager_pid=$!
same "it starts" ready "$(manage start)"
enforced_or_skip
stored=$(manage stored)

# ---- its list is lost ----

wait_inside one lost worker restarted other last
same "a container waits" waiting "$(<one/output)"
same "all of nsxattrd is killed, and its list is lost" ready "$(manage "lose nsxattr-measurements")"
check "nsxattrd says that it cannot be judged" \
	grep -q "what container one executes cannot be judged: its measurement list, or what its gate has, is lost" daemon.log
same "it is not served" "[]" "$(daemon_status containers)"
same "it has to pass the gate" 1 "$(enforced_gates_of "$number")"
same "which is shut" EACCES "$(answered one/output lost)"
check "a worker dies" kill_worker
same "it is shut" EACCES "$(answered one/output worker)"
same "nsxattrd is restarted" ready "$(manage restart)"
same "its gate is pinned, and no other" 1 "$(enforced_pins)"
same "the container has to pass it" 1 "$(enforced_gates_of "$number")"
same "it is shut" EACCES "$(answered one/output restarted)"
check "another container starts" start two executed
same "there what is signed runs, and nothing else" "signed - - -" "$(executes within two)"
same "the one is shut" EACCES "$(answered one/output other)"
end two
check "nsxattrd looks again: it has a process" stay_shut 1
same "and has to pass the gate" 1 "$(enforced_gates_of "$number")"
same "it is shut to the last" EACCES "$(answered one/output last)"
end one
check "when it has ended it is forgotten" await stay_shut 0
same "and taken out of the gate" 0 "$(enforced_gates_of "$number")"
check "and of the store" await is_stored "$stored"

# ---- its policy is lost ----

wait_inside three lost
same "a container waits" waiting "$(<three/output)"
same "all of nsxattrd is killed, and its policy is lost" ready "$(manage "lose nsxattr-policy")"
check "nsxattrd says so" grep -q "the policy 'mapped' of a running container cannot be used any more" daemon.log
same "it has to pass the gate" 1 "$(enforced_gates_of "$number")"
same "which is shut" EACCES "$(answered three/output lost)"
end three
check "when it has ended it is forgotten" await stay_shut 0
same "and taken out of the gate" 0 "$(enforced_gates_of "$number")"
check "and of the store" await is_stored "$stored"
same "SIGTERM ends nsxattrd" 0 "$(manage stop)"
same "no pin is left" 0 "$(enforced_pins)"
input=${manager[1]}
exec {input}>&-
wait "$manager_pid"
