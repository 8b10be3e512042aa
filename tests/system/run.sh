#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# nsxattr run as a program: what the command finds, what its caller sees of it, and what becomes of
# both when something goes wrong. What the attributes are like inside is for the other tests.

set -u
# shellcheck source=tests/lib/case.sh
. tests/lib/case.sh
# shellcheck source=tests/lib/scene.sh
. tests/lib/scene.sh
scene_make

maps=(--map-users="0:$INSIDE_ROOT:$INSIDE_COUNT" --map-groups="0:$INSIDE_ROOT:$INSIDE_COUNT")
run=("$NSXATTR" run "${maps[@]}")

# ends() - NAME STATUS TEXT COMMAND…: the command exits with STATUS and says TEXT, or nothing if empty
ends() {
	local name=$1 expected=$2 text=$3 said status
	shift 3
	said=$("$@" 2>&1 >/dev/null </dev/null)
	status=$?
	if [ "$status" = "$expected" ] && [[ $said == *"$text"* ]] && [ "${said:+x}" = "${text:+x}" ]; then
		ok "$name"
	else
		not_ok "$name" "expected: status $expected, saying \"$text\"
found:    status $status, saying \"$said\""
	fi
}

# await_end() - PID: wait until a process that is not our child has ended; it may be a zombie still
await_end() {
	local state tries=0
	while state=$(sed -n 's/^State:\t\(.\).*/\1/p' "/proc/$1/status" 2>/dev/null) &&
		[ -n "$state" ] && [ "$state" != Z ] && [ "$state" != X ]; do
		[ $((tries += 1)) -lt 1500 ] || return 1
		read -rt 0.02 <>"$SCENE/never"
	done
	return 0
}

