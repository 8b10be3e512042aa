#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Containers, users and peers that mean their neighbours no good. Beside each attack there are two bystanders, in a
# container of another user and in another container of root's: each answer is the right one, the 99th percentile
# of their calls is within twice of what it is without the attack, and the longest call takes less than a second.
# So it is for who asks nsxattrd for its status, as far as the longest is concerned.
#
# Each attack is measured in PAIRS of phases, one without and one with it, in turns: the median of the phases counts.
# Where that is not within the bound it is measured again, up to ROUNDS times, and the median of all counts: something
# else may have had the machine for a while.
# Attackers that compute, and what nsxattr computes for them, have turns at the CPU, and so has whatever else the
# machine does. How long these make others wait is measured beside the attack, too, by two processes that have nothing to
# do with nsxattr and hand something to each other and back: as long as that no call can be kept from taking. Nor can one
# slice, for which the kernel lets what computes go on when the bystander's own process is to have its turn again.
# NSXATTR_ATTACKS says which attacks there are.
#
# not in a machine: it compares times, which say nothing where processors are emulated

set -u
# All ends with this process: what attackers start, and what they mount.
if [ -z "${NEIGHBOURS_ALONE-}" ]; then
	NEIGHBOURS_ALONE=1 exec unshare --mount --pid --fork --kill-child --mount-proc --propagation private bash "$0"
fi
# shellcheck source=tests/lib/case.sh
. tests/lib/case.sh
# shellcheck source=tests/lib/scene.sh
. tests/lib/scene.sh
NSXATTRD=$(realpath "${BUILD:-build}/nsxattrd")
DRIVERS=$(realpath "${BUILD:-build}/tests/live")
scene_make
install -m 755 "$NSXATTRD" "$NSXATTR" "$DRIVERS"/{runtime,bystander,neighbours,strangers}-driver bin/

PAIRS=5
ROUNDS=3
CALLS=400
oci=$SCENE/run/oci.sock
lxc=$SCENE/run/lxc.sock
control=$SCENE/run/control.sock

# ---- the daemon and its containers ----

daemon_start() {
	printf '%s\n' "version: 1" "oci-socket: { path: $oci }" "lxc-socket: { path: $lxc }" \
		"control-socket: { path: $control }" "policies: $SCENE/policies" \
		"debug: { executor: ${EXECUTOR-auto} }" >nsxattrd.yaml
	mkdir -p policies
	bin/nsxattrd -c nsxattrd.yaml </dev/null >/dev/null 2>>log &
	daemon=$!
	await daemon_says pid
}

# daemon_says() - KEY: of the status
daemon_says() {
	"$NSXATTR" status --control="$control" --json |
		/usr/bin/python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"
}

# Another may be there that was killed, and has calls that hang, or descriptors that linger.
worker() {
	pgrep --newest --parent "$(daemon_says pid)" --exact nsxattrd
}

# who begins: their lines come from NAME.out, and go to the descriptor $in[NAME]
declare -A in out

# start() - NAME COMMAND…: one that obeys lines
start() {
	local name=$1 fd
	shift
	mkfifo "$name.in" "$name.out"
	"$@" <"$name.in" >"$name.out" 2>>"$name.log" &
	exec {fd}>"$name.in"
	in[$name]=$fd
	exec {fd}<"$name.out"
	out[$name]=$fd
	answer "$name" >/dev/null
}

# tell() - NAME LINE
tell() {
	echo "$2" >&"${in[$1]}"
}

# answer() - NAME: the next line; those that begin with "wrong" are kept for judge()
answer() {
	local line
	while read -rt 120 line <&"${out[$1]}"; do
		[[ $line == wrong* ]] || break
		echo "$1: $line" >>wrongs
	done
	echo "$line"
}

# folder() - NAME OWNER: in memory, for how long a disk takes says nothing of neighbours
folders=()
folder() {
	[ ! -d "$SCENE/$1" ] || return 0
	mkdir "$SCENE/$1"
	mount -t tmpfs -o "mode=755,uid=$2,gid=$2" none "$SCENE/$1"
	folders+=("$SCENE/$1")
}

