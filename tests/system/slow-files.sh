#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Calls that wait for a file system: those on one that is slow are worked on side by side; those that hang
# delay no other process, and end when the process that made them is killed.

set -u
# shellcheck source=tests/lib/case.sh
. tests/lib/case.sh
# shellcheck source=tests/lib/scene.sh
. tests/lib/scene.sh
needs setfattr getfattr
# shellcheck source=tests/lib/slowfs.sh
. tests/lib/slowfs.sh
scene_make

CROWD=16
CALLS=100

make_files() {
	local i
	mkdir -p backing/hung slow out
	for ((i = 0; i < CROWD; i++)); do
		: >"backing/$i" && : >"backing/hung/$i"
		setfattr -n security.own@uid=100000 -v "own-$i" "backing/$i"
	done
	# Where names hang that are looked for, and sets do not. The kernel looks for one name of a folder at a time.
	for ((i = 0; i < CROWD; i++)); do
		mkdir -p "backing/deaf/$i/unset" && : >"backing/deaf/$i/unset/unseen"
	done
	own backing out
	own backing/* backing/hung/* backing/deaf/*/unset/*
}

# crowd() - EXECUTOR: CROWD processes make CALLS calls each. Return: whether each has had its value each
# time.
crowd() {
	"$NSXATTR" run --debug=executor="$1" --map-users=0:100000:65536 --map-groups=0:100000:65536 -- sh -c '
		i=0
		while [ $i -lt '"$CROWD"' ]; do
			getfattr --only-values -n security.own $(yes "slow/$i" | head -'"$CALLS"') >"out/found.$i" &
			i=$((i + 1))
		done
		wait'
}

found_all() {
	local i
	for ((i = 0; i < CROWD; i++)); do
		[ "$(yes "own-$i" | head -"$CALLS" | tr -d '\n')" = "$(cat "out/found.$i")" ] || return 1
	done
}

side_by_side() {
	local executor=$1 least=$2 peak
	slowfs_ask peak >/dev/null
	check "--debug=executor=$executor: a crowd on a slow file system" crowd "$executor"
	peak=$(slowfs_ask peak)
	check "--debug=executor=$executor: each has had its values" found_all
	check "--debug=executor=$executor: $least or more of their calls were worked on at a time" \
		test "$peak" -ge "$least"
}

one_after_another() {
	slowfs_ask peak >/dev/null
	check "--debug=executor=inline: a crowd on a slow file system" crowd inline
	check "--debug=executor=inline: each has had its values" found_all
	# More than one only where a request has taken 50 ms, as on a busy machine.
	check "--debug=executor=inline: few of their calls were worked on at a time" test "$(slowfs_ask peak)" -lt 4
}

threads_of() {
	find "/proc/$1/task" -mindepth 1 -maxdepth 1 | wc -l
}

# Those that are not the kernel's, which it has for a ring.
own_threads_of() {
	grep -Lsx 'iou-wrk-.*' "/proc/$1/task"/*/comm | wc -l
}

# has_threads() - PROCESS MOST: no more than that?
has_threads() {
	[ "$(threads_of "$1")" -le "$2" ]
}

# The worker of the namespace below, as far as it has one: other tests may run beside this one.
export SLOW_FILES=$SCENE
supervisor_of() {
	local keeper
	for keeper in $(pgrep --exact nsxattr-keeper); do
		! grep -qzFx "SLOW_FILES=$SCENE" "/proc/$keeper/environ" 2>/dev/null ||
			pgrep --newest --parent "$keeper" --exact nsxattr
	done
}

# has_another() - PROCESS: has another one taken its place?
has_another() {
	[ -n "$(supervisor_of)" ] && [ "$(supervisor_of)" != "$1" ]
}

