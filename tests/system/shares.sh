#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# A container or a user takes as much of nsxattrd as it can get: calls that never end, containers, listeners.
# The others have their share: a neighbour's calls are served side by side, and root has a part of its own.

set -u
# shellcheck source=tests/lib/case.sh
. tests/lib/case.sh
# shellcheck source=tests/lib/scene.sh
. tests/lib/scene.sh
NSXATTRD=$(realpath "${BUILD:-build}/nsxattrd")
RUNTIME=$(realpath "${BUILD:-build}/tests/live/runtime-driver")
CROWD=$(realpath "${BUILD:-build}/tests/live/crowd-driver")
scene_make

control=$SCENE/run/control.sock
oci=$SCENE/run/oci.sock
declare -A inputs processes

# start() - [LINE of nsxattrd.yaml…]
start() {
	printf '%s\n' "version: 1" "oci-socket: { path: $oci }" "lxc-socket: { path: none }" \
		"control-socket: { path: $control }" "policies: $SCENE/policies" "$@" >nsxattrd.yaml
	scene_reports
	"$NSXATTRD" -c nsxattrd.yaml </dev/null >/dev/null 2>log &
	daemon=$!
	await status
}

# few_descriptors() - it says at its start that it could run out of them
few_descriptors() {
	(
		ulimit -n 12000
		start
		stop
	)
	check "it says that there are few descriptors for what the limits allow" grep -q \
		"12000 descriptors can be open at a time, .* allow for .*: raise LimitNOFILE=" log
	(
		ulimit -n 12000
		start "limits: { containers: 64, listeners-per-container: 16 }"
		stop
	)
	check "but not if they allow less" eval '! grep -q "descriptors can be open" log'
}

stop() {
	kill -TERM "$daemon"
	wait "$daemon"
}

status() {
	"$NSXATTR" status --control="$control" "$@"
}

# container() - NAME ID UID POLICY: one, or a listener more of one that is there; say() NAME LINE tells it what to do
container() {
	local name=$1 id=$2 user=$3 policy=$4 input
	mkfifo "in.$name"
	exec {input}<>"in.$name"
	inputs[$name]=$input
	"$RUNTIME" --as="$user" "$oci" "$id" "$policy" "$CROWD" held <"in.$name" >"said.$name" 2>&1 &
	processes[$name]=$!
}

say() {
	echo "$2" >&"${inputs[$1]}"
}

# end() - NAME…: with all its calls
end() {
	local name input
	for name; do
		pkill -KILL -P "${processes[$name]}"
		wait "${processes[$name]}" 2>/dev/null
		input=${inputs[$name]}
		exec {input}>&-
		rm "in.$name"
		unset "inputs[$name]"
	done
}

# asked() - EXPRESSION of Python about the list c of containers
asked() {
	status --json | python3 -c "
import json, sys
c = json.load(sys.stdin)['containers']
print($1)"
}

# in_flight() - PREFIX: of all containers whose ids begin so
in_flight() {
	asked "sum(x['in-flight'] for x in c if x['id'].startswith('$1'))"
}

is_in_flight() {
	[ "$(in_flight "$1")" = "$2" ]
}

# has_listeners() - ID COUNT
has_listeners() {
	[ "$(asked "sum(x['listeners'] for x in c if x['id'] == '$1')")" = "$2" ]
}

# settled() - PREFIX: as many are in flight as a while ago
settled() {
	local before now
	before=$(in_flight "$1")
	for _ in {1..20}; do
		now=$(in_flight "$1")
		[ "$now" = "$before" ] || return 1
	done
	[ "$now" -gt 0 ]
}

# calls() - NAME WHAT [COUNT]: the container is served
calls() {
	: >"said.$1"
	say "$1" "call ${3-1}"
	check "$2" await grep -q answered "said.$1"
}

# side_by_side() - NAME WHOSE: two calls that do not end, and one beside them
side_by_side() {
	say "$1" "absent 2"
	check "two calls of $2 are served beside each other" await is_in_flight "$1" 2
	calls "$1" "and a third one beside them"
}

# ---- a container's listeners ----

