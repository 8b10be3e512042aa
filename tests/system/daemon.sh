#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# nsxattrd as its administrator sees it: its settings and what is wrong with them, its sockets, policies
# that are read anew, the status, the service manager, its end. runtime-driver stands in for runtimes.

set -u
# shellcheck source=tests/lib/case.sh
. tests/lib/case.sh
# shellcheck source=tests/lib/scene.sh
. tests/lib/scene.sh
NSXATTRD=$(realpath "${BUILD:-build}/nsxattrd")
RUNTIME=$(realpath "${BUILD:-build}/tests/live/runtime-driver")
scene_make

control=$SCENE/run/control.sock
oci=$SCENE/run/oci.sock

# settings() - LINE…: nsxattrd.yaml, with sockets and policies in the scene
settings() {
	printf '%s\n' "version: 1" "oci-socket: { path: $oci }" "lxc-socket: { path: none }" \
		"control-socket: { path: $control }" "policies: $SCENE/policies" "$@" >nsxattrd.yaml
}

# policy() - NAME LINE…: one of the folder
policy() {
	local name=$1
	shift
	printf '%s\n' "version: 1" "attributes: []" "$@" >"policies/$name.yaml"
}

daemon=
start() {
	scene_reports
	"$NSXATTRD" -c nsxattrd.yaml </dev/null 9>&- >/dev/null 2>log &
	daemon=$!
	await status
}

# stop() - SIGTERM; its exit status
stop() {
	kill -TERM "$daemon"
	wait "$daemon"
}

status() {
	"$NSXATTR" status --control="$control" "$@"
}

reload() {
	"$NSXATTR" reload --control="$control"
}

# container() - ID POLICY: one that waits for a line on its standard input
container() {
	"$RUNTIME" "$oci" "$1" "$2" cat >/dev/null 2>&1
}

# containers() - [PREFIX…]: their ids and policies, as the user that PREFIX makes
containers() {
	"$@" "$NSXATTR" status --control="$control" --json | python3 -c '
import json, sys
print(" ".join(c["id"] + "=" + c["policy"] for c in json.load(sys.stdin)["containers"]))'
}

has_containers() {
	[ "$(containers)" = "$1" ]
}

# ---- settings ----

wrong_settings() {
	settings "log: verbos" "polices: x"
	fails "it does not start on settings with mistakes" \
		"nsxattrd.yaml:6:6: log cannot be 'verbos'; allowed: info, verbose, debug (did you mean\
 'verbose'?)" "$NSXATTRD" -c nsxattrd.yaml
	fails "and says all of them" "nsxattrd.yaml:7:1: a key cannot be 'polices'" \
		"$NSXATTRD" -c nsxattrd.yaml
	fails "nsxattrd --check says them too" "nsxattrd.yaml:6:6: log cannot be 'verbos'" \
		"$NSXATTRD" --check -c nsxattrd.yaml
	same "nsxattr check knows the file by its name" "nsxattrd.yaml:6:6: log cannot be 'verbos';" \
		"$("$NSXATTR" check nsxattrd.yaml | sed 's/ allowed.*//;q')"
	cp nsxattrd.yaml other.yaml
	same "or is told" "other.yaml:6:6: log cannot be 'verbos';" \
		"$("$NSXATTR" check --config other.yaml | sed 's/ allowed.*//;q')"
	fails "a file that was named has to be there" "cannot read nonesuch.yaml: No such file" \
		"$NSXATTRD" -c nonesuch.yaml
	settings
	check "nsxattrd --check is content with good ones" "$NSXATTRD" --check -c nsxattrd.yaml
	check "and so it is with the example" "$NSXATTRD" --check \
		-c "$REPOSITORY/examples/nsxattrd.yaml"
	sed -i "s|{ path: $oci }|{ path: $oci, group: nonesuch }|" nsxattrd.yaml
	fails "a socket's group has to be there" "there is no such group" \
		"$NSXATTRD" -c nsxattrd.yaml
	sed -i "s|group: nonesuch|group: '4294967297'|" nsxattrd.yaml
	fails "and a number that is none of a group's is no other group's" "there is no such group" \
		timeout 5 "$NSXATTRD" -c nsxattrd.yaml
}

wrong_policies() {
	settings "default-policy: nonesuch"
	fails "its default policy has to be there" "the default policy 'nonesuch' is neither" \
		"$NSXATTRD" -c nsxattrd.yaml
	settings
	policy bad "mode: fsat"
	fails "it does not start on a policy with a mistake" \
		"policies/bad.yaml:3:7: mode cannot be 'fsat'" "$NSXATTRD" -c nsxattrd.yaml
	rm policies/bad.yaml
	policy open
	chmod 666 policies/open.yaml
	fails "nor on one that others can write" "policies/open.yaml: belongs to, or can be written" \
		"$NSXATTRD" -c nsxattrd.yaml
	rm policies/open.yaml
}

