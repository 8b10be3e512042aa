# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Containers of a plain user that are busy all the time and notice what they are answered, under an
# nsxattrd with its settings and sockets in the scene. Sourced after scene.sh, in the scene.

# shellcheck disable=SC2034 # used by those who source this
NSXATTRD=$(dirname "$NSXATTR")/nsxattrd
loads=$(dirname "$NSXATTR")/tests/live
control=$SCENE/run/control.sock
oci=$SCENE/run/oci.sock

# loads_configure() - LINE…: nsxattrd.yaml, and the folders
loads_configure() {
	printf '%s\n' "version: 1" "oci-socket: { path: $oci }" "lxc-socket: { path: none }" \
		"control-socket: { path: $control }" "policies: $SCENE/policies" \
		"debug: { executor: ${EXECUTOR-auto} }" "$@" >nsxattrd.yaml
	mkdir -p policies load
	chown 1000:1000 load
}

# loads_container() - ID POLICY COMMAND…: one of the plain user's, who is its root, in load/
loads_container() {
	# shellcheck disable=SC2154 # of scene.sh
	cd load && exec "${as_user[@]}" unshare -Ur "$loads/runtime-driver" "$oci" "$@"
}

# loads_start() - begin: one that tells how long its calls take, and one of 16 processes that know what is there
loads_start() {
	rm -f load/*
	coproc pause { loads_container pausing "" "$loads/pause-driver" 2>>load.log; }
	pause_pid=$!
	read -r _ <&"${pause[0]}"
	mkfifo history.in
	loads_container history "" "$loads/history-driver" "${NSXATTR_SEED:-1}" \
		<history.in >history.out 2>>load.log &
	history_pid=$!
	exec {history}>history.in
	await grep -q begun history.out
}

# loads_pause() - how long the longest call since the last time has taken, in microseconds
loads_pause() {
	local time
	echo >&"${pause[1]}"
	read -rt 120 time <&"${pause[0]}" && echo "$time"
}

# loads_end() - and see whether all answers were right: two tests
loads_end() {
	local said output=${pause[0]} input=${pause[1]}
	exec {history}>&-
	wait "$history_pid"
	same "16 processes were answered as if nothing had been" "0 " "$? $(grep wrong history.out)"
	exec {input}>&-
	said=$(cat <&"$output")
	wait "$pause_pid"
	same "one that only asks, too" "0 " "$? $(grep wrong: <<<"$said")"
	echo "# $(grep calls history.out); $(grep calls <<<"$said")"
	rm -f history.in history.out
}

# percentiles() - of the numbers on standard input, in milliseconds
percentiles() {
	sort -n | awk '{ v[NR] = $1 / 1000 }
		END { printf "p50 %.1f ms, p99 %.1f ms, max %.1f ms\n",
			v[int((NR + 1) / 2)], v[int(NR * 0.99 + 0.999)], v[NR] }'
}

# has_containers() - IDS: does the daemon serve these, and no others?
has_containers() {
	[ "$("$NSXATTR" status --control="$control" --json | /usr/bin/python3 -c '
import json, sys
print(" ".join(c["id"] for c in json.load(sys.stdin)["containers"]))')" = "$1" ]
}

# daemon_says() - KEY: of the status
daemon_says() {
	"$NSXATTR" status --control="$control" --json |
		/usr/bin/python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"
}

# worker() - the process of the daemon's worker
worker() {
	pgrep --parent "$(daemon_says pid)" --exact nsxattrd
}
