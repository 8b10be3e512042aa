# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What tests with container runtimes share: surroundings that the runtimes can live in, an ordinary
# user with ranges of ids, and a small root file system.
#
# Sourced before everything else: it starts the script anew in a mount namespace of its own. There
# /run is empty, /sys/fs/cgroup is one that the runtimes know, and /etc/passwd can be written; all
# this, and what the runtimes mount, is gone when the script ends.

if [ -z "${RUNTIMES_ALONE-}" ]; then
	RUNTIMES_ALONE=1 exec unshare --mount --propagation private bash "$0" "$@"
fi
unset RUNTIMES_ALONE

# The ordinary user. The ranges are large enough for Samba, and no other user's in these tests.
USER_ID=1700
USER_SUBID=10000000
USER_SUBCOUNT=5100000

# runtimes_make() - after scene_make(): prepare the surroundings
runtimes_make() {
	mount -t tmpfs -o mode=755 none /run || exit 1
	# rootless podman wants the mounts to be shared among those that are made from here on.
	mount --make-rshared / || exit 1
	scene_cgroups || exit 1
}

# runtimes_replace() - FILE: what standard input says becomes the content of a file in /etc, for us
runtimes_replace() {
	mkdir -p "$SCENE/etc"
	cat >"$SCENE/etc/$1"
	[ -e "/etc/$1" ] || : >"/etc/$1"
	mount --bind "$SCENE/etc/$1" "/etc/$1" || exit 1
}

# runtimes_make_user() - make the user, in our view of /etc; $as_member is what to put before a
# command of that user's
#
# With nothing in the environment that a login would not give, but for tests/run's mark.
runtimes_make_user() {
	local home=$SCENE/home
	mkdir "$home" "$home/run"
	chmod 700 "$home/run"
	chown -R "$USER_ID:$USER_ID" "$home"
	{ cat /etc/passwd && echo "member:x:$USER_ID:$USER_ID::$home:/bin/sh"; } | runtimes_replace passwd
	{ cat /etc/group && echo "member:x:$USER_ID:"; } | runtimes_replace group
	echo "member:$USER_SUBID:$USER_SUBCOUNT" | runtimes_replace subuid
	echo "member:$USER_SUBID:$USER_SUBCOUNT" | runtimes_replace subgid
	# shellcheck disable=SC2034 # used by those who source this
	as_member=(setpriv "--reuid=$USER_ID" "--regid=$USER_ID" "--groups=$USER_ID,100,2000" -- env -i
		PATH="$PATH" LC_ALL=C HOME="$home" USER=member XDG_RUNTIME_DIR="$home/run"
		${NSXATTR_TEST:+NSXATTR_TEST="$NSXATTR_TEST"})
}

# What a container gets to run; the rest of its root file system follows from it.
# shellcheck disable=SC2034 # used by those who source this
RUNTIMES_PROGRAMS=(sh cat cp id ls mkdir rm sleep true getfattr setfattr getcap setcap)