# ---- sockets ----

sockets() {
	settings
	sed -i "s|{ path: $oci }|{ path: $oci, mode: \"0620\", group: daemon }|" nsxattrd.yaml
	start
	same "its sockets have their modes and groups" "620 daemon
666 root" "$(stat -c '%a %G' "$oci" "$control")"
	fails "a second one does not start beside it" "another process listens at $oci already" \
		"$NSXATTRD" -c nsxattrd.yaml
	check "and leaves the first one's sockets alone" status
	# The keeper, the worker, and what starts workers.
	mapfile -t workers < <(pgrep -P "$daemon")
	kill -KILL "$daemon" "${workers[@]}"
	wait "$daemon" 2>/dev/null
	await eval '! status'
	check "a dead one's sockets are still there" test -S "$oci"
	settings
	start
	check "and are replaced by the next one" status
	stop
	same "SIGTERM ends it with status" 0 "$?"
	check "and its sockets are gone" test ! -e "$oci" -a ! -e "$control"
	fails "status says that there is no daemon" "nsxattrd does not run" status
	fails "and so does reload" "nsxattrd does not run" reload
}

# ---- what it can do ----

# told() - PID FIELD: of /proc/PID/status
told() {
	sed -n "s/^$2:[\t ]*//p" "/proc/$1/status"
}

confined() {
	local worker name limit
	settings
	start
	worker=$(pgrep -P "$daemon" --exact nsxattrd)
	same "the keeper has no capability" "0000000000000000 0000000000000000" \
		"$(told "$daemon" CapPrm) $(told "$daemon" CapEff)"
	if [ -z "${SANITIZE-}${COVERAGE-}" ]; then
		same "the system calls of keeper and worker are filtered" "2 2" \
			"$(told "$daemon" Seccomp) $(told "$worker" Seccomp)"
	fi
	# To grow it later would make all threads wait.
	limit=$(ulimit -Hn)
	check "the table of descriptors is large ($(told "$worker" FDSize))" \
		[ "$(told "$worker" FDSize)" -ge $((limit < 16384 ? limit : 16384)) ]
	for name in ipc uts net; do
		check "$name is its own" [ "$(readlink "/proc/$worker/ns/$name")" != \
			"$(readlink "/proc/self/ns/$name")" ]
	done
	stop
	settings "system-call-filter: none"
	start
	worker=$(pgrep -P "$daemon" --exact nsxattrd)
	same "unless nsxattrd.yaml says otherwise" "0 0" "$(told "$daemon" Seccomp) $(told "$worker" Seccomp)"
	stop
	settings
}

# ---- policies ----

policies() {
	settings
	policy one
	start
	policy two
	kill -HUP "$daemon"
	check "SIGHUP has a new policy read" await policy_count 2
	reread_refuses
	attach a two
	same "containers get what they name" "a=two" "$(containers)"
	rm policies/two.yaml
	check "nsxattr reload reads them anew" reload
	same "a running container keeps its policy" "a=two" "$(containers)"
	container b two <fifo 9>&- &
	check "a name that is gone is refused" \
		await grep -q "container b .* is refused: there is no policy 'two'" log
	policy bad "mode: fsat"
	fails "nsxattr reload says what is wrong" "policies/bad.yaml:3:7: mode cannot be 'fsat'" reload
	fails "and that nothing has changed" "the policies stay as they were" reload
	rm policies/bad.yaml
	check "until it is right" reload
	detach
	stop
}

policy_count() {
	status --json | grep -q "\"policies\": $1"
}

reread_refuses() {
	policy bad "mode: fsat"
	kill -HUP "$daemon"
	check "SIGHUP says what is wrong in the log" await grep -q "bad.yaml:3:7: mode cannot" log
	check "and the policies stay" policy_count 2
	rm policies/bad.yaml
}

# ---- containers and their status ----

# attach() - ID POLICY: start one, and wait for it; its standard input is held open by detach()
attach() {
	container "$1" "$2" <fifo 9>&- &
	await has_containers "$1=$2"
}

# Standard input of all containers ends.
detach() {
	exec 9>&-
	await has_containers ""
	exec 9<>fifo
}

# A plain user's container: who has connected counts, so it is root of a namespace of its own.
users_container() {
	"${as_user[@]}" unshare -Ur "$RUNTIME" "$oci" "$1" "$2" cat >/dev/null 2>&1
}

