#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# nsxattrd's workers are killed at random moments while containers of crun and of LXC, with 16 processes each,
# change attributes and check every answer; and nothing is left behind by those that have died.
# NSXATTR_DEATHS says how many die (60), NSXATTR_SEED when.

set -u
# shellcheck source=tests/lib/runtimes.sh
. tests/lib/runtimes.sh
# shellcheck source=tests/lib/case.sh
. tests/lib/case.sh
# shellcheck source=tests/lib/scene.sh
. tests/lib/scene.sh
needs crun lxc-execute getfattr
scene_make
runtimes_make
# shellcheck source=tests/lib/lxc.sh
. "$REPOSITORY/tests/lib/lxc.sh"
LXC_IDS=65536
LXC_SOCKET=/run/nsxattr/lxc.sock

DEATHS=${NSXATTR_DEATHS:-60}
SEED=${NSXATTR_SEED:-1}
RANDOM=$SEED
echo "# NSXATTR_SEED=$SEED NSXATTR_DEATHS=$DEATHS"

# ---- containers ----

# Each works in its own folder, until its standard input ends.
load='cd /mnt/$1 && exec /bin/history-driver '$SEED

start_crun() {
	mkdir -p crun shared/crun
	own shared/crun
	(cd crun && crun spec && mv config.json spec.json)
	/usr/bin/python3 "$REPOSITORY/tests/lib/bundle.py" root="$SCENE/root" mount="$SCENE/shared:/mnt" \
		annotation=io.nsxattr.policy=default -- sh -c "$load" load crun <crun/spec.json |
		"$NSXATTR" hook oci-precreate --runtime=crun --policies="$SCENE/policies" >crun/config.json
	mkfifo crun/in
	crun --cgroup-manager=disabled run --bundle crun loaded <crun/in >crun/out 2>&1 &
	crun_pid=$!
	exec {crun_input}>crun/in
	await grep -q begun crun/out
}

start_lxc() {
	mkdir -p shared/lxc
	own shared/lxc
	lxc_configure loaded "$SCENE/root" "lxc.mount.entry = $SCENE/shared mnt none bind 0 0"
	mkfifo lxc/in
	lxc_run loaded sh -c "$load" load lxc <lxc/in >lxc/out 2>&1 {crun_input}>&- &
	lxc_pid=$!
	exec {lxc_input}>lxc/in
	await grep -q begun lxc/out
}

# end() - NAME PID: it has noticed nothing
end() {
	local status
	wait "$2"
	status=$?
	same "16 processes of $1 were answered as if nothing had been" "0 " \
		"$status $(grep wrong "$1/out")"
	check "and they have called" grep -qE '^[1-9][0-9]* calls$' "$1/out"
	echo "# $1: $(grep calls "$1/out")"
}

# ---- deaths ----

worker() {
	pgrep --parent "$daemon" --exact nsxattrd
}

is_another() {
	local now
	now=$(worker) && [ "$now" != "$1" ]
}

# kill_workers() - COUNT: one after the other, each up to 50 ms after it was there
kill_workers() {
	local i victim failed=0
	for ((i = 0; i < $1; i++)); do
		victim=$(worker)
		read -rt "0.0$((RANDOM % 50 + 10))" <> <(:) || :
		kill -KILL "$victim" || ((failed++))
		await is_another "$victim" || ((failed++))
	done
	return $((failed > 0))
}

keepers_memory() {
	sed -n 's/^RssAnon:[\t ]*\([0-9]*\) kB/\1/p' "/proc/$daemon/status"
}

# descriptors_now() - with an executor that is forced there can be a server for each caller: without what these have
descriptors_now() {
	if [ -z "${EXECUTOR-}" ]; then
		daemon_descriptors
	else
		daemon_files | grep -cvE '^(/proc/|user:|/dev/null|anon_inode:\[io_uring\])'
	fi
}

leftovers() {
	check "no process is left but the keeper, its worker, and what starts workers" await eval \
		'[ "$(daemon_processes | wc -l)" = 3 ]'
	check "no descriptor that was not there when few had died ($1, now $(descriptors_now))" \
		await eval '[ "$(descriptors_now)" -le '$(($1 + 8))' ]'
	check "nor memory of the keeper ($2 KiB, now $(keepers_memory))" \
		[ "$(keepers_memory)" -le $(($2 + 256)) ]
	check "the journal has not grown ($3 KiB, now $(journal_size))" \
		[ "$(journal_size)" -le $(($3 + 64)) ]
	same "the deaths are counted" "$4" "$(daemon_status worker-deaths)"
}

# journal_size() - what of it is in memory, in KiB
journal_size() {
	local fd
	for fd in "/proc/$daemon/fd/"*; do
		[[ $(readlink "$fd") != *nsxattr-journal* ]] || stat -L -c %b "$fd"
	done | awk '{ print $1 / 2 }'
}

mkdir root shared policies lxc
runtimes_root root "${RUNTIMES_PROGRAMS[@]}" "$(dirname "$NSXATTR")/tests/live/history-driver"
own root shared
lxc_prepare
daemon_start || {
	not_ok "nsxattrd starts" "$(cat daemon.log)"
	exit
}
start_crun
start_lxc
await daemon_status containers 1 id
same "both containers are served" "loaded loaded" \
	"$(daemon_status containers 0 id) $(daemon_status containers 1 id)"
check "$((DEATHS / 4)) workers are killed" kill_workers $((DEATHS / 4))
descriptors=$(descriptors_now) memory=$(keepers_memory) journal=$(journal_size)
check "another $((DEATHS - DEATHS / 4)) workers are killed" kill_workers $((DEATHS - DEATHS / 4))
leftovers "$((descriptors + 40))" "$memory" "$journal" $((DEATHS / 4 + DEATHS - DEATHS / 4))
exec {crun_input}>&- {lxc_input}>&-
end crun "$crun_pid"
end lxc "$lxc_pid"
check "both are forgotten" await eval '[ "$(daemon_status containers)" = "[]" ]'
daemon_stop
same "SIGTERM ends it in order" 0 $?