# start() - start a command that executes each line it is sent; $supervisor is its supervisor
#
# ask() sends it a line and prints what that says; stop() lets it end.
start() {
	rm -f said
	# shellcheck disable=SC2016
	coproc COMMAND { exec "${run[@]}" -v -- bash -c '
		echo $$
		while read -r line; do eval "$line" 2>&1; echo "--- $?"; done' 2>said; }
	read -r command <&"${COMMAND[0]}"
	supervisor=$(sed -n 's/.*the supervisor is process //p' said)
}

ask() {
	local line
	echo "$1" >&"${COMMAND[1]}"
	while IFS= read -rt 120 line <&"${COMMAND[0]}" && [[ $line != '--- '* ]]; do echo "$line"; done
}

stop() {
	local input=${COMMAND[1]}
	exec {input}>&-
	wait "$command"
}

mkfifo never

# ---- how the command ends ----

exit_statuses() {
	ends "success" 0 "" "${run[@]}" -- true
	ends "a failure" 42 "" "${run[@]}" -- sh -c 'exit 42'
	ends "a command that is not there" 127 "cannot run 'nonesuch'" \
		env PATH=/usr/bin "${run[@]}" -- nonesuch
	ends "a path that is not there" 127 "No such file or directory" "${run[@]}" -- ./nonesuch
	: >plain
	ends "a file that is no program" 126 "cannot run './plain': Permission denied" \
		"${run[@]}" -- ./plain
	ends "a directory" 126 "Permission denied" "${run[@]}" -- /
	ends "a supervised command in a supervised one" 125 "the kernel allows one" \
		"${run[@]}" -- "$SCENE/bin/nsxattr" run --map-root-user -- true
}

# The status as waitpid(2) has it; a shell shows an exit with 137 and a death by signal 9 alike.
wait_status() {
	perl -e 'system { $ARGV[0] } @ARGV; print $?' -- "$@"
}

deaths_by_signal() {
	local number
	for number in 1 2 9 15 34; do
		same "death by signal $number is the command's own" "$number" \
			"$(wait_status "${run[@]}" -- bash -c "kill -$number \$\$")"
	done
	same "an exit with 137 stays one" $((137 << 8)) "$(wait_status "${run[@]}" -- sh -c 'exit 137')"
}

# ---- what the caller gives ----

# facts() - print what a command can find out about what it was given
# shellcheck disable=SC2016
facts='pwd; umask; ulimit -a; cat /proc/self/oom_score_adj; nice
	tr "\0" "\n" </proc/$$/environ | grep -v "^_="
	grep -E "^(SigPnd|SigBlk|SigIgn|SigCgt|ShdPnd|NoNew)" /proc/self/status; ls /proc/$$/fd; cut -d" " -f1,4-8 /proc/$$/stat'

surroundings() {
	local outside inside
	mkdir "odd place"
	outside=$(cd "odd place" && umask 0117 && ulimit -Sn 77 && trap '' PIPE HUP TTOU &&
		exec env -i A=b 'C=d e' EMPTY= PATH="$PATH" sh -c "$facts; echo" 7<&0 | tee ../outside |
		sed '$d')
	inside=$(cd "odd place" && umask 0117 && ulimit -Sn 77 && trap '' PIPE HUP TTOU &&
		exec env -i A=b 'C=d e' EMPTY= PATH="$PATH" "${run[@]}" -- sh -c "$facts; echo" 7<&0 |
		tee ../outside | sed '$d')
	same "directory, umask, limits, environment, signals and descriptors" \
		"$(sed '$d' <<<"$outside")" "$(sed '$d' <<<"$inside")"
	rm -rf "odd place" outside
}

descriptors() {
	# shellcheck disable=SC2016
	local list='ls /proc/$$/fd >&5'
	sh -c "$list" <&- >&- 2>&- 5>outside
	"${run[@]}" -- sh -c "$list" <&- >&- 2>&- 5>inside
	same "standard descriptors that were closed stay closed" "$(cat outside)" "$(cat inside)"
	same "standard input, output and error are the caller's" "$(printf 'in\nout\nerr')" \
		"$(echo in | "${run[@]}" -- sh -c 'cat; echo out; echo err >&2' 2>&1)"
}

# The very process that was started becomes the command, in its group and session.
identity_of_process() {
	# shellcheck disable=SC2016
	same "process, parent, group and session" \
		"$(bash -c 'echo $$ $PPID; exec cut -d" " -f1,4-6 /proc/self/stat' | sed 's/[0-9]\+/N/g')" \
		"$(bash -c 'echo $$ $PPID; exec "$@"' - "${run[@]}" -- cut -d' ' -f1,4-6 /proc/self/stat |
			sed 's/[0-9]\+/N/g')"
	# shellcheck disable=SC2016
	same "the number of the process" same \
		"$(bash -c 'echo $$; exec "$@"' - "${run[@]}" -- bash -c 'echo $$' | uniq | wc -l |
			sed 's/^1$/same/')"
	same "the command has no child" -1 "$("${run[@]}" -- perl -e 'print wait()')"
	same "the command has no pending signal, though SIGCHLD was blocked" 0 \
		"$(perl -MPOSIX -e 'sigprocmask(SIG_BLOCK, POSIX::SigSet->new(SIGCHLD)); exec @ARGV' \
			"${run[@]}" -- grep -E '^(Sig|Shd)Pnd' /proc/self/status |
			grep -cv '0000000000000000')"
	same "the signal for the parent's death" TERM \
		"$(setpriv --pdeathsig TERM "${run[@]}" -- setpriv --dump |
			sed -n 's/^Parent death signal: //p')"
}

signals_reach_the_command() {
	local status
	# What comes between its last look at signals and its wait for input, bash sees when the wait is over.
	coproc COMMAND { exec "${run[@]}" -- bash -c 'trap "exit 7" TERM; echo ready
		while :; do read -r -t 1 _; done'; }
	command=$COMMAND_PID
	read -r _ <&"${COMMAND[0]}"
	kill -TERM "$command"
	wait "$command"
	status=$?
	same "a signal sent to the process is the command's" 7 "$status"
	mkfifo in out
	same "the command is stopped and continued by its group's signals" "stopped 148 ended 3" "$(
		# shellcheck disable=SC2016
		bash -c 'set -m
			"$@" <>in >out & exec 3<out
			read -r _ <&3
			kill -TSTP -- -$!; wait $!; echo stopped $?
			kill -CONT -- -$!; echo >in; wait $!; echo ended $?' \
			- "${run[@]}" -- sh -c 'echo ready; read -r _; exit 3' 2>/dev/null | xargs
	)"
}

