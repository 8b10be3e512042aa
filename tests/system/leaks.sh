#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Under the address sanitizer: do nsxattrd's processes lose memory? A worker is killed, policies are read anew, and when
# the daemon is told to end there are a container, and connections that say nothing or not all. In other builds this only
# sees that the daemon ends as it should.

set -u
# shellcheck source=tests/lib/case.sh
. tests/lib/case.sh
# shellcheck source=tests/lib/scene.sh
. tests/lib/scene.sh
scene_make
# shellcheck source=tests/lib/loads.sh
. "$REPOSITORY/tests/lib/loads.sh"

driver=$loads/nsxattrd-driver

# start() - VARIABLE=VALUE…: a daemon with one container that stays, by a policy of a file
start() {
	env "$@" ASAN_OPTIONS="${ASAN_OPTIONS-}:detect_leaks=1" "$driver" -c nsxattrd.yaml \
		</dev/null >/dev/null 2>leaks.log &
	daemon=$!
	await daemon_says pid
	mkfifo staying.in
	loads_container staying mine sh -c 'touch file; setfattr -n security.there -v yes file; read -r _' \
		<staying.in 2>>load.log &
	staying_pid=$!
	exec {staying}>staying.in
	await has_containers staying
}

# stop() - the daemon is told to end; connections of each kind are there until it has. Return: its status
stop() {
	local status
	/usr/bin/python3 - "$oci" "$SCENE/run/lxc.sock" "$control" <<-'END' &
		import socket, sys, time
		held = []
		for path in sys.argv[1:]:
		    kind = socket.SOCK_SEQPACKET if path.endswith("lxc.sock") else socket.SOCK_STREAM
		    for text in (b"", b"{"):
		        held.append(socket.socket(socket.AF_UNIX, kind))
		        held[-1].connect(path)
		        if text:
		            held[-1].send(text)
		open("held", "w").close()
		sys.stdin.close()
		time.sleep(600)
	END
	local holder=$!
	await test -e held
	kill -TERM "$daemon"
	wait "$daemon"
	status=$?
	kill "$holder"
	wait "$holder"
	rm -f held
	return "$status"
}

# let_go() - the container ends
let_go() {
	exec {staying}>&-
	wait "$staying_pid"
	rm staying.in
}

# losers() - how many processes have lost memory
losers() {
	grep -c 'ERROR: LeakSanitizer' leaks.log
}

loads_configure
sed -i "s|lxc-socket: .*|lxc-socket: { path: $SCENE/run/lxc.sock }|" nsxattrd.yaml
printf '%s\n' 'version: 1' 'attributes: []' 'allow-users: ["1000"]' >policies/mine.yaml

start
loads_start
kill -KILL "$(worker)"
await daemon_says worker-deaths
check "policies are read anew" "$NSXATTR" reload --control="$control"
loads_end
stop
same "the daemon ends as it should" 0 $?
same "none of its processes has lost memory" 0 "$(losers)"
let_go

if [[ ${SANITIZE-} == *address* ]]; then
	start LEAK=1
	stop
	# The keeper and the worker; tests/run is not to see these reports.
	same "memory that is lost is noticed in each process" 2 "$(losers)"
	let_go
	rm leaks.log
fi