# container() - NAME UID FIRST COMMAND…: of the user's, with ids of the host's from FIRST on, and a folder of its own
container() {
	local name=$1 uid=$2 first=$3
	shift 3
	folder "$name" "$first"
	start "$name" bin/runtime-driver --as="$uid" --map="$first:65536" "$oci" "$name" "" "$@" "$SCENE/$name"
}

# stranger() - NAME: a plain user at the sockets, the one whose the attackers' container is
stranger() {
	mkdir -m 755 "$SCENE/$1"
	chown 1700:1700 "$SCENE/$1"
	start "$1" setpriv --reuid=1700 --regid=1700 --groups=1700,100,2000 -- \
		bin/strangers-driver "$SCENE/$1"
}

# ---- measuring ----

BYSTANDERS=(by-user by-root by-control by-turns)

# bystanders_tell() - LINE
bystanders_tell() {
	local name
	for name in "${BYSTANDERS[@]}"; do
		tell "$name" "$1"
	done
}

# measure() - KIND: a line in KIND.BYSTANDER for each bystander, of what is there and $meanwhile
measure() {
	local name
	bystanders_tell begin
	for name in "${BYSTANDERS[@]}"; do
		answer "$name" >/dev/null
	done
	"$meanwhile" "$1"
	for name in "${BYSTANDERS[@]}"; do
		# Of the status only the longest counts.
		[ "$name" = by-control ] && tell "$name" "end $((CALLS / 10))" || tell "$name" "end $CALLS"
	done
	for name in "${BYSTANDERS[@]}"; do
		answer "$name" >>"$1.$name"
	done
}

nothing() {
	:
}

# column() - NUMBER FILE: sorted
column() {
	awk -v column="$1" '{ print $column }' "$2" | sort -n
}