# ---- the namespaces ----

namespaces() {
	same "the ids are mapped as told" "0 $INSIDE_ROOT $INSIDE_COUNT 0 $INSIDE_ROOT $INSIDE_COUNT" \
		"$("${run[@]}" -- cat /proc/self/uid_map /proc/self/gid_map | xargs)"
	same "several ranges" "0 1000 1 1 2000 5" \
		"$("$NSXATTR" run --map-users=0:1000:1 --map-users=1:2000:5 --map-groups=0:0:1 -- \
			cat /proc/self/uid_map | xargs)"
	same "the command is root, in no other group" "0 0 0" "$("${run[@]}" -- sh -c 'id -u; id -g; id -G' |
		xargs)"
	same "--map-root-user maps one id, and forbids setgroups" "0 0 1 0 0 1 deny" \
		"$("$NSXATTR" run --map-root-user -- \
			cat /proc/self/uid_map /proc/self/gid_map /proc/self/setgroups | xargs)"
	same "no id 0: the command stays who it is" "65534 65534" \
		"$("$NSXATTR" run --map-users=1:100001:9 --map-groups=1:100001:9 -- sh -c 'id -u; id -g' | xargs)"
	same "--no-userns makes no namespace" "$(readlink /proc/self/ns/user /proc/self/ns/mnt)" \
		"$("$NSXATTR" run --no-userns -- readlink /proc/self/ns/user /proc/self/ns/mnt)"
	mkdir mounts
	"${run[@]}" -- sh -c 'mount -t tmpfs none mounts && : >mounts/there'
	same "a mount made inside is not seen outside" "" "$(ls mounts)"
}

# with_subids() - UIDS GIDS COMMAND…: where /etc/subuid and /etc/subgid have these texts
with_subids() {
	printf '%s' "$1" >subuid
	printf '%s' "$2" >subgid
	shift 2
	# shellcheck disable=SC2016
	unshare --mount sh -c '
		: >>/etc/subuid; : >>/etc/subgid
		mount --bind subuid /etc/subuid && mount --bind subgid /etc/subgid && exec "$@"' - "$@"
}

ranges_of_the_user() {
	local uids=$'lxd:1:2\nroot:300000:10\n' gids=$'0:400000:20\n'
	same "the default: the ranges of /etc/subuid and /etc/subgid" "0 300000 10 0 400000 20" \
		"$(with_subids "$uids" "$gids" \
			"$NSXATTR" run cat /proc/self/uid_map /proc/self/gid_map | xargs)"
	same "--map-users alone: the groups' range is found" "0 7 1 0 400000 20" \
		"$(with_subids "" "$gids" \
			"$NSXATTR" run --map-users=0:7:1 cat /proc/self/uid_map /proc/self/gid_map | xargs)"
	ends "no range: what is missing and what helps" 2 "usermod --add-subuids" \
		with_subids "" "$gids" "$NSXATTR" run true
	ends "no range: what is suggested is not the first user's" 2 \
		"usermod --add-subuids 196608-262143 --add-subgids 196608-262143 root" \
		with_subids $'ann:100000:65536\n' "" "$NSXATTR" run true
	ends "no range of groups: which file" 2 "/etc/subgid" with_subids "$uids" "" "$NSXATTR" run true
	ends "--map-users alone, no range of groups" 2 "--map-groups is missing" \
		with_subids "" "" "$NSXATTR" run --map-users=0:7:1 true
	ends "a malformed line" 2 "/etc/subuid:2: " \
		with_subids $'a:1:2\nroot:x\n' "$gids" "$NSXATTR" run true
	ends "a range of the user that overlaps a given one" 2 "overlaps another range inside" \
		with_subids "$uids" "$gids" "$NSXATTR" run --map-users=5:9:1 --map-users=auto true
	rm subuid subgid
}

limits_of_namespaces() {
	ends "user namespaces that are not allowed" 125 "/proc/sys/user/max_user_namespaces" \
		unshare --user --map-root-user sh -c '
			echo 0 >/proc/sys/user/max_user_namespaces
			exec "$@"' - "$NSXATTR" run --map-root-user -- true
}