# hung() - EXECUTOR CALLS THREADS: so many calls hang, for which there are so many threads of its own at most
hung() {
	local executor=$1 calls=$2 most=$3 supervisor before pids
	rm -f orders out/pids out/told out/beside
	mkfifo orders
	options+=("--debug=executor=$executor")
	inside sh -c '
		getfattr -n security.own slow/0 >/dev/null
		i=0
		while [ $i -lt '"$calls"' ]; do
			getfattr -n security.own "slow/hung/$i" & echo $! >>out/pids
			i=$((i + 1))
		done
		getfattr --only-values -n security.own slow/1 >out/beside
		echo >out/told
		read -r _ <orders' 2>/dev/null &
	check "--debug=executor=$executor: $calls calls hang" await hangs "$calls"
	await test -s out/told
	same "another of the same container is answered" own-1 "$(cat out/beside)"
	supervisor=$(supervisor_of)
	before=$(threads_of "$supervisor")
	check "there is a thread for each that hangs" test "$before" -gt "$calls"
	check "at most $most of them are not the kernel's" test "$(own_threads_of "$supervisor")" -le "$most"
	mapfile -t pids <out/pids
	kill -KILL "${pids[@]}"
	check "when they are killed, the file system is told" await hangs 0
	check "and their threads are given up" await has_threads "$supervisor" $((before - calls / 2))
	echo >orders
	wait $!
}

# The file system may be asked for a name again.
have_values() {
	local i
	slowfs_ask release >/dev/null
	for ((i = 0; i < CROWD; i++)); do
		[ "$(getfattr --only-values -n security.own@uid=100000 "backing/deaf/$i/unset/unseen" 2>/dev/null)" = \
			"set-$i" ] || return 1
	done
}

# The ring searches the paths of sets, too. The values are as different as the files. A search that hangs outlives its worker.
searched() {
	local worker
	options+=("--debug=executor=ring")
	inside sh -c '
		getfattr -n security.own slow/0 >/dev/null
		i=0
		while [ $i -lt '"$CROWD"' ]; do
			setfattr -n security.own -v "set-$i" "slow/deaf/$i/unset/unseen" &
			i=$((i + 1))
		done
		wait' &
	check "--debug=executor=ring: $CROWD sets wait for the end of their path" await hangs "$CROWD"
	worker=$(supervisor_of)
	check "at most 6 threads for them are not the kernel's" test "$(own_threads_of "$worker")" -le 6
	kill -KILL "$worker"
	check "the worker is killed, and another one takes its place" await has_another "$worker"
	check "when the end is found, each has its value set" await have_values
	wait $!
}

# Threads for whose ring the kernel has several of its own.
owners_in() {
	cat "/proc/$1/task"/*/comm 2>/dev/null | grep '^iou-wrk-' | sort | uniq -c | awk '$1 >= 3' | wc -l
}

# Lists have threads: the turn passes from one to the next, and each could begin gets on the ring.
mixed() {
	local supervisor job most=0 owners
	options+=("--debug=executor=ring")
	inside sh -c '
		i=0
		while [ $i -lt '"$CROWD"' ]; do
			getfattr --only-values -n security.own $(yes "slow/$i" | head -2000) >/dev/null &
			getfattr --only-values -n security.own $(yes "slow/$i" | head -2000) >/dev/null &
			getfattr -d -m - $(yes "slow/$i" | head -1000) >/dev/null &
			i=$((i + 1))
		done
		wait' 2>/dev/null &
	job=$!
	await supervisor_of >/dev/null
	supervisor=$(supervisor_of)
	while kill -0 "$job" 2>/dev/null; do
		owners=$(owners_in "$supervisor")
		[ "$owners" -le "$most" ] || most=$owners
	done
	wait "$job"
	# Eight, and for a moment one that goes on with what another one has left.
	check "--debug=executor=ring: the kernel has threads for few of ours, if lists come with gets ($most)" \
		test "$most" -le 12
}

make_files
if ! slowfs_start 2000; then
	not_ok "a slow file system is mounted" "slowfs cannot mount it"
	exit
fi
side_by_side auto 8
side_by_side threads 8
side_by_side ring 8
one_after_another
hung threads 8 14
hung ring "$CROWD" 6
searched
mixed
slowfs_end
