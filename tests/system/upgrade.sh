#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# nsxattr reload --binary: another nsxattrd takes over while containers call without a break. NSXATTR_UPGRADES
# says how often (20), NSXATTR_SEED what the containers do.

set -u
# Processes whose parent has ended are ours, and can be waited for.
[ -n "${UPGRADE_PARENT-}" ] || {
	UPGRADE_PARENT=1 exec /usr/bin/python3 -c '
import ctypes, os, sys
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
child = os.spawnvp(os.P_NOWAIT, "bash", ["bash", sys.argv[1]])
while True:
    pid, status = os.wait()
    if pid == child:
        sys.exit(os.waitstatus_to_exitcode(status))' "$0"
}
# shellcheck source=tests/lib/case.sh
. tests/lib/case.sh
# shellcheck source=tests/lib/scene.sh
. tests/lib/scene.sh
scene_make
# shellcheck source=tests/lib/loads.sh
. "$REPOSITORY/tests/lib/loads.sh"

UPGRADES=${NSXATTR_UPGRADES:-20}

start() {
	bin/nsxattrd -c nsxattrd.yaml </dev/null >/dev/null 2>>log &
	await daemon_says pid
}

upgrade() {
	"$NSXATTR" reload --binary --control="$control"
}

# ended() - PID: is it no more?
ended() {
	! kill -0 "$1" 2>/dev/null
}

# scheduling() - how the keeper and its worker take their turns
scheduling() {
	chrt -p "$(daemon_says pid)"
	chrt -p "$(worker)"
}

many_upgrades() {
	local i failed=0 before
	: >pauses
	loads_start
	before=$(daemon_says pid)
	loads_pause >/dev/null
	for ((i = 0; i < UPGRADES; i++)); do
		daemon_says pid >/dev/null
		loads_pause >>quiet
	done
	for ((i = 0; i < UPGRADES; i++)); do
		upgrade >>upgrades 2>&1 || ((failed++))
		loads_pause >>pauses
	done
	same "$UPGRADES upgrades while containers run" 0 "$failed"
	[ $failed = 0 ] || sed 's/^/# /' upgrades log
	check "another process serves" [ "$before" != "$(daemon_says pid)" ]
	check "the first one has ended" await ended "$before"
	same "and takes turns as any other" "2" "$(scheduling | grep -c 'policy: SCHED_OTHER')"
	check "it serves the containers that were there" has_containers "history pausing"
	same "each pause was seen" "$UPGRADES" "$(wc -l <pauses)"
	echo "# the longest call beside an upgrade: $(percentiles <pauses); beside a look at the status:" \
		"$(percentiles <quiet)"
	loads_end
	check "containers that have ended are forgotten" await has_containers ""
}

# What cannot take over does not.
bad_upgrades() {
	local before
	loads_start
	before=$(daemon_says pid)
	printf '#!/bin/sh\nexit 1\n' >bad
	chmod 755 bad
	mv bad bin/nsxattrd
	fails "a program that ends at once does not take over" "the running one serves on" upgrade
	rm bin/nsxattrd
	fails "nor does one that is not there" "No such file" upgrade
	cp "$NSXATTRD" bin/
	chmod 777 bin
	fails "nor is one started that others may have put there" "which is no nsxattrd that only root" \
		upgrade
	chmod 755 bin
	echo "nonsense: 1" >>policies/wrong.yaml
	fails "nor does one with a mistake in its policies" "the running one serves on" upgrade
	rm policies/wrong.yaml
	fails "only root has it replaced" "only root can" "${as_user[@]}" \
		"$NSXATTR" reload --binary --control="$control"
	same "the daemon is the one that was there" "$before" "$(daemon_says pid)"
	check "it serves on" has_containers "history pausing"
	check "and can be replaced" upgrade
	no_process
	stranger
	loads_end
}

