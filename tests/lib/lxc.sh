# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# LXC containers of root, with an id map, on any test host. Sourced after scene.sh, by a test that has
# begun with lxc_alone.
#
# LXC wants ids for root in /etc/subuid and one hierarchy of cgroups. So the test runs in a mount
# namespace of its own, where both are as it likes them; the host does not notice.

# lxc_alone() - SCRIPT: run the script again in such a namespace, unless it is in one
lxc_alone() {
	[ -z "${LXC_ALONE-}" ] || return 0
	[ "$(id -u)" = 0 ] || return 0
	LXC_ALONE=1 exec unshare --mount --propagation private -- bash "$1"
}

# lxc_prepare() - make the place what LXC needs; in the scene
lxc_prepare() {
	printf '%s\n' "root:$INSIDE_ROOT:$LXC_IDS" nobody:65534:1 >subids
	touch /etc/subuid /etc/subgid
	mount --bind subids /etc/subuid && mount --bind subids /etc/subgid &&
		scene_cgroups && mkdir -p lxc
}

# lxc_configure() - NAME ROOTFS [LINE…]: the configuration of a container; later lines win, but those of
# ids: LXC_MAP says which
lxc_configure() {
	local name=$1 rootfs=$2
	shift 2
	mkdir -p "lxc/$name"
	cat >"lxc/$name/config" <<-CONFIG
		lxc.uts.name = $name
		lxc.rootfs.path = dir:$rootfs
		lxc.idmap = u ${LXC_MAP-0 $INSIDE_ROOT $LXC_IDS}
		lxc.idmap = g ${LXC_MAP-0 $INSIDE_ROOT $LXC_IDS}
		lxc.net.0.type = empty
		lxc.apparmor.profile = unconfined
		lxc.mount.auto = proc:mixed sys:mixed
		lxc.init.cmd = /bin/sleep infinity
		lxc.seccomp.profile = $REPOSITORY/examples/lxc/nsxattr.seccomp
		lxc.seccomp.notify.proxy = unix:$LXC_SOCKET
	CONFIG
	[ $# -eq 0 ] || printf '%s\n' "$@" >>"lxc/$name/config"
}

# lxc_run() - NAME COMMAND…: one command in a container of its own
lxc_run() {
	local name=$1
	shift
	lxc-execute -P "$SCENE/lxc" -n "$name" -o "$SCENE/lxc/$name/log" -l DEBUG -- "$@"
}

# lxc_start() - NAME: with the init that its configuration names
lxc_start() {
	lxc-start -P "$SCENE/lxc" -n "$1" -o "$SCENE/lxc/$1/log" -l DEBUG
}

# lxc_make_init() - NAME: /serve.NAME/init in it, which runs what lxc_in asks it to
#
# Not by lxc-attach: that of LXC 5.0 sometimes takes the listener's message for another, ends with 1, and
# leaves its command running without a supervisor that answers its calls. What init starts has the container's own
# listener. The root file system has to be the scene's root/, with bash in it.
lxc_make_init() {
	local folder=root/serve.$1
	mkdir -m 777 "$folder" && mkfifo "$folder/requests" && chmod 666 "$folder/requests"
	cat >"$folder/init" <<-'INIT'
		cd "${0%/*}" && exec 3<>requests || exit
		while read -r request <&3; do
			{
				(cd / && . "$OLDPWD/$request/command") >"$request/output" 2>"$request/errors"
				echo $? >"$request/status"
			} 3<&- &
		done
	INIT
}

# lxc_serve() - NAME: start it with such an init
lxc_serve() {
	lxc_make_init "$1" && lxc-start -P "$SCENE/lxc" -n "$1" -o "$SCENE/lxc/$1/log" -l DEBUG \
		-s "lxc.init.cmd = /bin/bash /serve.$1/init"
}

# lxc_in() - NAME COMMAND…: a command in a container that lxc_serve has started
lxc_in() {
	local folder=root/serve.$1 request requests status
	shift
	request=$(mktemp -d "$folder/XXXXXX") && chmod 777 "$request" &&
		mkfifo -m 666 "$request/status" && chmod 666 "$request/status" || return 125
	printf '%q ' "$@" >"$request/command"
	# Opened for both, neither waits for the other end. It stays open, for init may not have opened it yet.
	exec {requests}<>"$folder/requests"
	echo "${request##*/}" >&"$requests"
	read -rt 120 status <>"$request/status" || status=124
	exec {requests}>&-
	cat "$request/errors" >&2
	cat "$request/output"
	rm -r "$request"
	return "$status"
}

# lxc_end() - NAME: kill it, and wait for its monitor
lxc_end() {
	lxc-stop -P "$SCENE/lxc" -n "$1" -k
	lxc-wait -P "$SCENE/lxc" -n "$1" -s STOPPED -t 120
}

# lxc_done() - after the last container: remove the cgroup that monitors end in, and that nothing else removes
lxc_done() {
	local pivot=/sys/fs/cgroup/lxc.pivot
	await eval "[ ! -d $pivot ] || rmdir $pivot"
}

# lxc_said() - NAME: what its hooks have said
lxc_said() {
	sed -n 's/.*produced output: //p' "lxc/$1/log"
}

# ---- containers that nsxattrd judges ----

# lxc_judged_alone() - NAME POLICY [LINE…]: the configuration of one with a policy of $SCENE/policies that judges, and the scene's
# root/, but for the hook without which LXC would wait for ever
lxc_judged_alone() {
	local name=$1 policy=$2
	shift 2
	lxc_configure "$name" "$SCENE/root" "lxc.seccomp.profile = $REPOSITORY/examples/lxc/nsxattr-integrity.seccomp" \
		"lxc.seccomp.notify.cookie = $policy" "lxc.hook.version = 1" \
		"lxc.hook.pre-start = $NSXATTR hook lxc --policies=$SCENE/policies" "$@"
}

# lxc_judged() - NAME POLICY [LINE…]: the same with that hook, behind all others
lxc_judged() {
	lxc_judged_alone "$@" "lxc.hook.start-host = $NSXATTR hook lxc-init"
}

# lxc_judged_starts() - NAME [PROGRAM]: with an init of lxc_make_init(); not longer than a minute, for LXC would wait for ever
lxc_judged_starts() {
	timeout $((60 * ${TEST_SLOWER:-1})) lxc-start -P "$SCENE/lxc" -n "$1" -o "$SCENE/lxc/$1/log" -l TRACE \
		-s "lxc.init.cmd = ${2-/bin/bash} /serve.$1/init"
}

# lxc_in_exec() - NAME: is a process of the container about to execute something? Its number.
lxc_in_exec() {
	local process
	for process in $(pgrep -f "serve.$1/init"); do
		grep -qE '^(59|221) ' "/proc/$process/syscall" 2>/dev/null && echo "$process" && return
	done
	return 1
}