# runtimes_root() - DIRECTORY PROGRAM…: a root file system of these programs of the host's
runtimes_root() {
	local root=$1 programs
	shift
	mkdir -p "$root"/{bin,etc,tmp,proc,sys,dev,run,root,mnt}
	ln -s bin "$root/sbin"
	chmod 1777 "$root/tmp"
	echo root:x:0:0::/root:/bin/sh >"$root/etc/passwd"
	echo root:x:0: >"$root/etc/group"
	mapfile -t programs < <(type -P "$@")
	[ ${#programs[@]} = $# ] && cp -L "${programs[@]}" "$root/bin/" || return 1
	ldd "${programs[@]}" 2>/dev/null | grep -o '[[:space:]]/[^ ]*' | sort -u |
		xargs cp --parents -t "$root" -L
}

# ---- the daemon ----

NSXATTRD=$(realpath "${BUILD:-build}/nsxattrd")

# await_ready() - wait for the message of systemd's protocol that says that a service is there
#
# Prints "bound" when it can be sent, and its text then.
await_ready='
import socket, sys
notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
notify.bind(sys.argv[1])
notify.settimeout(120)
print("bound", flush=True)
while not any(line == b"READY=1" for line in notify.recv(4096).split(b"\n")):
    pass
print("ready", flush=True)'

# daemon_start() - OPTION…: start nsxattrd with the policies of $SCENE/policies; $daemon is its process
#
# What it says is added to $SCENE/daemon.log. With what $SCENE/settings has in addition to the version
# and the policies, if there is such a file. EXECUTOR forces an executor.
#
# Return: false when it does not become ready.
daemon_start() {
	local ready said=
	mkdir -p "$SCENE/policies"
	{
		printf 'version: 1\npolicies: %s\ndebug: { executor: %s }\n' "$SCENE/policies" "${EXECUTOR-auto}"
		[ ! -e "$SCENE/settings" ] || cat "$SCENE/settings"
	} >"$SCENE/nsxattrd.yaml"
	rm -f "$SCENE/notify"
	exec {ready}< <(exec /usr/bin/python3 -c "$await_ready" "$SCENE/notify" 2>/dev/null)
	read -r _ <&"$ready"
	NOTIFY_SOCKET=$SCENE/notify "$NSXATTRD" -c "$SCENE/nsxattrd.yaml" "$@" \
		</dev/null >/dev/null 2>>"$SCENE/daemon.log" &
	daemon=$!
	read -r said <&"$ready"
	exec {ready}<&-
	[ "$said" = ready ]
}

# daemon_stop() - end it in order; not in a subshell, whose child it is not. Return: its exit status.
daemon_stop() {
	kill -TERM "$daemon"
	wait "$daemon"
}

# daemon_status() - KEY…: what nsxattr status says, as JSON, or the value that lies under these keys
daemon_status() {
	"$NSXATTR" status --json | /usr/bin/python3 -c '
import json, sys
status = json.load(sys.stdin)
for key in sys.argv[1:]:
    status = status[int(key) if key.isdigit() else key]
print(status if isinstance(status, str) else json.dumps(status))' "$@"
}

# daemon_processes() - the daemon's, and those that it has started
daemon_processes() {
	echo "$daemon"
	pgrep --parent "$daemon"
}

# daemon_memory() - how much memory they have, in KiB
daemon_memory() {
	local process
	for process in $(daemon_processes); do
		sed -n 's/^VmRSS:[\t ]*\([0-9]*\) kB/\1/p' "/proc/$process/status"
	done | awk '{ sum += $1 } END { print sum }'
}

# daemon_files(), daemon_descriptors() - what their descriptors are open for; how many they are
#
# Keeper and worker share theirs, so those of one number are one.
daemon_files() {
	local process
	for process in $(daemon_processes); do
		find "/proc/$process/fd" -type l -printf '%f %l\n'
	done | sort -u | cut -d ' ' -f 2-
}

daemon_descriptors() {
	daemon_files | wc -l
}

# holds_descriptors() - COUNT: does the daemon hold no more than so many, and what servers that rest hold?
#
# At the start one rests, later up to four do (keep/server.c), and each has a ring, a namespace, and the
# folder of its descriptors.
holds_descriptors() {
	[ "$(daemon_descriptors)" -le $(($1 + 3 * 3)) ]
}

# ---- podman ----

# podman_hooks() - a folder of hooks for podman's --hooks-dir
podman_hooks() {
	mkdir -p "$SCENE/hooks.d"
	cat >"$SCENE/hooks.d/nsxattr.json" <<-END
		{
			"version": "1.0.0",
			"hook": {
				"path": "$SCENE/bin/nsxattr",
				"args": ["nsxattr", "hook", "oci-precreate", "--policies=$SCENE/policies"]
			},
			"when": { "annotations": { "^io[.]nsxattr[.]policy$": ".*" } },
			"stages": ["precreate"]
		}
	END
}

# What makes podman run on hosts without networks, without cgroups of the kind that it wants, and
# where limits cannot be raised; and what root of a container needs for attributes.
# shellcheck disable=SC2034 # used by those who source this
podman_options=(--cgroups=disabled --network=none --ulimit=nofile=1024:1024
	--ulimit=nproc=1000:1000 --cap-add=sys_admin)

# podman_kill() - PODMAN NAME: a container, and wait until podman has cleaned up behind it
#
# Its monitor does that last. podman 4.3 hangs when containers with ids of its own choice are made
# meanwhile: each waits for the lock that the other holds.
podman_kill() {
	local monitor
	monitor=$("$1" inspect --format '{{.State.ConmonPid}}' "$2")
	"$1" kill --signal=KILL "$2" >/dev/null
	await eval "! test -e /proc/${monitor:-none}"
}

# podman_end() - the user's podman keeps a process that holds its namespace: end it
podman_end() {
	kill "$(cat "$SCENE/home/run/libpod/tmp/pause.pid")"
}