# In a pid namespace, in which kill(2) of all processes reaches no others.
no_process() {
	local said
	# shellcheck disable=SC2016 # for the inner shell
	said=$(unshare --pid --fork --mount-proc sh -c 'tail -f /dev/null &
		strace -qq -o /dev/null -e inject=clone,clone3,fork,vfork:error=EAGAIN \
			"$0" reload --binary --control="$1" 2>&1
		kill $!
		wait $!
		echo $?' "$NSXATTR" "$control")
	same "where no process can be started, none is ended" "nsxattr: cannot start another nsxattrd: \
Resource temporarily unavailable; the running one serves on
143" "$said"
}

# The process that listens there says what root is to start.
stranger() {
	rm -f started
	"${as_user[@]}" /usr/bin/python3 -c '
import json, socket
listening = socket.socket(socket.AF_UNIX)
listening.bind("load/stranger.sock")
listening.listen()
print("listening", flush=True)
peer = listening.accept()[0]
text = {"program": "/bin/touch", "arguments": ["touch", "'"$SCENE"'/started"], "descriptors": ["directory"]}
socket.send_fds(peer, [json.dumps(text).encode() + b"\n"], [listening.fileno()])
peer.recv(64)' >stranger &
	await grep -q listening stranger
	fails "a stranger at the socket has nothing started" "Operation not permitted" \
		"$NSXATTR" reload --binary --control="$SCENE/load/stranger.sock"
	check "not at all" [ ! -e started ]
	wait $!
}

# A successor that is killed between what it asks for and its claim.
dead_successors() {
	local before i
	loads_start
	before=$(daemon_says pid)
	for i in 1 2 3 4 5; do
		rm bin/nsxattrd
		cat >bin/nsxattrd <<-END
			#!/usr/bin/python3
			import socket
			names = __import__("os").environ["LISTEN_FDNAMES"].split(":")
			old = socket.socket(fileno=3 + names.index("predecessor"))
			old.sendall(b"take\n")
			while not old.recv(4096).endswith(b"STOPPING=1\n"):
			    pass
		END
		chmod 755 bin/nsxattrd
		fails "one that ends when it has got all ($i)" "the running one serves on" upgrade
	done
	rm bin/nsxattrd
	cp "$NSXATTRD" bin/
	same "the daemon is the one that was there, still" "$before" "$(daemon_says pid)"
	check "and serves on" has_containers "history pausing"
	loads_end
}

# successor() - HOW: ask for all that there is and do not take over; how that ended, and what was done with it
successor() {
	local status=0
	timeout 120 /usr/bin/python3 "$REPOSITORY/tests/lib/successor.py" "$control" "$1" \
		>"successor.$1" 2>&1 || status=$?
	echo "$status" "$(<"successor.$1")"
}

# What has been handed over and not been taken over is of no use to those who have it.
failed_successors() {
	local before deaths
	loads_start
	before=$(worker) deaths=$(daemon_says worker-deaths)
	same "one that dies when it has got all" "0 taken True" "$(successor dies)"
	same "one that says nothing is ended" "137 taken True" "$(successor silent)"
	same "so is one that would use what it has got" "137 taken True" "$(successor hostile)"
	same "the worker is the one that was there" "$before $deaths" \
		"$(worker) $(daemon_says worker-deaths)"
	kill -KILL "$before"
	await eval '[ -n "$(worker)" ] && [ "$(worker)" != '"$before"' ]'
	check "the next one finds all as it was" has_containers "history pausing"
	check "and another nsxattrd can take over, still" upgrade
	loads_end
}

# A container keeps the policy that it began with, whatever becomes of the file and of the daemon.
policies() {
	printf 'version: 1\nallow-users: ["1000"]\nattributes:\n  - { name: "security.*", scheme: hide }\n' \
		>policies/kept.yaml
	"$NSXATTR" reload --control="$control"
	touch load/kept
	setfattr -n security.hidden -v hosts load/kept
	coproc kept { loads_container kept kept sh -c '
		while read -r _; do echo "$(getfattr --only-values -n security.hidden kept 2>&1)"; done'; }
	local kept_pid=$! input=${kept[1]}
	await has_containers kept
	ask_kept "a policy hides a name"
	printf 'version: 1\nallow-users: ["1000"]\nattributes: []\n' >policies/kept.yaml
	"$NSXATTR" reload --control="$control"
	ask_kept "and does so when the file says something else"
	local before
	before=$(worker)
	kill -KILL "$before"
	await eval '[ -n "$(worker)" ] && [ "$(worker)" != '"$before"' ]'
	ask_kept "when a worker has died"
	upgrade >/dev/null
	ask_kept "when another nsxattrd has taken over"
	rm policies/kept.yaml
	upgrade >/dev/null
	ask_kept "and when the file is gone"
	exec {input}>&-
	wait "$kept_pid"
}

ask_kept() {
	local said
	echo >&"${kept[1]}"
	read -rt 120 said <&"${kept[0]}"
	same "$1" "kept: security.hidden: No such attribute" "$said"
}

cp "$NSXATTRD" bin/
loads_configure
start
many_upgrades
bad_upgrades
dead_successors
failed_successors
policies
daemon=$(daemon_says pid)
# The numbers below 64 are taken, for the sake of the processes that make deputies (supervisor/base/forker.c).
check "nothing is left open but what is for ever" await eval '
	[ "$(ls /proc/'"$daemon"'/fd | wc -l)" -lt $((64 + 24)) ]'
kill -TERM "$daemon"
check "SIGTERM ends the last one" await ended "$daemon"
same "with its sockets" "" "$(find run -name '*.sock')"
