#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# A whole Debian root file system: unpacked in a namespace, labelled and signed there, packed again.
# Thousands of files at a time, by host root for comparison.
#
# not in a machine: it makes a Debian root file system from package sources: there is no network

set -u
# shellcheck source=tests/lib/case.sh
. tests/lib/case.sh
# shellcheck source=tests/lib/scene.sh
. tests/lib/scene.sh
# shellcheck source=tests/lib/rootfs.sh
. tests/lib/rootfs.sh
needs setfattr getfattr mmdebstrap setfiles evmctl
scene_make

if ! tarball=$(rootfs_tarball); then
	skip "a Debian root file system" "mmdebstrap cannot make one: see above"
	exit
fi

# listing() - DIRECTORY [PREFIX…]: kind, owner, mode, size and target of everything in it
listing() {
	local directory=$1
	shift
	(cd "$directory" && "$@" find . -printf '%p %y %U:%G %m %l ' \
		\( -type f -printf '%s\n' -o -printf '\n' \)) 2>&1 | sort
}

unpack() {
	mkdir host_side namespace_side
	own namespace_side
	rootfs_extract host_side <"$tarball"
	check "tar unpacks it inside" rootfs_extract namespace_side inside <"$tarball"
	listing host_side >host_side.listing
	check "it has thousands of files" [ "$(wc -l <host_side.listing)" -gt 3000 ]
	same "inside, they are what they are for host root" "$(<host_side.listing)" \
		"$(listing namespace_side inside)"
	same "on the host, all belong to the namespace" "" \
		"$(find namespace_side \( -uid -100000 -o -gid -100000 \) -print -quit)"
}

label() {
	printf '%s\t%s\n' '/.*' system_u:object_r:root_t:s0 \
		'/etc(/.*)?' system_u:object_r:etc_t:s0 \
		'/usr/bin/.*' system_u:object_r:bin_t:s0 >file_contexts
	setfiles -F -r "$SCENE/host_side" file_contexts "$SCENE/host_side"
	check "setfiles labels all of it" \
		inside setfiles -F -r "$SCENE/namespace_side" file_contexts "$SCENE/namespace_side"
	check "evmctl hashes its programs" inside evmctl ima_hash -r namespace_side/usr/bin
	evmctl ima_hash -r host_side/usr/bin >/dev/null 2>&1
	tree host_side >view
	check "there is a label for each file" \
		[ "$(grep -c security.selinux view)" = "$(wc -l <host_side.listing)" ]
	check "there are hashes" [ "$(grep -c security.ima view)" -gt 200 ]
	same "inside, it is labelled as host root's" "$(<view)" "$(tree namespace_side inside)"
	same "on the host, all under the namespace's name" "$(<view)" "$(variants namespace_side)"
	same "and no plain name" "" "$(plain namespace_side)"
}

# archive() - what root of the namespace packs, written where it could not make a file
archive() {
	inside tar --xattrs --xattrs-include='*' --numeric-owner -C namespace_side -c . >archive.tar
}

pack() {
	check "tar packs it inside" archive
	mkdir unpacked
	check "host root unpacks that" \
		tar --xattrs --xattrs-include='*' --numeric-owner -C unpacked -xpf archive.tar
	same "and has files with the same owners" "$(<host_side.listing)" "$(listing unpacked)"
	same "and the same plain names" "$(<view)" "$(tree unpacked)"
}

unpack
label
pack
