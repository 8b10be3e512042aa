#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Images of operating systems, built in a namespace: labels and signatures reach the image under
# their plain names, as if host root had built it.

set -u
# shellcheck source=tests/lib/case.sh
. tests/lib/case.sh
# shellcheck source=tests/lib/scene.sh
. tests/lib/scene.sh
needs setfattr getfattr setcap setfiles mke2fs debugfs mksquashfs unsquashfs bsdtar
scene_make

# shellcheck disable=SC2016 # for the shell that gets it
make_tree='
	umask 022
	mkdir -p "$1/etc" "$1/usr/bin"
	echo host >"$1/etc/hostname"
	ln -s ../usr/bin "$1/bin"
	cp "$(command -v cat)" "$1/usr/bin/cat"
	setfattr -n security.ima -v 0x0302aa00ff "$1/usr/bin/cat"
	setfattr -n trusted.note -v built "$1/etc"
	setcap cap_dac_read_search=ep "$1/usr/bin/cat"'

make_trees() {
	mkdir host_side namespace_side
	own namespace_side
	printf '%s\t%s\n' '/.*' system_u:object_r:root_t:s0 \
		'/etc(/.*)?' system_u:object_r:etc_t:s0 \
		'/usr/bin/.*' system_u:object_r:bin_t:s0 >file_contexts
	sh -c "$make_tree" make_tree host_side/tree
	check "a tree is made inside" inside sh -c "$make_tree" make_tree namespace_side/tree
}

setfiles_labels() {
	setfiles -F -r "$SCENE/host_side/tree" file_contexts "$SCENE/host_side/tree"
	check "setfiles labels inside" inside setfiles -F -r "$SCENE/namespace_side/tree" \
		file_contexts "$SCENE/namespace_side/tree"
	tree host_side/tree >host_side/view
	same "all seven files have a label" 7 "$(grep -c security.selinux host_side/view)"
	same "the tree is what host root would have made" "$(<host_side/view)" \
		"$(tree namespace_side/tree inside)"
	same "on the host all lies under the namespace's name" \
		"$(grep -v security.capability host_side/view)" "$(variants namespace_side/tree)"
	same "and only the capabilities are the kernel's" "usr/bin/cat security.capability" \
		"$(plain namespace_side/tree | sed 's/=.*//')"
}

# ext4_view() - IMAGE: the attributes of its files
ext4_view() {
	local file
	for file in / /etc /etc/hostname /bin /usr /usr/bin /usr/bin/cat; do
		debugfs -R "ea_list $file" "$1" 2>/dev/null | grep '=' | sed "s|^ *|$file |"
	done | sort
}

mke2fs_copies() {
	mke2fs -q -t ext4 -d host_side/tree host_side/ext4 8M >/dev/null
	check "mke2fs -d inside" \
		inside mke2fs -q -t ext4 -d namespace_side/tree namespace_side/ext4 8M
	same "the ext4 image carries what host root's does" "$(ext4_view host_side/ext4)" \
		"$(ext4_view namespace_side/ext4)"
	same "which is all" "$(wc -l <host_side/view)" "$(ext4_view namespace_side/ext4 | wc -l)"
}

mksquashfs_copies() {
	check "mksquashfs inside" inside mksquashfs namespace_side/tree namespace_side/squashfs \
		-quiet -no-progress -processors 1
	check "host root unpacks it" \
		unsquashfs -quiet -no-progress -processors 1 -dest host_side/unsquashed \
		namespace_side/squashfs
	same "and finds plain names" "$(<host_side/view)" "$(tree host_side/unsquashed)"
	check "unsquashfs inside" \
		inside unsquashfs -quiet -no-progress -processors 1 -dest namespace_side/unsquashed \
		namespace_side/squashfs
	same "shows the same inside" "$(<host_side/view)" "$(tree namespace_side/unsquashed inside)"
	same "on the host under the namespace's name" "$(variants namespace_side/tree)" \
		"$(variants namespace_side/unsquashed)"
}

bsdtar_copies() {
	check "bsdtar creates" \
		inside bsdtar --xattrs -C namespace_side -cf namespace_side/archive.tar tree
	mkdir host_side/untarred
	check "host root extracts that" \
		bsdtar --xattrs -C host_side/untarred -xpf namespace_side/archive.tar
	same "and finds plain names, too" "$(<host_side/view)" "$(tree host_side/untarred/tree)"
	inside mkdir namespace_side/untarred
	check "bsdtar extracts" \
		inside bsdtar --xattrs -C namespace_side/untarred -xpf namespace_side/archive.tar
	same "and it shows the same inside" "$(<host_side/view)" \
		"$(tree namespace_side/untarred/tree inside)"
}

make_trees
setfiles_labels
mke2fs_copies
mksquashfs_copies
bsdtar_copies