one_count() {
	container first two 1000 four
	await has_listeners two 1
	container second two 1000 four
	await has_listeners two 2
	say first "absent 3"
	await is_in_flight two 3
	say second "absent 3"
	check "calls beyond in-flight wait, and the log says whose and why" await grep -q \
		"calls of container two of uid 1000 wait: the container has 4 under way, as many as in-flight" log
	same "the listeners of a container have its in-flight together" 4 "$(in_flight two)"
	same "which the status shows" 4 "$(asked "c[0]['in-flight-most']")"
	end first
	check "what waits comes when a call ends with its caller" await is_in_flight two 3
	calls second "and the place that is left is used"
	end second
	await eval '[ "$(asked "len(c)")" = 0 ]'
}

in_turns() {
	local i
	for i in 1 2 3; do
		container "turn$i" turns 1000 one
		await has_listeners turns "$i"
	done
	say turn1 "call 1000000000"
	for i in 2 3; do
		calls "turn$i" "listeners that have one place together have it in turns: $i" 1000
	done
	end turn1 turn2 turn3
}

# ---- what one user's containers take ----

cpu_ticks() {
	local worker
	worker=$(pgrep -P "$daemon")
	awk '{ print $14 + $15 }' "/proc/$worker/stat"
}

# Hundredths of a second of the CPU in five seconds.
idle_cost() {
	local before
	before=$(cpu_ticks)
	read -rt 5 <> <(:) || :
	echo $(($(cpu_ticks) - before))
}

nine_containers() {
	local i names=() cost
	for i in {1..9}; do
		container "greedy$i" "greedy$i" 1000 default
		names+=("greedy$i")
		await has_listeners "greedy$i" 1
		say "greedy$i" "absent 128"
	done
	container neighbour neighbour 1001 default
	container roots roots 0 default
	await has_listeners neighbour 1
	await has_listeners roots 1
	check "a user's calls that hang come to an end" await settled greedy
	side_by_side neighbour "another user"
	side_by_side roots "root"
	same "the user has half of what is not root's, and the first of each" $((384 + 9)) "$(in_flight greedy)"
	check "the log says so" await grep -q \
		"of uid 1000 wait: .* its user cannot have more, in all containers, than are left" log
	await eval '! pgrep -P $(pgrep -P "$daemon")'
	cost=$(idle_cost)
	check "what hangs costs nothing ($cost hundredths of a second in 5 s)" [ "$cost" -le 25 ]
	end "${names[@]}"
	check "and is over when its callers are" await is_in_flight greedy 0
	end neighbour roots
}

root_too() {
	container huge huge 0 huge
	container small small 0 default
	await has_listeners huge 1
	await has_listeners small 1
	say huge "absent 1100"
	check "a container of root's has half of all, and the first" await is_in_flight huge $((512 + 1))
	check "the log says so" await grep -q \
		"calls of container huge of uid 0 wait: .* a container cannot have more than are left" log
	side_by_side small "another container of root's"
	end huge small
}

# ---- containers and listeners ----

many_users() {
	local i
	for i in 1 2 3 4 5 6; do
		container "user$i" "user$i" "200$i" default
		await has_listeners "user$i" 1
	done
	container user7 user7 2007 default
	check "plain users, however many they are, leave a quarter of the containers to root" await grep -q \
		"container user7 of uid 2007 is refused: all users but root have as many containers" log
	container of-root of-root 0 default
	check "which has it" await has_listeners of-root 1
	end user{1..7} of-root
}

listeners_of_user() {
	local i
	for i in 1 2; do
		container "a$i" a 1000 default
		await has_listeners a "$i"
	done
	container b1 b 1000 default
	await has_listeners b 1
	container b2 b 1000 default
	check "a user has so many listeners" await grep -q \
		"container b of uid 1000 is refused: its user has as many listeners as limits/listeners-per-user" log
	container c1 b 1001 default
	check "another one has them, too" await eval '[ "$(asked "len(c)")" = 3 ]'
	end a1 a2 b1 b2 c1
}

touch file
mkdir policies
printf '%s\n' "version: 1" "allow-users: [\"1000\"]" "attributes: [{ name: \"security.*\", scheme: suffix }]" "limits: { in-flight: 4 }" >policies/four.yaml
printf '%s\n' "version: 1" "allow-users: [\"1000\"]" "attributes: [{ name: \"security.*\", scheme: suffix }]" "limits: { in-flight: 1 }" >policies/one.yaml
printf '%s\n' "version: 1" "attributes: [{ name: \"security.*\", scheme: suffix }]" "limits: { in-flight: 4096 }" >policies/huge.yaml
few_descriptors
start
one_count
in_turns
nine_containers
root_too
stop
start "limits: { containers: 8, listeners-per-user: 3 }"
many_users
listeners_of_user
stop
