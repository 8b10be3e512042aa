#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# nsxattr trace: what containers of nsxattrd do, as others see it; who may see it; watchers that do not read, and die; a
# worker that dies while it is watched. runtime-driver stands in for runtimes.

set -u
# shellcheck source=tests/lib/case.sh
. tests/lib/case.sh
# shellcheck source=tests/lib/scene.sh
. tests/lib/scene.sh
needs setfattr python3
scene_make
# shellcheck source=tests/lib/loads.sh
. "$REPOSITORY/tests/lib/loads.sh"

other_user=(setpriv --reuid=1001 --regid=1001 --clear-groups --)

daemon=
start() {
	scene_reports
	"$NSXATTRD" -c nsxattrd.yaml </dev/null >/dev/null 2>log &
	daemon=$!
	await "$NSXATTR" status --control="$control"
}

stop() {
	kill -TERM "$daemon"
	wait "$daemon"
}

# trace() - [PREFIX…] : OPTION…: as the user that PREFIX makes
trace() {
	local prefix=()
	while [ "$1" != : ]; do prefix+=("$1"); shift; done
	shift
	exec "${prefix[@]}" "$NSXATTR" trace --control="$control" "$@"
}

# says() - FILE FIELD: of each line of JSON that has it, without those of the call that begin_watching() makes
says() {
	/usr/bin/python3 - "$@" <<'END'
import json, sys
for line in open(sys.argv[1], errors="strict"):
    event = json.loads(line)
    if event.get("name") != "user.begin" and sys.argv[2] in event:
        print(*(event.get(field, "-") for field in sys.argv[2:]))
END
}

# inside() - ID COMMAND…: a container of the plain user's
inside() {
	local id=$1
	shift
	(loads_container "$id" "" "$@") >/dev/null 2>&1
}

# begin_watching() - FILE ID: calls are made until the trace has one of them
begin_watching() {
	await eval "inside '$2' getfattr -n user.begin . ; grep -q user.begin '$1'"
}

# ---- what is told ----

calls() {
	trace : --json >seen &
	local watcher=$!
	begin_watching seen one
	inside one sh -c 'touch f; setfattr -n security.a -v xyz f; getfattr -n security.a f
		setfattr -n security.evm@no -v 1 f; setfattr -x security.a f; getfattr -n user.x f'
	await grep -q user.x seen
	same "each call is told with its result" \
		"one setfattr set security.a done 1000 -
one getfattr get security.a done 1000 -
one getfattr get security.a done 1000 -
one setfattr set security.evm@no EINVAL 1000 name
one setfattr remove security.a done 1000 -
one getfattr get user.x kernel 1000 -" \
		"$(says seen container command operation name result uid reason | grep -v ' list ')"
	same "by an object a line" "" "$(/usr/bin/python3 -c '
import json
for line in open("seen"):
    event = json.loads(line)
    if not (event["pid"] > 1 and event["owner"] == 1000 and event["time"] > 1e9): print(line)')"
	kill "$watcher"
	wait "$watcher" 2>/dev/null
}

# A process knows its number on the host only where it is not in a pid namespace of its own.
true_pid() {
	trace : --json >seen &
	local watcher=$!
	begin_watching seen one
	inside one unshare -pf --kill-child sh -c 'echo $$ >inner; exec getfattr -n user.pid .'
	await grep -q user.pid seen
	check "the number of a process is that of the host" \
		[ "$(says seen name pid | sed -n 's/user.pid //p')" -ne "$(cat load/inner)" ]
	kill "$watcher"
	wait "$watcher" 2>/dev/null
}

# What a target calls itself, and its attributes, steers no terminal and breaks no line.
hostile_names() {
	trace : >text &
	local text=$!
	trace : --json >seen &
	local watcher=$!
	begin_watching seen one
	begin_watching text one
	inside one /usr/bin/python3 -c '
import ctypes, os
ctypes.CDLL(None).prctl(15, b"\x1b[31m a\n\\b")
for name in (b"user.\x1b]0;x\x07", b"user.\xff\n\"", b"user." + b"\x01" * 250):
    try: os.getxattr(b".", name)
    except OSError: pass'
	await grep -q 'user.\\\\xff' seen
	await grep -q 'user.\\xff' text
	same "names and commands are escaped" \
		'\x1b[31m\x20a\x0a\\b user.\x1b]0;x\x07' "$(says seen command name | sed -n 1p)"
	same "quotes, too" 'user.\xff\x0a"' "$(says seen name | sed -n 2p)"
	same "no line has a byte that steers a terminal" "" \
		"$(LC_ALL=C grep -n '[^ -~]' text seen)"
	same "each line of the plain form has as many columns" "9" \
		"$(awk '{ print NF }' text | sort -u)"
	kill "$text" "$watcher"
	wait "$text" "$watcher" 2>/dev/null
}

