#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# No worker can be had: the process that starts nsxattrd's workers is kept from it by a limit on memory. Calls wait, then
# they fail instead of waiting for ever, the status says so all the time, and all is well again when a worker
# can be had.

set -u
# shellcheck source=tests/lib/case.sh
. tests/lib/case.sh
# shellcheck source=tests/lib/scene.sh
. tests/lib/scene.sh
scene_make
# shellcheck source=tests/lib/loads.sh
. "$REPOSITORY/tests/lib/loads.sh"

# asks() - a container that says what each call has given
asks() {
	coproc asking { loads_container asking "" sh -c '
		touch asked; setfattr -n security.asked -v there asked
		while read -r _; do echo "$(getfattr --only-values -n security.asked asked 2>&1)"; done'; }
	asking_pid=$!
	await has_containers asking
}

ask() {
	echo >&"${asking[1]}"
}

hear() {
	local said
	read -rt 120 said <&"${asking[0]}" && echo "$said"
}

# status_says() - TEXT: does nsxattr status fail with that?
status_says() {
	! "$NSXATTR" status --control="$control" 2>said && grep -q "$1" said
}

loads_configure "patience: 3"
"$NSXATTRD" -c nsxattrd.yaml </dev/null >/dev/null 2>log &
daemon=$!
await daemon_says pid
asks
ask
same "a call is answered" there "$(hear)"
same "no worker has died" 0 "$(daemon_says worker-deaths)"

doomed=$(worker) starter=$(pgrep --parent "$daemon" --exact nsxattr-starter)
prlimit --pid "$starter" --as=10000000:
kill -KILL "$doomed"
ask
check "the status says that no worker can be had, and that calls wait" \
	await status_says "no worker can be had, [0-9]* have died (the log says more); calls wait"
same "it exits with 1" 1 "$("$NSXATTR" status --control="$control" >/dev/null 2>&1; echo $?)"
same "the call that has waited fails" "asked: security.asked: Input/output error" "$(hear)"
check "and the status says that calls fail" await status_says "calls fail with EIO"
ask
same "so does the next one" "asked: security.asked: Input/output error" "$(hear)"
check "the log says why" grep -q "no worker has served for 3 seconds: calls fail with EIO" log

prlimit --pid "$starter" --as=unlimited:
check "when a worker can be had again, the status is as ever" await has_containers asking
ask
same "and so are calls" there "$(hear)"
check "the deaths are counted" [ "$(daemon_says worker-deaths)" -gt 3 ]

prlimit --pid "$starter" --as=10000000:
kill -KILL "$(worker)"
await status_says "no worker can be had"
kill -TERM "$daemon"
wait "$daemon"
same "SIGTERM ends a daemon that has no worker" 0 $?
input=${asking[1]}
exec {input}>&-
wait "$asking_pid"