# ---- what is refused ----

refusals() {
	ends "no command" 2 "missing COMMAND: the program to run" "${run[@]}"
	ends "an unknown option" 2 "did you mean '--policy'" "$NSXATTR" run --polcy=x true
	ends "an unknown policy" 2 "there are: default, user, trusted, kernel" "$NSXATTR" run -p nonesuch true
	ends "an unknown subcommand" 2 "did you mean 'run'" "$NSXATTR" rum true
	ends "no subcommand" 2 "nsxattr --help" "$NSXATTR"
	ends "an ordinary user without a namespace" 2 "--no-userns needs root with its capabilities" \
		"${as_user[@]}" "$SCENE/bin/nsxattr" run -N true
	check "an ordinary user in a namespace" "${as_user[@]}" "$SCENE/bin/nsxattr" run true
	ends "root without one of the capabilities" 2 "CAP_SETGID is missing" \
		setpriv --bounding-set=-setgid --inh-caps=-setgid "$NSXATTR" run -r true
	check "--help is no failure" "$NSXATTR" run --help
	check "--version is no failure" "$NSXATTR" --version
}

# ---- the filter ----

rings() {
	# io_uring_setup with a bad pointer, by its number, which is the same everywhere.
	local setup='syscall(425, 1, 0); print $!{ENOSYS} ? "ENOSYS" : "another error"'
	same "io_uring_setup is not there" ENOSYS "$("${run[@]}" -- perl -MErrno -e "$setup")"
	same "--allow-io-uring" "$(perl -MErrno -e "$setup")" \
		"$("${run[@]}" --allow-io-uring -- perl -MErrno -e "$setup")"
}

# ---- the supervisor ----

status_of() {
	sed -n "s/^$2:[\t ]*//p" "/proc/$1/status"
}

# namespaces_of() - PID NAME…
namespaces_of() {
	local name
	for name in "${@:2}"; do readlink "/proc/$1/ns/$name"; done | paste -sd ' '
}

# The keeper and what starts its workers.
keeper_is_confined() {
	local keeper starter set
	keeper=$(status_of "$supervisor" PPid)
	starter=$(pgrep --parent "$keeper" --exact nsxattr-starter)
	for set in CapPrm CapEff CapInh CapAmb; do
		same "the keeper's $set" 0000000000000000 "$(status_of "$keeper" $set)"
	done
	same "the keeper is under two lists of system calls, which filter" "2 2" \
		"$(status_of "$keeper" Seccomp) $(status_of "$keeper" Seccomp_filters)"
	same "what starts workers is under theirs" "2 1" \
		"$(status_of "$starter" Seccomp) $(status_of "$starter" Seccomp_filters)"
	same "and holds what they hold" 00000000002800e4 "$(status_of "$starter" CapEff)"
}

# As on a kernel that does not check who changes security.*
unchecked_kernel() {
	local unchecked=("${run[@]}" --debug=kernel-checks=no)

	same "-vv says each step" "subject_decode: goes on
subject_decide: goes on" \
		"$("${unchecked[@]}" -vv -- setfattr -n security.steps -v x plain 2>&1 | sed -n 's/.*\] //p' |
			grep -x -e 'subject_decode: goes on' -e 'subject_decide: goes on' | head -n 2)"
	same "-v says that the kernel does not check" 1 \
		"$("${unchecked[@]}" -v -- true 2>&1 | grep -c 'lets every user set and remove security')"
	same "and it is not said without -v" "" "$("${unchecked[@]}" -- true 2>&1)"
	same "but --allow-io-uring is a warning there" 1 \
		"$("${unchecked[@]}" --allow-io-uring -- true 2>&1 | grep -c 'io_uring is allowed inside')"
}

