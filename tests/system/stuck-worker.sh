#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# A container's calls wait for a file system that never answers, and so its supervisor's threads cannot be killed.
# Another worker comes nevertheless, nsxattrd ends when it is told to, and what was asked for before is not made
# after what was asked for later.

set -u
# shellcheck source=tests/lib/case.sh
. tests/lib/case.sh
# shellcheck source=tests/lib/scene.sh
. tests/lib/scene.sh
needs setfattr getfattr
# shellcheck source=tests/lib/slowfs.sh
. tests/lib/slowfs.sh
scene_make
# shellcheck source=tests/lib/loads.sh
. "$REPOSITORY/tests/lib/loads.sh"

# ---- the file system ----

# hangs_still() - NUMBER: at least so many? Calls that were walked again hang once more.
hangs_still() {
	[ "$(slowfs_ask hung)" -ge "$1" ]
}

fs_start() {
	mkdir -p backing/deaf/policies slow
	mkdir backing/deaf/lookup
	touch backing/open backing/timed-out backing/deaf/{get,set,list,remove,late,lookup/unseen,unflushed,unset}
	chown -R 1000:1000 backing/open backing/timed-out backing/deaf/*
	chown -R 0:0 backing/deaf/policies
	slowfs_start 0
}

# ---- containers ----

# The one does what it is told, several things at a time; the other is asked for a value of its own.
containers_start() {
	coproc stuck { loads_container stuck "" sh -c 'cd ../slow; while read -r line; do eval "$line" & done; wait' \
		2>>"$SCENE/stuck.log"; }
	stuck_pid=$!
	coproc asking { loads_container asking "" sh -c '
		touch asked; setfattr -n security.asked -v there asked
		while read -r _; do echo "$(getfattr --only-values -n security.asked asked 2>&1)"; done'; }
	asking_pid=$!
	await daemon_has 2
}

daemon_has() {
	[ "$("$NSXATTR" status --control="$control" --json | grep -o '"id"' | wc -l)" = "$1" ]
}

stuck() {
	echo "$1" >&"${stuck[1]}"
}

# asked() - what the other container is answered, within a minute
asked() {
	local said
	echo >&"${asking[1]}"
	read -rt 60 said <&"${asking[0]}" && echo "$said"
}

containers_end() {
	local one=${stuck[1]} other=${asking[1]}
	exec {one}>&- {other}>&-
	wait "$stuck_pid" "$asking_pid"
}

# six_hang() - a call of each kind, one of them by a descriptor, whose file does not let itself be closed either
six_hang() {
	rm -f load/closed
	stuck 'getfattr -n security.a deaf/get'
	stuck 'setfattr -n security.a -v 1 deaf/set'
	stuck 'getfattr -m - deaf/list'
	stuck 'setfattr -x security.a deaf/remove'
	stuck 'setfattr -n security.a -v 1 deaf/lookup/unseen'
	stuck '/usr/bin/python3 -c "import os; os.getxattr(os.open(\"deaf/unflushed\", 0), \"security.a\")"; echo >../load/closed'
	check "calls of one container hang: $1" await hangs 6
}

# ---- the daemon ----

daemon_start() {
	"$NSXATTRD" -v -c nsxattrd.yaml </dev/null >/dev/null 2>>log &
	daemon=$!
	await daemon_says pid
}

is_gone() {
	! kill -0 "$1" 2>/dev/null || grep -q '^State:[[:space:]]*Z' "/proc/$1/status"
}

# ends() - PROCESS: within ten seconds?
ends() {
	local end=$((SECONDS + 10))
	until is_gone "$1"; do
		[ $SECONDS -lt $end ] || return 1
		read -rt 0.05 <> <(:) || :
	done
}

# ---- what is tested ----

killed() {
	local victim
	six_hang "six threads"
	victim=$(worker)
	kill -KILL "$victim"
	same "the worker was killed; a call of another container is answered" there "$(asked)"
	stuck 'getfattr -n security.none open >../load/beside 2>&1; echo >../load/done'
	check "and another one of the same container" await test -e load/done
	check "while the file system has answered nothing" hangs_still 6
	check "and the old worker is there still" test -e "/proc/$victim"
	same "the death is counted" 1 "$(daemon_says worker-deaths)"
	slowfs_ask release >/dev/null
	check "when the file system answers, the old worker ends" await is_gone "$victim"
	check "and is reaped" await eval "! test -e /proc/$victim"
	release_until_none
}

release_until_none() {
	check "in the end nothing hangs" await eval \
		'slowfs_ask release >/dev/null; hangs 0 && in_flight 0 && test -e load/closed'
}

# in_flight() - NUMBER: are so many calls in hand, of all containers?
in_flight() {
	[ "$("$NSXATTR" status --control="$control" --json | /usr/bin/python3 -c '
import json, sys
print(sum(c["in-flight"] for c in json.load(sys.stdin)["containers"]))')" = "$1" ]
}

late() {
	local before
	before=$(slowfs_ask sets)
	stuck 'setfattr -n security.late -v old deaf/late; echo $? >../load/old'
	check "a change hangs" await hangs 1
	kill -KILL "$(worker)"
	same "the worker was killed, another one serves" there "$(asked)"
	stuck 'setfattr -n security.late -v new deaf/late; echo $? >../load/new'
	check "that waits for the thread that is in the change" await grep -q "a change waits for the end of thread" log
	check "so does another change of the same file" await in_flight 2
	same "and the file system has seen none of them" 1 "$(slowfs_ask hung)"
	release_until_none
	await test -s load/new
	same "both are answered as if nothing had been" "0 0" "$(cat load/old load/new | paste -sd' ')"
	same "what came later is what is there" new \
		"$(getfattr --only-values -n security.late@uid=1000 backing/deaf/late)"
	same "each was made once" 2 $(($(slowfs_ask sets) - before))
}

# The worker's first thread reads the policies anew, and the file of one of them cannot be closed.
first_thread() {
	local victim
	victim=$(worker)
	echo "version: 1" >backing/deaf/policies/unflushed.yaml
	kill -HUP "$daemon"
	check "the worker's first thread hangs" await hangs 1
	rm backing/deaf/policies/unflushed.yaml
	kill -KILL "$victim"
	same "it was killed; a call is answered" there "$(asked)"
	check "while the file system has answered nothing" hangs_still 1
	release_until_none
}

terminated() {
	six_hang "once more"
	kill -TERM "$daemon"
	check "SIGTERM ends the daemon" ends "$daemon"
	wait "$daemon"
	same "in order" 0 $?
	check "while the file system has answered nothing" hangs_still 6
	same "calls fail then, and do not wait" "asked: security.asked: Function not implemented" "$(asked)"
	slowfs_ask release >/dev/null
	check "in the end nothing hangs" await eval 'slowfs_ask release >/dev/null; hangs 0'
}

# keeper_of() - the one keeper of this program that runs a command
keeper_of() {
	local process
	for process in $(pgrep --exact nsxattr-keeper); do
		[ ! "/proc/$process/exe" -ef "$NSXATTR" ] || echo "$process"
	done
}

run() {
	local supervisor keeper
	mkfifo run.in run.out
	"$NSXATTR" run --map-users=0:1000:1 --map-groups=0:1000:1 -- sh -c '
		getfattr -n security.a slow/deaf/get &
		read -r _
		getfattr -n security.none slow/open 2>&1
		exec kill -KILL $!' <run.in >run.out 2>run.log &
	exec {run_in}>run.in
	exec {run_out}<run.out
	check "nsxattr run: a call hangs" await hangs 1
	keeper=$(keeper_of)
	supervisor=$(pgrep --parent "$keeper" --exact nsxattr)
	kill -KILL "$supervisor"
	echo >&"$run_in"
	read -rt 60 said <&"$run_out"
	same "its worker was killed; another call is answered" "slow/open: security.none: No such attribute" "$said"
	check "while the file system has answered nothing" hangs_still 1
	# The call is made once more, and hangs again.
	check "in the end the keeper ends" await eval "slowfs_ask release >/dev/null; is_gone $keeper"
}

# With the user store a deputy makes the change, and is not waited for for long.
given_up() {
	"$NSXATTR" run -v -p user --map-users=0:1000:1 --map-groups=0:1000:1 -- \
		sh -c 'setfattr -n security.helped -v 1 slow/deaf/unset; echo $? >load/helped' 2>helped.log &
	check "a deputy's change hangs" await hangs 1
	check "it is given up" await grep -q "a deputy cannot make an attribute call" helped.log
	check "but nothing is answered yet" test ! -e load/helped
	slowfs_ask release >/dev/null
	wait $!
	same "the change was made, and is said to be" "0 1" \
		"$(cat load/helped) $(getfattr --only-values -n user.nsxattr.1000.security.helped backing/deaf/unset)"
}

# A file system may time out by itself, as one of a network does: that is its answer.
timed_out() {
	local said
	said=$("$NSXATTR" run -p user --map-users=0:1000:1 --map-groups=0:1000:1 -- \
		setfattr -n security.a -v 1 slow/timed-out 2>&1)
	same "a file system that times out is heard" "setfattr: slow/timed-out: Connection timed out" "$said"
}

fs_start || {
	not_ok "a file system that does not answer is mounted" "slowfs cannot mount it"
	exit
}
loads_configure "log: verbose"
sed -i "s|^policies: .*|policies: $SCENE/slow/deaf/policies|" nsxattrd.yaml
daemon_start || {
	not_ok "nsxattrd starts" "$(cat log)"
	exit
}
containers_start
killed
late
first_thread
terminated
containers_end
run
given_up
timed_out
slowfs_end
