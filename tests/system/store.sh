#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# nsxattrd under a service manager with a store (tests/lib/manager.py): all of it is killed, or restarted, and
# containers that call without a break go on. NSXATTR_RESTARTS says how often (20), NSXATTR_SEED what the
# containers do.

set -u
# shellcheck source=tests/lib/case.sh
. tests/lib/case.sh
# shellcheck source=tests/lib/scene.sh
. tests/lib/scene.sh
scene_make
# shellcheck source=tests/lib/loads.sh
. "$REPOSITORY/tests/lib/loads.sh"

RESTARTS=${NSXATTR_RESTARTS:-20}

manage() {
	local said
	echo "$1" >&"${manager[1]}"
	read -rt 70 said <&"${manager[0]}" && echo "$said"
}

# give_up() - what has been said, and no more
give_up() {
	tail -n 30 log | sed 's/^/# /'
	kill -KILL "$manager_pid" "$history_pid" "$pause_pid"
	exit 1
}

# repeatedly() - WORD: so many times, with what the longest call was
repeatedly() {
	local i failed=0
	: >pauses
	loads_pause >/dev/null
	for ((i = 0; i < RESTARTS; i++)); do
		[ "$(manage "$1")" = ready ] || ((failed++))
		loads_pause >>pauses
	done
	same "$RESTARTS times $1: the daemon is ready again" 0 "$failed"
	[ $failed = 0 ] || give_up
	echo "# the longest call beside that: $(percentiles <pauses)"
	check "it serves the containers that were there" has_containers "history pausing"
}

loads_configure
coproc manager { exec "$REPOSITORY/tests/lib/manager.py" "$SCENE/notify" "$NSXATTRD" -c nsxattrd.yaml 2>>log; }
manager_pid=$!
same "it starts" ready "$(manage start)"
same "the store has the journal, and which keys are revoked" 2 "$(manage stored)"
loads_start
same "and the listeners of two containers" 4 "$(manage stored)"
fails "the manager starts another one, not we" "systemctl restart" \
	"$NSXATTR" reload --binary --control="$control"
repeatedly kill
repeatedly restart
same "the store has what it had" 4 "$(manage stored)"
kill -KILL "$(worker)"
check "the death of a worker is the keeper's affair" await has_containers "history pausing"
loads_end
check "containers that have ended are forgotten" await has_containers ""
same "by the store, too" 2 "$(manage stored)"

# What is in hand then fails, what comes later does not.
loads_start
same "a journal in another format" ready "$(manage foreign)"
loads_pause >/dev/null
check "the containers are served again" has_containers "history pausing"
exec {history}>&-
wait "$history_pid"
same "calls that were in hand have failed with EIO, if any" "" \
	"$(grep wrong history.out | grep -v 'EIO\|is "' | grep -v "$(
		sed -n 's/.* of \(.*\) on .*EIO.*/ \1 on /p' history.out | sort -u | grep . || echo none)")"
input=${pause[1]}
exec {input}>&-
wait "$pause_pid"
same "SIGTERM ends it" 0 "$(manage stop)"
input=${manager[1]}
exec {input}>&-
wait "$manager_pid"
sed 's/^/# /' load.log