supervisor_is_confined() {
	local task set
	exec 9<"$SCENE/bin/nsxattr"
	start
	exec 9<&-
	# SYS_ADMIN, SYS_PTRACE, SETUID, SETGID, KILL, DAC_READ_SEARCH
	for task in "/proc/$supervisor/task/"*; do
		for set in CapPrm CapEff CapBnd; do
			same "$set of each thread" 00000000002800e4 "$(status_of "$supervisor/task/${task##*/}" $set)"
		done
		for set in CapInh CapAmb; do
			same "$set of each thread" 0000000000000000 "$(status_of "$supervisor/task/${task##*/}" $set)"
		done
	done
	same "no new privileges" 1 "$(status_of "$supervisor" NoNewPrivs)"
	same "its system calls are filtered" "2 1" \
		"$(status_of "$supervisor" Seccomp) $(status_of "$supervisor" Seccomp_filters)"
	same "no core" "0 0" "$(sed -n 's/^Max core file size *\([^ ]*\) *\([^ ]*\).*/\1 \2/p' \
		"/proc/$supervisor/limits")"
	check "namespaces of its own" eval '[ "$(namespaces_of "$supervisor" ipc)" != "$(namespaces_of self ipc)" ] &&
		[ "$(namespaces_of "$supervisor" uts)" != "$(namespaces_of self uts)" ]'
	same "but the network in which the command sees /proc/sys/net" "$(namespaces_of self net)" \
		"$(namespaces_of "$supervisor" net)"
	keeper_is_confined
	same "its name" nsxattr "$(status_of "$supervisor" Name)"
	# Where the *xattrat calls are missing, those by path are made from its own descriptors.
	local directory=/
	is_linux 6.13 || directory=/proc/$supervisor/fd
	same "its directory" "$directory" "$(readlink "/proc/$supervisor/cwd")"
	same "its input and output" "/dev/null /dev/null" \
		"$(readlink "/proc/$supervisor/fd/0" "/proc/$supervisor/fd/1" | xargs)"
	same "its standard error is the caller's while the command lives" "$PWD/said" \
		"$(readlink "/proc/$supervisor/fd/2")"
	same "it holds none of the caller's files" "" \
		"$(readlink "/proc/$supervisor/fd/"* | grep -F "$SCENE" | grep -v '/said$')"
	same "it is in the caller's user namespace" "$(readlink /proc/self/ns/user)" \
		"$(readlink "/proc/$supervisor/ns/user")"
	stop
	check "it ends when the command does" await_end "$supervisor"
}

supervisor_does_not_mind_signals() {
	local number
	own plain
	start
	for number in HUP INT QUIT TERM USR1 USR2 ALRM PIPE TSTP TTIN TTOU RTMIN RTMAX; do
		kill -"$number" "$supervisor"
	done
	same "it serves on after every signal but SIGKILL" "" "$(ask 'setfattr -n security.x -v y plain')"
	same "and did it" y "$(text security.x@uid="$INSIDE_ROOT" plain)"
	stop
	await_end "$supervisor"
}

supervisor_is_killed() {
	local keeper
	start
	keeper=$(status_of "$supervisor" PPid)
	kill -KILL "$supervisor"
	await_end "$supervisor"
	same "another one takes over" "" "$(ask 'setfattr -n security.killed -v once plain')"
	same "and does what it is asked" once "$(text security.killed@uid="$INSIDE_ROOT" plain)"
	supervisor=$(sed -n 's/.*the supervisor is process //p' said | tail -n 1)
	kill -KILL "$keeper"
	await_end "$keeper"
	same "a supervisor without a keeper goes on" once \
		"$(ask 'getfattr --only-values -n security.killed plain; echo')"
	kill -KILL "$supervisor"
	await_end "$supervisor"
	same "after that a call fails" "plain: security.x: Function not implemented" \
		"$(ask 'getfattr -n security.x plain')"
	same "and the rest goes on" rest "$(ask 'echo rest')"
	stop
	same "to its own end" 0 $?
}

# Without what starts workers the one that is there goes on; when it dies, too, its keeper knows that there is no other.
starter_is_killed() {
	local keeper
	start
	keeper=$(status_of "$supervisor" PPid)
	pkill -KILL --parent "$keeper" --exact nsxattr-starter
	same "without what starts workers calls are answered" "" \
		"$(ask 'setfattr -n security.killed -v late plain')"
	kill -KILL "$supervisor"
	await_end "$keeper"
	same "but there is no other worker" "plain: security.x: Function not implemented" \
		"$(ask 'getfattr -n security.x plain')"
	stop
	check "and it is said" grep -q "there can be no other worker" said
}

daemons() {
	local pid
	mkfifo go
	own go
	pid=$(timeout 120 "${run[@]}" -- sh -c '
		sh -c "read -r _ <go; setfattr -n security.late -v served plain; echo done >go" \
			>/dev/null 2>&1 </dev/null &
		echo $!' 2>&1)
	check "a reader of the command's output does not wait for its daemons" [ -d "/proc/$pid" ]
	echo >go
	read -r _ <go
	await_end "$pid"
	same "a daemon that outlives the command is served" served \
		"$(text security.late@uid="$INSIDE_ROOT" plain)"
}

# ---- things that fail at the start ----

# injected() - NAME TEXT CALL FAULT: the start fails, with one message, when the CALL has that FAULT
#
# strace turns a call that is not to be made into number -1, which is on no list.
injected() {
	local said status lines
	said=$(timeout 120 strace -f -o trace -e trace="$3" -e inject="$3:$4" \
		"${run[@]}" --system-call-filter=none -- echo started 2>&1 </dev/null)
	status=$?
	lines=$(wc -l <<<"$said")
	if ! grep -qE 'INJECTED|killed by SIGKILL' trace; then
		not_ok "$1" "the fault was not injected"
	elif [ $status != 125 ] || [[ $said != "nsxattr: "*"$2"* ]] || [ "$lines" != 1 ]; then
		not_ok "$1" "expected: status 125, one line with \"$2\"
found:    status $status, saying \"$said\""
	else
		ok "$1"
	fi
}

failures_at_the_start() {
	local call
	if ! strace -o /dev/null true 2>/dev/null; then
		skip "what fails at the start" "strace is not here, or may not trace"
		return
	fi
	injected "no pidfd" "Linux 5.3" pidfd_open error=ENOSYS:when=1
	injected "no socket" "cannot start a supervisor" socketpair error=EMFILE:when=1
	injected "no session" "cannot start a supervisor" setsid error=EPERM
	injected "no second process" "cannot start a supervisor" clone error=EAGAIN:when=1
	injected "no namespace" "without CONFIG_USER_NS" unshare error=EINVAL
	injected "no surroundings" "surroundings" close_range error=ENOSYS:when=1
	injected "no groups" "cannot become root" setgroups error=EPERM
	injected "no identity" "cannot become root" setresuid error=EPERM
	injected "no private mounts" "cannot make the mounts private" mount error=EPERM
	injected "no filter" "cannot install the seccomp filter" seccomp error=EBUSY:when=3
	injected "no listener" "cannot speak to the supervisor" sendmsg error=ENOBUFS:when=2
	injected "no sandbox" "cannot drop privileges" capset error=EPERM:when=1
	injected "no loop" "cannot watch the command" epoll_create1 error=EMFILE
	injected "no engine" "cannot watch for events" eventfd2 error=EMFILE
	injected "each supervisor is killed in eventfd2" "times before serving" \
		eventfd2 signal=KILL:when=1
	for call in chdir close_range chroot; do
		injected "the supervisor is killed in $call" "the supervisor has ended" \
			"$call" signal=KILL:when=1
	done
}

# The setting is the whole machine's: it is put back at once.
traceable_by_targets() {
	local setting=/proc/sys/fs/suid_dumpable before
	before=$(cat $setting)
	echo 1 >$setting
	fails "where targets could trace us, nothing is started" "fs.suid_dumpable is 1" inside true
	echo "$before" >$setting
	check "with the setting as it was it is" inside true
}

install -m 755 "$NSXATTR" "$SCENE/bin/nsxattr"
exit_statuses
deaths_by_signal
surroundings
descriptors
identity_of_process
signals_reach_the_command
namespaces
ranges_of_the_user
limits_of_namespaces
refusals
rings
unchecked_kernel
supervisor_is_confined
supervisor_does_not_mind_signals
supervisor_is_killed
starter_is_killed
daemons
traceable_by_targets
failures_at_the_start
