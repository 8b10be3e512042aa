#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# A FUSE file system that an LXC container mounts itself. Its server is a target itself, and LXC's monitor
# passes on one call after another: waiting for the server would keep the server's own call from
# being answered.

set -u
# shellcheck source=tests/lib/lxc.sh
. tests/lib/lxc.sh
lxc_alone "$0"
# shellcheck source=tests/lib/case.sh
. tests/lib/case.sh
# shellcheck source=tests/lib/scene.sh
. tests/lib/scene.sh
needs bindfs getfattr lxc-execute
NSXATTRD=${NSXATTRD:-$(dirname "$NSXATTR")/nsxattrd}
if [ ! -x "$NSXATTRD" ]; then
	skip "LXC containers" "there is no $NSXATTRD"
	exit
fi
scene_make

LXC_IDS=65536
LXC_SOCKET=$SCENE/run/lxc.sock
daemon=
# Seconds: in which all is done, if no call waits for a server; and after which one has hung.
SOON=$((5 * ${TEST_SLOWER:-1}))
LATE=$((12 * SOON))

listens() {
	# 00010000: it listens
	awk -v path="$LXC_SOCKET" '$4 == "00010000" && $NF == path { found = 1 }
		END { exit !found }' /proc/net/unix
}

start_daemon() {
	mkdir -p policies run
	cat >nsxattrd.yaml <<-CONFIG
		version: 1
		oci-socket: { path: none }
		lxc-socket: { path: $LXC_SOCKET }
		control-socket: { path: $SCENE/run/control.sock }
		policies: $SCENE/policies
	CONFIG
	"$NSXATTRD" -c nsxattrd.yaml >>daemon.log 2>&1 &
	daemon=$!
	check "nsxattrd listens" await listens
}

leave() {
	lxc_done
	[ -z "$daemon" ] || { kill -TERM "$daemon"; wait "$daemon"; }
	return "$1"
}

# The programs of the host's, and what they are linked with.
make_root() {
	local programs
	mkdir -p root/{bin,etc,tmp,proc,sys,dev,run,root,mnt}
	ln -s bin root/sbin
	chmod 1777 root/tmp
	mapfile -t programs < <(type -P bash cat cp ls mkdir rm ln sort paste grep umount sleep bindfs \
		fusermount3 getfattr setfattr)
	cp -L "${programs[@]}" root/bin/
	ln -s bash root/bin/sh
	ldd "${programs[@]}" /usr/sbin/init.lxc 2>/dev/null | grep -o '[[:space:]]/[^ ]*' | sort -u | xargs cp --parents -t root -L
	echo root:x:0:0::/root:/bin/sh >root/etc/passwd
	own root
}

left_to_the_kernel() {
	local way
	for way in "" "-o allow_other"; do
		# shellcheck disable=SC2016 # for the shell that gets it
		check "bindfs in a container${way:+, }$way" timeout "$LATE" lxc-execute -P "$SCENE/lxc" -n fuse \
			-o "$SCENE/lxc/fuse/log" -- bash -ec '
			cd /tmp; rm -rf lower mnt; mkdir lower mnt lower/directory
			bindfs $1 lower mnt
			trap "cd /; umount /tmp/mnt" EXIT
			echo x >mnt/file; ln -s /tmp/outside mnt/leaving; echo x >/tmp/outside
			start=$SECONDS
			for name in mnt/file /tmp/mnt/file mnt/directory/../file /proc/self/cwd/mnt/file; do
				setfattr -n security.demo -v own $name
				setfattr -n user.note -v mine $name
				[ "$(getfattr --only-values --absolute-names -n security.demo $name)" = own ]
				[ "$(getfattr --absolute-names -m - $name | grep "^[su]" | sort |
					paste -sd" ")" = "security.demo user.note" ]
				setfattr -x security.demo $name
				setfattr -n user.empty $name
				[ -z "$(getfattr --only-values --absolute-names -n user.empty $name)" ]
				setfattr -x user.empty $name
			done
			ls -l mnt >/dev/null
			cp -a mnt/file mnt/copy
			cd mnt
			setfattr -n security.demo -v own file
			[ "$(getfattr --only-values -n security.demo ../mnt/file)" = own ]
			[ "$(getfattr --only-values -n user.note copy)" = mine ]
			(exec 7<file; [ "$(getfattr --absolute-names --only-values -n security.demo \
				/proc/self/fd/7)" = own ])
			[ $((SECONDS - start)) -lt "$2" ]' bash "$way" "$SOON"
	done
	same "on the host the values are the container's" own \
		"$(text "security.demo@uid=$INSIDE_ROOT" root/tmp/lower/file)"
}

# No change is left to a kernel that does not check it. What is there can be read.
not_left_to_the_kernel() {
	# shellcheck disable=SC2016
	check "bindfs in a container, on a kernel that checks no change" timeout "$LATE" lxc-execute -P "$SCENE/lxc" -n fuse \
		-o "$SCENE/lxc/fuse/log" -- bash -ec '
		cd /tmp; mkdir lower mnt
		echo x >lower/file; setfattr -n security.demo -v own lower/file; setfattr -n user.note -v mine lower/file
		bindfs lower mnt
		trap "cd /; umount /tmp/mnt" EXIT
		start=$SECONDS
		for name in security.demo user.note; do
			setfattr -n $name -v other mnt/file 2>&1 | grep -q "not supported"
			setfattr -x $name mnt/file 2>&1 | grep -q "not supported"
		done
		[ "$(getfattr --only-values -n security.demo mnt/file)" = own ]
		[ "$(getfattr -m - mnt/file | grep "^[su]" | sort | paste -sd" ")" = "security.demo user.note" ]
		[ $((SECONDS - start)) -lt "$1" ]' bash "$SOON"
	same "on the host the values are as they were" "own mine" \
		"$(text "security.demo@uid=$INSIDE_ROOT" root/tmp/lower/file) $(text user.note root/tmp/lower/file)"
}

fuse_inside() {
	lxc_configure fuse "$SCENE/root" "lxc.mount.entry = $SCENE/fuse-node dev/fuse none bind,create=file 0 0"
	[ -e fuse-node ] || mknod -m 666 fuse-node c 10 229
	if kernel_checks; then
		left_to_the_kernel
	else
		not_left_to_the_kernel
	fi
	lxc_configure strict "$SCENE/root" "lxc.seccomp.notify.cookie = user" \
		"lxc.mount.entry = $SCENE/fuse-node dev/fuse none bind,create=file 0 0"
	# shellcheck disable=SC2016
	check "with nothing left to the kernel it has no attributes, and nothing waits" timeout "$LATE" lxc-execute \
		-P "$SCENE/lxc" -n strict -o "$SCENE/lxc/strict/log" -- bash -ec '
		cd /tmp; rm -rf under over; mkdir under over
		bindfs under over
		trap "exec 7<&-; cd /; umount /tmp/over" EXIT
		echo x >over/file
		exec 7<over/file
		start=$SECONDS
		for name in over/file /proc/self/fd/7; do
			setfattr -n security.demo -v own $name 2>&1 | grep -q "not supported"
			getfattr -n security.demo $name 2>&1 | grep -q "not supported"
		done
		ls -l over >/dev/null
		[ $((SECONDS - start)) -lt "$1" ]' bash "$SOON"
}

# shellcheck disable=SC2064 # now: the handler of this moment
trap "leave \$?; $(trap -p EXIT | sed "s/^trap -- '//; s/' EXIT\$//; s/'\\\\''/'/g")" EXIT
make_root
check "a place where LXC works" lxc_prepare
start_daemon
fuse_inside