users() {
	settings
	policy mine "allow-users: [\"1000\"]"
	policy roots
	start
	attach rooted roots
	users_container own mine <fifo 9>&- &
	check "root sees all containers" await has_containers "own=mine rooted=roots"
	same "a user sees their own" "own=mine" "$(containers "${as_user[@]}")"
	same "another sees none" "" \
		"$(containers setpriv --reuid=1001 --regid=1001 --groups=1001,100,2000 --)"
	users_container other roots <fifo 9>&- &
	check "a policy without the user is refused" await grep -q \
		"container other .* is refused: policy 'roots' is not for user 1000" log
	users_container other "" <fifo 9>&- &
	check "without a name there is the default" await has_containers \
		"other=default own=mine rooted=roots"
	fails "only root has policies read anew" "only root can" \
		"${as_user[@]}" "$NSXATTR" reload --control="$control"
	fails "uid 0 without CAP_SYS_ADMIN is not root" "only root can" \
		setpriv --bounding-set=-sys_admin --inh-caps=-all -- \
		"$NSXATTR" reload --control="$control"
	fails "nor is uid 0 in a user namespace of its own" "only root can" \
		unshare --user --map-root-user -- "$NSXATTR" reload --control="$control"
	same "and it does not see what others have" "" \
		"$(containers unshare --user --map-root-user --)"
	same "the table has them all" "CONTAINER other own rooted" \
		"$(status | sed -n '/CONTAINER/,$p' | awk '{ print $2 }' | xargs)"
	same "with their maps" "0 1000 1" \
		"$(status --json | python3 -c '
import json, sys
print(json.load(sys.stdin)["containers"][1]["map"])')"
	other_map
	detach
	same "containers are gone with their last process" "" "$(containers)"
	stop
}

# map_of() - ID: as the status shows it
map_of() {
	status --json | python3 -c '
import json, sys
print(*(c["map"] for c in json.load(sys.stdin)["containers"] if c["id"] == sys.argv[1]))' "$1"
}

# A user names another user's process: the status does not show that process's map.
other_map() {
	local process other
	unshare --user --map-users=0:100000:65536 sleep infinity 9>&- &
	other=$!
	for process in "$$" "$other"; do
		CLAIMED_PID=$process users_container "claims$process" "" <fifo 9>&- &
		check "a container that names process $process is served" await \
			eval '[[ $(containers) == *"claims'"$process"'="* ]]'
		same "with no map that is not proved" "" "$(map_of "claims$process")"
	done
	kill "$other"
	wait "$other" 2>/dev/null
}

# What a container does is counted.
counted() {
	settings
	start
	touch file
	container c "" <fifo 9>&- &
	await has_containers c=default
	"$RUNTIME" "$oci" c "" sh -c 'getfattr -n user.x file; getfattr -n user.y file; cat' \
		<fifo 9>&- >/dev/null 2>&1 &
	check "what a container asks is counted" await eval '[ "$(counts)" = "2 2" ]'
	detach
	stop
}

counts() {
	status --json | python3 -c '
import json, sys
c = json.load(sys.stdin)["containers"][0]
print(c["listeners"], c["requests"])'
}

limits() {
	settings "limits: { containers-per-user: 1, listeners-per-container: 1 }"
	start
	users_container u "" <fifo 9>&- &
	await has_containers u=default
	users_container v "" <fifo 9>&- &
	check "a user has so many containers" await grep -q \
		"container v .*refused: its user has as many" log
	users_container u "" <fifo 9>&- &
	check "a container has so many listeners" await grep -q \
		"container u .*refused: it has as many" log
	detach
	stop
}

# ---- the service manager ----

# A manager of one service: it says what it is told, and hands over a socket.
manager() {
	python3 - "$NSXATTRD" "$control" "$oci" <<'END'
import os, signal, socket, subprocess, sys

nsxattrd, control, oci = sys.argv[1:]
told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
told.bind("notify")
told.settimeout(120)
listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
os.makedirs(os.path.dirname(control), exist_ok=True)
listening.bind(control)
listening.listen()

def prepare():
    os.dup2(listening.fileno(), 3)
    os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()), LISTEN_FDNAMES="control",
                      NOTIFY_SOCKET=os.path.abspath("notify"))

# What exec() is given was made before the child knew its number.
daemon = os.fork()
if daemon == 0:
    prepare()
    os.execv(nsxattrd, [nsxattrd, "-c", "nsxattrd.yaml"])

def hear(word):
    while True:
        lines = told.recv(4096).decode().split("\n")
        if any(line.startswith(word) for line in lines):
            print(word)
            return

hear("READY=1")
with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as peer:
    peer.connect(control)
    peer.sendall(b"ping\n")
    print(peer.recv(64).decode().strip())
os.kill(daemon, signal.SIGHUP)
hear("RELOADING=1")
hear("READY=1")
os.kill(daemon, signal.SIGTERM)
hear("STOPPING=1")
print(os.waitpid(daemon, 0)[1])
print(os.path.exists(control), os.path.exists(oci))
END
}

service() {
	settings
	same "a service manager's socket is used, and left; it is told each step" 'READY=1
{"pong":true}
RELOADING=1
READY=1
STOPPING=1
0
True False' "$(manager 2>log)"
	rm -f notify "$control"
}

mkdir policies
mkfifo fifo
exec 9<>fifo
wrong_settings
wrong_policies
sockets
confined
policies
users
counted
limits
service
