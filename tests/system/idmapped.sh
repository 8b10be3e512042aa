#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Idmapped mounts: a volume that one namespace after another gets, each with ids of its own, on each kind
# of file system that can be mounted so; and LXC containers whose root file system is.
#
# Before Linux 6.18 the kernel does not tell the maps, and numbers are those of the namespace: values do not stay with
# the volume.

set -u
# shellcheck source=tests/lib/lxc.sh
. tests/lib/lxc.sh
lxc_alone "$0"
# shellcheck source=tests/lib/case.sh
. tests/lib/case.sh
# shellcheck source=tests/lib/scene.sh
. tests/lib/scene.sh
# shellcheck source=tests/lib/runtimes.sh
. tests/lib/runtimes.sh
needs setfattr getfattr setcap mkfs.ext4 mkfs.xfs mkfs.btrfs lxc-execute
IDMAP=$(realpath "${BUILD:-build}/tests/live/idmap-driver")
! "$IDMAP" || maps_are_told=1
scene_make

# LXC's socket, and ids for two ranges.
LXC_SOCKET=$SCENE/run/lxc.sock
LXC_IDS=5000000

# ---- file systems ----

# before(), after() - COMMAND…: in the first namespace, and in the next one
before() {
	inside_map 0:100000:65536 "$@"
}

after() {
	inside_map 0:200000:65536 "$@"
}

# moves() - NAME DIRECTORY: a volume there keeps its values, or each namespace has its own
moves() {
	local name=$1 volume=$2/volume
	mkdir "$volume" first second
	echo content >"$volume/file"
	cp "$(command -v cat)" "$volume/program"
	"$IDMAP" 0:100000:65536 "$volume" first && "$IDMAP" 0:200000:65536 "$volume" second || {
		not_ok "$name: it can be mounted with an id map"
		return
	}
	check "$name: the first namespace sets" before setfattr -n security.ima -v firsts first/file
	check "$name: and trusted.*" before setfattr -n trusted.note -v firsts first/file
	check "$name: and a file capability" before setcap cap_net_raw=ep first/program
	same "$name: the next one is shown the capability by the kernel" "second/program cap_net_raw=ep" \
		"$(after getcap second/program)"
	if [ -n "${maps_are_told-}" ]; then
		stays "$@"
	else
		is_apart "$@"
	fi
	umount first second
	rmdir first second
}

stays() {
	local name=$1 volume=$2/volume
	same "$name: they have numbers of the file system" "security.ima@uid=0 trusted.note@uid=0" \
		"$(names "$volume/file")"
	same "$name: the next one sees them" "security.ima trusted.note" "$(names second/file after)"
	same "$name: with their values" firsts "$(text security.ima second/file after)"
	check "$name: it replaces one" after setfattr -n security.ima -v seconds second/file
	same "$name: which the first one sees" seconds "$(text security.ima first/file before)"
	check "$name: it removes one" after setfattr -x trusted.note second/file
	same "$name: so that it is gone" "security.ima@uid=0" "$(names "$volume/file")"
}

is_apart() {
	local name=$1 volume=$2/volume
	same "$name: they have numbers of the namespace" "security.ima@uid=100000 trusted.note@uid=100000" \
		"$(names "$volume/file")"
	same "$name: the next one does not see them" "" "$(names second/file after)"
	check "$name: it sets one of its own" after setfattr -n security.ima -v seconds second/file
	same "$name: which it sees" seconds "$(text security.ima second/file after)"
	same "$name: and the first one does not" firsts "$(text security.ima first/file before)"
	fails "$name: it removes none of the first one's" "No such attribute" after setfattr -x trusted.note second/file
	same "$name: all are there" "security.ima@uid=100000 security.ima@uid=200000 trusted.note@uid=100000" \
		"$(names "$volume/file")"
}

# on_disk() - NAME MKFS…: a file system in a file
on_disk() {
	local name=$1
	shift
	truncate -s 320M "$name.image"
	mkdir "$name"
	"$@" "$name.image" >mkfs.log 2>&1 && mount -o loop "$name.image" "$name" || {
		not_ok "$name can be mounted" "$(<mkfs.log)"
		return
	}
	moves "$name" "$name"
	umount "$name"
	rm "$name.image"
}

in_memory() {
	mkdir tmpfs
	mount -t tmpfs -o mode=755 tmpfs tmpfs
	if is_linux 6.3; then
		moves tmpfs tmpfs
	else
		fails "tmpfs: before Linux 6.3 it cannot be mounted with an id map" "Invalid argument" \
			"$IDMAP" 0:100000:65536 tmpfs /mnt
	fi
	umount tmpfs
}

# ---- LXC ----

# in_lxc() - NAME RANGE COMMAND…: in a container with these ids and the root file system of all
in_lxc() {
	local name=$1
	LXC_MAP=$2 lxc_configure "$name" "$SCENE/root" "lxc.rootfs.options = idmap=container"
	shift 2
	lxc_run "$name" "$@"
}

root_file_system() {
	check "a container with an idmapped root file system sets" in_lxc one "0 100000 65536" \
		setfattr -n security.ima -v ones /etc/passwd
	same "the file is the host's root's" 0 "$(stat -c %u root/etc/passwd)"
	if [ -n "${maps_are_told-}" ]; then
		root_stays
	else
		root_is_apart
	fi
}

# read_by(), removed_by() - NAME RANGE
read_by() {
	in_lxc "$1" "$2" getfattr --absolute-names --only-values -n security.ima /etc/passwd 2>&1
}
removed_by() {
	in_lxc "$1" "$2" setfattr -x security.ima /etc/passwd
}

root_stays() {
	same "its value has that number" "security.ima@uid=0" "$(names root/etc/passwd)"
	same "one with other ids sees it" ones "$(read_by two "0 200000 65536")"
	check "and removes it" removed_by two "0 200000 65536"
	same "so that nothing is left" "" "$(names root/etc/passwd)"
}

root_is_apart() {
	same "its value has the container's number" "security.ima@uid=100000" "$(names root/etc/passwd)"
	same "one with other ids does not see it" "/etc/passwd: security.ima: No such attribute" \
		"$(read_by two "0 200000 65536")"
	check "the first one removes it" removed_by one "0 100000 65536"
	same "so that nothing is left" "" "$(names root/etc/passwd)"
}

lxc_leave() {
	local status=$1
	lxc_done
	kill -TERM "$daemon"
	wait "$daemon"
	return "$status"
}

in_containers() {
	runtimes_root root "${RUNTIMES_PROGRAMS[@]}" || return
	mkdir -p run policies
	cat >settings <<-SETTINGS
		oci-socket: { path: none }
		lxc-socket: { path: $LXC_SOCKET }
		control-socket: { path: $SCENE/run/control.sock }
	SETTINGS
	check "a place where LXC works" lxc_prepare
	daemon_start || {
		not_ok "nsxattrd starts" "$(<daemon.log)"
		return
	}
	# shellcheck disable=SC2064 # now: the handler of this moment
	trap "lxc_leave \$?; $(trap -p EXIT | sed "s/^trap -- '//; s/' EXIT\$//; s/'\\\\''/'/g")" EXIT
	root_file_system
}

on_disk ext4 mkfs.ext4 -q
on_disk xfs mkfs.xfs -q
on_disk btrfs mkfs.btrfs -q
in_memory
in_containers