median() {
	column "$@" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

most() {
	column "$@" | tail -n 1
}

total() {
	column "$@" | awk '{ sum += $1 } END { print sum }'
}

# Microseconds of a slice, on two CPUs: 0.7 ms for each doubling of their number, and one more.
SLICE=1400

# bound_of() - QUIET TURNS: microseconds that the 99th percentile may be beside an attack
bound_of() {
	local bound=$((2 * ($1 > $2 ? $1 : $2)))
	echo $((bound > SLICE ? bound : SLICE))
}

# is_within() - each bystander, by what has been measured so far
is_within() {
	local bystander turns
	turns=$(median 1 attacked.by-turns)
	for bystander in "${BYSTANDERS[@]}"; do
		[[ $bystander == by-turns || $bystander == by-control ]] ||
			[ "$(median 1 "attacked.$bystander")" -le "$(bound_of "$(median 1 "quiet.$bystander")" "$turns")" ] ||
			return 1
	done
}

# judge_bystander() - ATTACK BYSTANDER TURNS
judge_bystander() {
	local name="$1: $2" quiet attacked longest bound
	quiet=$(median 1 "quiet.$2") attacked=$(median 1 "attacked.$2") longest=$(most 2 "attacked.$2")
	bound=$(bound_of "$quiet" "$3")
	echo "# $name: p99 $quiet us, beside it $attacked us; the longest $(most 2 "quiet.$2") us, beside it $longest us"
	same "$name: all answers are right" "0 0" "$(total 3 "quiet.$2") $(total 3 "attacked.$2")"
	[ "$2" = by-control ] || check "$name: p99 is within twice of quiet, or of what turns at the CPU take ($quiet us, $attacked us; turns $3 us)" \
		[ "$attacked" -le "$bound" ]
	check "$name: the longest call takes less than a second ($longest us)" [ "$longest" -lt 1000000 ]
}

# judge() - ATTACK: by what has been measured
judge() {
	local bystander turns
	turns=$(median 1 attacked.by-turns)
	echo "# $1: turns at the CPU: p99 $(median 1 quiet.by-turns) us, beside it $turns us; the longest $(most 2 attacked.by-turns) us"
	for bystander in "${BYSTANDERS[@]}"; do
		[ "$bystander" = by-turns ] || judge_bystander "$1" "$bystander" "$turns"
	done
	same "$1: nothing is wrong" "" "$(cat wrongs)"
	rm -f quiet.* attacked.*
	: >wrongs
}

# ---- attacks ----

# What each attacker is told; what is done in each phase.
declare -A orders
meanwhile=nothing

# begin(), end(): all attackers at a time
begin() {
	local name
	for name in "${!orders[@]}"; do
		tell "$name" "begin ${orders[$name]}"
	done
	for name in "${!orders[@]}"; do
		[ "$(answer "$name")" = standing ] || echo "$name: no attack" >>wrongs
	done
}

end() {
	local name
	for name in "${!orders[@]}"; do
		tell "$name" end
	done
	for name in "${!orders[@]}"; do
		[ "$(answer "$name")" = ended ] || echo "$name: no end" >>wrongs
	done
}

# beside() - ATTACK [PAIRS]: measure without and with what $orders says
beside() {
	local pair round
	for ((round = 0; round < ROUNDS; round++)); do
		for ((pair = 0; pair < ${2-$PAIRS}; pair++)); do
			measure quiet
			begin
			measure attacked
			end
		done
		! is_within || break
	done
	judge "$1"
	orders=() meanwhile=nothing
}

# by_all() - WORD…: the same order for each container that attacks
by_all() {
	orders=([at-user]="$*" [at-root]="$*")
}

attack_stale() {
	orders=([at-user]="stale $SCENE/slow")
	beside "setters that are killed while they wait, and a file that is taken away"
}

attack_chroot() {
	by_all chroot
	beside "root directories on FUSE"
}

attack_stop() {
	local worker
	worker=$(worker)
	orders=([at-user]="stop $SCENE/by-user/bystander $worker" [at-root]="stop $SCENE/by-root/bystander $worker")
	beside "deputies that are stopped"
}

# by_stranger() - WORD SOCKETS-AND-WORDS: of a plain user
by_stranger() {
	orders=([stranger]="$1 $SCENE/run ${*:2}")
}

attack_leave() {
	by_stranger leave
	meanwhile=newcomers
	beside "descriptors that cannot be closed"
}

attack_turned_away() {
	by_stranger turned-away
	meanwhile=newcomers
	beside "descriptors that cannot be closed, of one who is turned away"
}

attack_closing() {
	by_all stuck-closing 64
	meanwhile=newcomers
	beside "calls about files that cannot be closed"
}

attack_stuck() {
	by_all stuck 128
	beside "calls that hang"
}

# soon() - COMMAND…: as await(), but for ten seconds
soon() {
	local end=$((SECONDS + 10))
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || return 1
		read -rt 0.05 <> <(:) || :
	done
}

# is_another() - PROCESS…: the daemon has one beyond these; a worker with calls that hang may be there for long
is_another() {
	local process
	for process in $(pgrep --parent "$daemon" --exact nsxattrd); do
		[[ " $* " == *" $process "* ]] || return 0
	done
	return 1
}

kill_worker() {
	local before
	before=$(pgrep --parent "$daemon" --exact nsxattrd)
	kill -KILL "$(worker)"
	# shellcheck disable=SC2086 # words
	soon is_another $before || echo "no worker comes within ten seconds" >>wrongs
}

# Who asks the very worker that is killed for the status has to ask again; all others have their answers.
attack_death() {
	local BYSTANDERS=(by-user by-root by-turns)
	by_all stuck 128
	meanwhile=kill_worker
	beside "a worker that is killed while calls hang" 3
}

CROWD=9

attack_crowd() {
	local i
	for ((i = 0; i < CROWD; i++)); do
		[ -d "at-$i" ] || container "at-$i" 1700 $((1000000 + 65536 * i)) "$SCENE/bin/neighbours-driver"
		orders[at-$i]="stuck 128"
	done
	meanwhile=newcomers
	beside "$CROWD containers of a user, with 128 calls each that hang" 3
}

attack_listeners() {
	local before since=$SECONDS
	before=$(wc -l <log)
	orders=([stranger]="listeners $SCENE/run many 4 250")
	meanwhile=newcomers
	beside "1,000 listeners of a user" 3
	lines_are_few "1,000 listeners of a user" "$before" "$since" 2
}

# newcomers() - PHASE: others can come meanwhile, and are served
newcomers() {
	local uid said
	for uid in 1800 0; do
		folder "new-$uid" 600000
		said=$({ echo begin && read -rt 0.05 <> <(:); echo "end 10"; } | timeout 60 bin/runtime-driver --as=$uid \
			--map=600000:65536 "$oci" "new-$uid" "" "$SCENE/bin/bystander-driver" "$SCENE/new-$uid" | tail -n 1)
		[[ $said =~ ^[0-9]+\ ([0-9]+)\ 0\ [0-9]+$ ]] && [ "${BASH_REMATCH[1]}" -lt 1000000 ] ||
			echo "a container of $uid: $said" >>wrongs
	done
}

# count_deputies() - PHASE: how many deputies has the worker for the container that attacks?
count_deputies() {
	local worker i
	worker=$(worker)
	for i in 1 2 3; do
		pgrep --parent "$worker" --euid 200000 --exact nsxattr-deputy | wc -l >>"deputies.$1"
	done
}

attack_deputies() {
	: >deputies.attacked
	orders=([at-user]="deputies 64 32")
	meanwhile=count_deputies
	beside "credentials without number" 3
	check "there are deputies, and no more than a container may have ($(most 1 deputies.attacked))" \
		eval '[ $(most 1 deputies.attacked) -gt 0 ] && [ $(most 1 deputies.attacked) -le 32 ]'
}

# lines_are_few() - ATTACK BEFORE SINCE SOURCES: what the log has got since it had BEFORE lines, at SINCE seconds
#
# A source has 20 lines at once, and one a second; each may have a line before it that says how many were left out.
lines_are_few() {
	local lines most
	lines=$(($(wc -l <log) - $2)) most=$((2 * $4 * (20 + SECONDS - $3 + 1)))
	check "$1: the log gets few lines ($lines of at most $most)" [ "$lines" -le "$most" ]
}

attack_odd() {
	local before since=$SECONDS
	before=$(wc -l <log)
	by_all odd 2
	beside "calls that are refused"
	lines_are_few "calls that are refused" "$before" "$since" 2
}

attack_flood() {
	local before since=$SECONDS
	before=$(wc -l <log)
	by_stranger flood 4
	beside "connections that are refused"
	lines_are_few "connections that are refused" "$before" "$since" 1
	check "and says how many it left out" grep -q "lines like the next one were left out" log
}

# The daemon ends: a peer that waits keeps neither it from that, nor others from an answer.
attack_end() {
	local name line since=$SECONDS
	local BYSTANDERS=(by-user by-root)
	by_all stuck 128
	begin
	bystanders_tell last
	for name in "${BYSTANDERS[@]}"; do
		answer "$name" >/dev/null
	done
	kill -TERM "$daemon"
	wait "$daemon"
	same "SIGTERM ends the daemon in order while calls hang" 0 $?
	check "within seconds ($((SECONDS - since)))" [ $((SECONDS - since)) -lt 10 ]
	for name in "${BYSTANDERS[@]}"; do
		line=$(answer "$name")
		check "$name: no call waits for those that hang ($line)" \
			[ "$(cut -d ' ' -f 2 <<<"$line")" -lt 1000000 ]
		same "$name: all answers were right" 0 "$(cut -d ' ' -f 3 <<<"$line")"
	done
	end
}

# The end comes last.
ATTACKS=${NSXATTR_ATTACKS:-stale chroot stop stuck closing crowd listeners deputies odd flood leave turned_away death end}

mknod -m 666 fuse c 10 229
mount --bind fuse /dev/fuse
: >wrongs
daemon_start || {
	not_ok "nsxattrd starts" "$(cat log)"
	exit
}
mkdir slow
start serve bin/neighbours-driver serve "$SCENE/slow" 200000
stranger stranger
container at-user 1700 200000 "$SCENE/bin/neighbours-driver"
container at-root 0 100000 "$SCENE/bin/neighbours-driver"
container by-user 1800 300000 "$SCENE/bin/bystander-driver"
container by-root 0 400000 "$SCENE/bin/bystander-driver"
start by-control bin/bystander-driver --control="$control"
start by-turns bin/bystander-driver --turns
for attack in $ATTACKS; do
	"attack_$attack"
done
if [[ " $ATTACKS " != *" end "* ]]; then
	kill -TERM "$daemon"
	wait "$daemon"
	same "SIGTERM ends the daemon in order" 0 $?
fi
# Those who obey are still in them.
umount --lazy "${folders[@]}"
