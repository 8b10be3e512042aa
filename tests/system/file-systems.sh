#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The same view on other file systems: those that keep long values, those in memory, layered ones,
# those that cannot be written.

set -u
# shellcheck source=tests/lib/case.sh
. tests/lib/case.sh
# shellcheck source=tests/lib/scene.sh
. tests/lib/scene.sh
needs setfattr getfattr setcap mkfs.ext4 mkfs.xfs mkfs.btrfs mksquashfs
scene_make

# shellcheck disable=SC2016 # for the shell that gets it
make_tree='
	umask 022
	mkdir -p "$1/directory"
	echo one >"$1/file"
	ln -s file "$1/link"
	mkfifo "$1/fifo"
	cp "$(command -v cat)" "$1/program"
	setfattr -n security.ima -v 0x0302aa00ff "$1/file"
	setfattr -n security.NTACL -v list "$1/file"
	setfattr -n trusted.gfid -v 0x00112233 "$1/directory"
	setfattr -h -n security.selinux -v "system_u:object_r:link_t:s0" "$1/link"
	setfattr -n security.selinux -v "system_u:object_r:fifo_t:s0" "$1/fifo"
	setcap cap_net_raw=ep "$1/program"'

# restorable() - FILE LENGTH: what setfattr --restore reads to give FILE a value that is as long
restorable() {
	printf '# file: %s\nsecurity.long=0x' "$1"
	head -c "$2" /dev/zero | tr '\0' 'Z' | od -An -v -tx1 | tr -d ' \n'
	echo
}

# is_like_the_host() - NAME DIRECTORY LONGEST: the namespace works on a file system as the host does
#
# LONGEST is the length of a value that it holds.
is_like_the_host() {
	local name=$1 directory=$2 longest=$3
	rm -rf "$directory/tree" host_side
	mkdir "$directory/tree" host_side
	own "$directory/tree"
	sh -c "$make_tree" make_tree host_side
	check "$name: a tree is made and labelled" inside sh -c "$make_tree" make_tree "$directory/tree"
	same "$name: inside it looks as on the host" "$(tree host_side)" \
		"$(tree "$directory/tree" inside)"
	same "$name: on the host it is the namespace's" \
		"$(tree host_side | grep -v security.capability)" "$(variants "$directory/tree")"
	same "$name: but for the capabilities there is no plain name" \
		"program security.capability" "$(plain "$directory/tree" | sed 's/=.*//')"

	restorable "$directory/tree/directory" "$longest" >value.restorable
	check "$name: a value of $longest bytes" inside setfattr --restore=value.restorable
	same "$name: its length inside" $((longest * 2)) \
		"$(value security.long "$directory/tree/directory" inside | tr -d '\n' | wc -c)"
	same "$name: on the host it is the same" \
		"$(value security.long "$directory/tree/directory" inside | sha256sum)" \
		"$(value security.long@uid=100000 "$directory/tree/directory" | sha256sum)"
	check "$name: setfattr -x" inside setfattr -x security.long "$directory/tree/directory"
	same "$name: removes it" "trusted.gfid@uid=100000" "$(names "$directory/tree/directory")"
}

# is_read_only() - NAME DIRECTORY: the tree that is_like_the_host() left, mounted so
is_read_only() {
	same "$1: what is there can be read" 0302aa00ff "$(value security.ima "$2/tree/file" inside)"
	fails "$1: but not set" "Read-only file system" \
		inside setfattr -n security.ima -v own "$2/tree/file"
	fails "$1: nor removed" "Read-only file system" \
		inside setfattr -x security.ima "$2/tree/file"
}

# on_disk() - NAME LONGEST MKFS…: a file system in a file
on_disk() {
	local name=$1 longest=$2
	shift 2
	truncate -s 320M "$name.image"
	mkdir "$name"
	if ! "$@" "$name.image" >mkfs.log 2>&1 || ! mount -o loop "$name.image" "$name" 2>mkfs.log; then
		skip "$name" "this machine cannot mount one: $(<mkfs.log)"
		return
	fi
	is_like_the_host "$name" "$name" "$longest"
	mount -o remount,ro "$name"
	is_read_only "$name, mounted read-only" "$name"
	umount "$name"
	rm "$name.image"
}

in_memory() {
	mkdir tmpfs
	mount -t tmpfs -o mode=755 tmpfs tmpfs
	is_like_the_host tmpfs tmpfs 65536
	umount tmpfs

	# One that the namespace mounts is its own: the kernel itself lets it set security.*, though
	# not trusted.*. The view is the same.
	mkdir own_tmpfs
	sh -c "$make_tree" make_tree own_tmpfs
	same "a tmpfs mounted inside holds the same" "$(tree own_tmpfs)" \
		"$(inside unshare --mount sh -c "
			mount -t tmpfs tmpfs own_tmpfs && $make_tree
			cd own_tmpfs && getfattr -Rhd -m - -e hex ." make_tree own_tmpfs 2>&1 |
			by_file)"
}

layered() {
	mkdir lower upper work overlay
	sh -c "$make_tree" make_tree lower
	own lower upper
	if ! mount -t overlay -o lowerdir=lower,upperdir=upper,workdir=work overlay overlay; then
		skip "overlay" "this machine cannot mount one"
		return
	fi
	same "overlay: the lower layer's is inherited" 0302aa00ff \
		"$(value security.ima overlay/file inside)"
	check "overlay: setfattr copies up" inside setfattr -n security.ima -v own overlay/file
	same "overlay: the namespace sees its own" own "$(text security.ima overlay/file inside)"
	same "overlay: the host sees the lower layer's" 0302aa00ff "$(value security.ima overlay/file)"
	same "overlay: the upper layer has both" \
		"security.NTACL security.ima security.ima@uid=100000" \
		"$(names upper/file | tr ' ' '\n' | grep security | paste -sd' ')"
	same "overlay: the lower layer is as it was" "security.NTACL security.ima" \
		"$(names lower/file)"
	is_like_the_host "overlay" overlay 2000
	umount overlay
}

# A read-only file system, made by the host and signed by it.
squashed() {
	mkdir image squashfs
	mkdir image/tree
	sh -c "$make_tree" make_tree image/tree
	own image
	mksquashfs image squashfs.image -quiet -no-progress -processors 1 >/dev/null
	if ! mount -o loop squashfs.image squashfs; then
		skip "squashfs" "this machine cannot mount one"
		return
	fi
	is_read_only squashfs squashfs
	same "squashfs: the list" "security.NTACL security.ima" "$(names squashfs/tree/file inside)"
	umount squashfs
}

on_disk ext4 65536 mkfs.ext4 -q -O ea_inode
on_disk xfs 65536 mkfs.xfs -q
on_disk btrfs 8000 mkfs.btrfs -q
in_memory
layered
squashed