# judged() - COMMAND…: in a container of root's, what is executed is judged, and what is mapped
judged() {
	"$loads/runtime-driver" --map=2000000:65536 --judged "$oci" judged judged "$@"
}

# The path is the target's, or where it says none, the file's own.
executions() {
	local slashes
	slashes=$(printf '/%.0s' {1..300})
	trace : --json >seen &
	local watcher=$!
	trace : >text &
	local text=$!
	begin_watching seen one
	begin_watching text one
	# shellcheck disable=SC2016 # for the shell inside
	judged /bin/sh -c 'cd /bin; ./true; "/no/such
file"; "$0true"; /usr/bin/python3 -c "import os; os.execve(os.open(\"/bin/false\", os.O_RDONLY), [\"x\"], {})"
		exec /bin/../bin/true' "/bin$slashes" >/dev/null 2>&1
	await grep -qF /bin/../bin/true seen
	await grep -qF /bin/../bin/true text
	says seen path is-cut | sort >paths
	for path in './true -' '/no/such\x0afile -' "$(realpath /bin/false) -"; do
		check "the file of a call that executes is told: $path" grep -qxF -- "$path" paths
	done
	check "of a long path it is the end" grep -qxE '/{251}true True' paths
	check "the file of what is mapped is told" grep -qE '^/.*/libc\.so\.6 -$' paths
	same "without --json, too" "kernel ./true kernel \\.../////" \
		"$(awk '$5 == "execute" && $8 ~ /^\.\/true$|^\\.*\/true$/ { print $6, substr($8, 1, 9) }' text | xargs -d '\n')"
	kill "$watcher" "$text"
	wait "$watcher" "$text" 2>/dev/null
}

ends() {
	trace : --count=2 --container=two >seen &
	local watcher=$!
	await eval "inside one getfattr -n user.x .; inside two getfattr -n user.x .; ! kill -0 $watcher"
	wait "$watcher"
	same "--count ends it, --container chooses" "0 two two" \
		"$? $(awk '{ print $2 }' seen | xargs)"
	trace : >/dev/full 2>said &
	watcher=$!
	await eval "inside one getfattr -n user.x .; ! kill -0 $watcher"
	wait "$watcher"
	same "where nothing can be written it ends with status" "2 1" \
		"$? $(grep -c 'cannot write to standard output' said)"
}

# ---- who may ----

users() {
	trace "${as_user[@]}" : --json >own &
	local own=$!
	trace "${other_user[@]}" : --json >others &
	local others=$!
	trace unshare --user --map-root-user -- : --json >unreal &
	local unreal=$!
	begin_watching own one
	# A second user's container, which is what the other one waits for.
	"${other_user[@]}" sh -c "cd /; while :; do unshare -Ur '$loads/runtime-driver' '$oci' theirs '' \
		getfattr -n user.theirs . ; done" >/dev/null 2>&1 &
	local loop=$!
	await grep -q user.theirs others
	kill "$loop"
	wait "$loop" 2>/dev/null
	inside one getfattr -n user.last .
	await grep -q user.last own
	same "a user sees the calls of their own containers" "1000" "$(says own owner | sort -u)"
	same "another one does not" "1001" "$(says others owner | sort -u)"
	same "nor does root of another user namespace" "" "$(says unreal owner | sort -u)"
	kill "$own" "$others" "$unreal"
	wait "$own" "$others" "$unreal" 2>/dev/null
}

# The ring of a user is shared with the daemon: it can be read, and not written.
sealed() {
	same "who watches can write neither to the ring nor its size" "EPERM EPERM read" \
		"$("${as_user[@]}" /usr/bin/python3 - "$control" <<'END'
import array, errno, mmap, os, socket, sys
peer = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
peer.connect(sys.argv[1])
peer.sendall(b"watch\n")
_, passed, _, _ = peer.recvmsg(4096, socket.CMSG_SPACE(4))
fd = array.array("i", passed[0][2])[0]
def attempt(call):
    try: call()
    except OSError as error: return errno.errorcode[error.errno]
    return "done"
def write():
    again = os.open(f"/proc/self/fd/{fd}", os.O_RDWR)
    os.pwrite(again, b"x", 0)
def cut():
    again = os.open(f"/proc/self/fd/{fd}", os.O_RDWR)
    os.ftruncate(again, 0)
print(attempt(write), attempt(cut), "read" if mmap.mmap(fd, 4096, prot=mmap.PROT_READ)[:7] == b"nsxattr" else "")
END
)"
}

# ---- watchers that are no good ----

# Each asks for its ring and reads nothing; some are killed.
hostile_watchers() {
	local pids=() i lost
	for i in $(seq 20); do
		"${as_user[@]}" "$NSXATTR" trace --control="$control" --json >"silent$i" &
		pids+=($!)
	done
	begin_watching silent1 one
	begin_watching silent20 one
	kill -STOP "${pids[@]:0:10}"
	kill -KILL "${pids[@]:10:5}"
	loads_start
	check "calls go on while 10 watchers are stopped and 5 were killed" \
		await eval "[ \$(calls_of history) -gt 20000 ]"
	loads_end
	kill -CONT "${pids[@]:0:10}"
	await grep -q '"lost"' silent1
	lost=$(says silent1 lost | awk '{ n += $1 } END { print n }')
	check "one that was stopped is told how many calls it has missed ($lost)" [ "$lost" -gt 1000 ]
	kill "${pids[@]}" 2>/dev/null
	wait "${pids[@]}" 2>/dev/null
}

# calls_of() - CONTAINER: how many were answered
calls_of() {
	"$NSXATTR" status --control="$control" --json | /usr/bin/python3 -c '
import json, sys
print(*(c["requests"] for c in json.load(sys.stdin)["containers"] if c["id"] == sys.argv[1]))' "$1"
}

# Rings are for so many users at a time, and for root in any case. Theirs stay until the leases are over.
many_users() {
	same "so many users can watch at a time, and root besides" "7 of 9 watch
1 of 1 watch" "$(/usr/bin/python3 - "$control" <<'END'
import json, os, socket, sys
def ask(user):
    reading, writing = os.pipe()
    if os.fork() == 0:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
        peer = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        peer.connect(sys.argv[1])
        peer.sendall(b"watch\n")
        os.write(writing, peer.recv(4096))
        os._exit(0)
    os.wait()
    os.close(writing)
    return "ring" in json.loads(os.read(reading, 4096))
def tell(users):
    print(sum(ask(user) for user in users), "of", len(users), "watch")
tell(range(3000, 3009))
tell([0])
END
)"
}

# ---- the worker ----

worker_dies() {
	trace : --json >seen &
	local watcher=$! worker
	begin_watching seen one
	worker=$(pgrep -P "$daemon" --exact nsxattrd)
	kill -KILL "$worker"
	check "a watcher is told that the worker was replaced" await grep -q '"replaced"' seen
	inside one getfattr -n user.after .
	check "and sees the calls of the next one" await eval \
		'inside one getfattr -n user.after .; grep -q user.after seen'
	kill "$watcher"
	wait "$watcher" 2>/dev/null
}

# ---- its end ----

# A descriptor that is kept keeps the memory of a ring: so there is no other one the next time.
unwatched() {
	check "a ring is there while its user watches" is_watched
	same "when nobody has asked for it any more it begins anew, in the same memory" "True" \
		"$(/usr/bin/python3 - "$control" <<'END'
import array, json, os, socket, sys, time
def ask():
    peer = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    peer.connect(sys.argv[1])
    peer.sendall(b"watch\n")
    text, passed, _, _ = peer.recvmsg(4096, socket.CMSG_SPACE(4))
    return json.loads(text), os.fstat(array.array("i", passed[0][2])[0]).st_ino
first, memory = ask()
while True:
    time.sleep(first["lease"] / 1000 + 1)
    again, memory_again = ask()
    if again["ring"] != first["ring"]:
        break
print(memory == memory_again)
END
)"
}

is_watched() {
	grep -q nsxattr-events "/proc/$(pgrep -P "$daemon" --exact nsxattrd)/maps"
}

loads_configure
printf '%s\n' "version: 1" "attributes: []" "integrity: { mode: log, rules: [measure func=BPRM_CHECK, measure func=MMAP_CHECK mask=MAY_EXEC] }" \
	>policies/judged.yaml
start
calls
true_pid
hostile_names
executions
ends
users
sealed
hostile_watchers
worker_dies
unwatched
many_users
stop
same "SIGTERM ends the daemon with status" 0 "$?"
fails "trace says that there is no daemon" "nsxattrd does not run" "$NSXATTR" trace --control="$control"
