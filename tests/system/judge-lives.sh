#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What nsxattrd knows of a container whose executing it judges outlives its processes: the measurement list, which
# evmctl accepts each time, and the keys, whatever has become of their files. Workers die, all of the daemon dies under a
# service manager with a store, it is restarted, and another one takes over (nsxattr reload --binary).

set -u
# shellcheck source=tests/lib/runtimes.sh
. tests/lib/runtimes.sh
# shellcheck source=tests/lib/case.sh
. tests/lib/case.sh
# shellcheck source=tests/lib/scene.sh
. tests/lib/scene.sh
# shellcheck source=tests/lib/judged.sh
. tests/lib/judged.sh

needs crun evmctl openssl
runtime=(crun --cgroup-manager=disabled)
scene_make
runtimes_make

# start() - NAME: a container that waits
start() {
	rm -rf "$1"
	mkdir "$1"
	(cd "$1" && crun spec && mv config.json spec.json) &&
		/usr/bin/python3 "$REPOSITORY/tests/lib/bundle.py" root="$SCENE/root" \
			annotation=io.nsxattr.policy=executed -- sh -c 'while :; do sleep 1000; done' <"$1/spec.json" |
		"$NSXATTR" hook oci-precreate --runtime=crun --policies="$SCENE/policies" \
			>"$1/config.json" 2>>hook.said &&
		"${runtime[@]}" run --detach --bundle "$1" "$1" </dev/null >"$1/output" 2>&1 &&
		await judged_is_known "$1"
}

within() {
	"${runtime[@]}" exec "$@" </dev/null
}

manage() {
	local said
	echo "$1" >&"${manager[1]}"
	read -rt 70 said <&"${manager[0]}" && echo "$said"
}

worker() {
	pgrep --parent "$(daemon_status pid)" nsxattrd
}

# executes() - WHEN PROGRAM: the container executes it, and the list has it behind all that it had
executes() {
	local before=${entries:-}
	check "$1: a program runs" within one "$2"
	check "$1: evmctl accepts the list" judged_list one
	entries=$(judged_entries one)
	same "$1: it is what it was, and the program" "${before:+$before }/bin/$2" "$entries"
}

judged_scene
for i in 1 2 3 4 5 6; do
	cp root/bin/true "root/bin/program$i"
	echo "# $i" >>"root/bin/program$i"
	evmctl ima_sign --key own.pem "root/bin/program$i" >/dev/null 2>&1
done
judged_policy executed own "${JUDGED_EXECS[@]}"
printf 'version: 1\npolicies: %s\n' "$SCENE/policies" >nsxattrd.yaml

# ---- under a service manager ----

coproc manager { exec "$REPOSITORY/tests/lib/manager.py" "$SCENE/notify" "$NSXATTRD" -c nsxattrd.yaml 2>>daemon.log; }
manager_pid=$!
same "it starts" ready "$(manage start)"
check "a container starts" start one
same "the store has journal, revoked keys, listener, policy and list" 5 "$(manage stored)"
await within one sleep 0
check "evmctl accepts the list" judged_list one
entries=$(judged_entries one)
same "it begins with boot_aggregate" "boot_aggregate /bin/sh /bin/sleep" "$entries"
cp other.der policies/own.der
kill -KILL "$(worker)"
executes "a worker has died" program1
same "all of it is killed" ready "$(manage kill)"
executes "all of it was killed" program2
same "it is restarted" ready "$(manage restart)"
executes "it was restarted" program3
kill -KILL "$(worker)"
executes "then a worker has died" program4
same "no signature was judged by another key" "" "$(grep 'would not be' daemon.log)"
"${runtime[@]}" kill one KILL
"${runtime[@]}" delete --force one
check "a container that has ended is forgotten" await judged_are_forgotten
same "with its list and policy" 2 "$(manage stored)"
same "SIGTERM ends it" 0 "$(manage stop)"
input=${manager[1]}
exec {input}>&-
wait "$manager_pid"

# ---- another one takes over ----

cp own.der policies/own.der
"$NSXATTRD" -c nsxattrd.yaml </dev/null >/dev/null 2>>daemon.log &
await daemon_status pid
check "a container starts" start one
await within one sleep 0
check "evmctl accepts the list" judged_list one
entries=$(judged_entries one)
cp other.der policies/own.der
check "another daemon takes over" "$NSXATTR" reload --binary
executes "it has" program5
check "and another one" "$NSXATTR" reload --binary
executes "it has, too" program6
same "no signature was judged by another key" "" "$(grep 'would not be' daemon.log)"
"${runtime[@]}" kill one KILL
"${runtime[@]}" delete --force one
check "the container is forgotten" await judged_are_forgotten
last=$(daemon_status pid)
kill -TERM "$last"
await eval "! kill -0 $last"
