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
		{ umount -R /sys/fs/cgroup 2>/dev/null || :; } &&
		mount -t cgroup2 none /sys/fs/cgroup &&
		mkdir -p lxc
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

# lxc_start() - NAME
lxc_start() {
	lxc-start -P "$SCENE/lxc" -n "$1" -o "$SCENE/lxc/$1/log" -l DEBUG
}

# lxc_in() - NAME COMMAND…: a command in a container that runs
#
# On a busy machine the monitor of LXC 5.0 answers ENOSYS to one lxc-attach in forty without having asked
# nsxattrd: that one is made again.
lxc_in() {
	local name=$1 said status=0 _
	shift
	said=$(mktemp -p "$SCENE")
	for _ in 1 2 3; do
		status=0
		lxc-attach -P "$SCENE/lxc" -n "$name" -- "$@" 2>"$said" || status=$?
		grep -q "Function not implemented" "$said" || break
	done
	cat "$said" >&2
	rm "$said"
	return $status
}

# lxc_end() - NAME: kill it, and wait for its monitor
lxc_end() {
	lxc-stop -P "$SCENE/lxc" -n "$1" -k
	lxc-wait -P "$SCENE/lxc" -n "$1" -s STOPPED -t 30
}

# lxc_done() - after the last container: remove the cgroup that monitors end in, and nobody else removes
lxc_done() {
	local pivot=/sys/fs/cgroup/lxc.pivot tries
	for ((tries = 0; tries < 100; tries++)); do
		[ -d "$pivot" ] && ! rmdir "$pivot" 2>/dev/null || return 0
		read -rt 0.1 <> <(:) || :
	done
	return 1
}

# lxc_said() - NAME: what its hooks have said
lxc_said() {
	sed -n 's/.*produced output: //p' "lxc/$1/log"
}
