#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Images that an ordinary user builds with buildah, without any privilege: the capabilities and
# signatures that the build's steps set are in the archive that is pushed, as if host root had built.
#
# What buildah packs is its own affair: security.capability, security.ima and user.*, but neither
# security.selinux nor trusted.*. The archive of host root's build, without nsxattr, is the measure.

set -u
# shellcheck source=tests/lib/runtimes.sh
. tests/lib/runtimes.sh
# shellcheck source=tests/lib/case.sh
. tests/lib/case.sh
# shellcheck source=tests/lib/scene.sh
. tests/lib/scene.sh
needs buildah newuidmap setfattr setcap
scene_make
runtimes_make
runtimes_make_user
install -m 755 "$NSXATTR" "$SCENE/bin/nsxattr"

make_context() {
	mkdir context
	runtimes_root context/root sh cat ls setfattr getfattr setcap getcap
	cat >context/Containerfile <<-'END'
		FROM scratch
		COPY root /
		RUN setfattr -n security.ima -v 0x0302aa00ff /bin/cat && setcap cap_net_raw=ep /bin/cat
		RUN setfattr -n security.selinux -v system_u:object_r:etc_t:s0 /etc/passwd && \
			setfattr -n trusted.note -v built /bin/cat && \
			setfattr -n user.note -v built /bin/cat && \
			getfattr -h -d -m - -e hex /bin/cat /etc/passwd >/seen
	END
	chmod -R go+rX context
}

# What `buildah unshare` says to the buildah in it; nsxattr run has made the namespace instead.
in_namespace=("${as_member[@]}" STORAGE_DRIVER=vfs _CONTAINERS_USERNS_CONFIGURED=done
	_CONTAINERS_ROOTLESS_UID="$USER_ID" _CONTAINERS_ROOTLESS_GID="$USER_ID"
	"$SCENE/bin/nsxattr" run --map-root-user --map-auto --)
on_host=(env STORAGE_DRIVER=vfs)

# build() - TAG PREFIX…: chroot isolation starts no runtime; setting security.* and trusted.* needs
# the capability, which buildah withholds from steps unless told
build() {
	local tag=$1
	shift
	"$@" buildah build --quiet --isolation=chroot --cap-add=CAP_SYS_ADMIN --timestamp=0 \
		--tag="$tag" context
}

# layers() - DIRECTORY: the paths of the layers of an image
layers() {
	find "$1" -type f -exec sh -c 'tar -tzf "$1" >/dev/null 2>&1' - {} \; -print
}

# carried() - LAYER: the attributes that it carries, each with the value
carried() {
	/usr/bin/python3 - "$1" <<-'END'
		import sys, tarfile
		for member in tarfile.open(sys.argv[1]):
		    for name, value in sorted(member.pax_headers.items()):
		        if name.startswith("SCHILY.xattr."):
		            value = value.encode("utf-8", "surrogateescape").hex()
		            print(member.name, f"{name[13:]}=0x{value}")
	END
}

# seen() - LAYER: what the last step has seen
seen() {
	tar -xzOf "$1" seen | by_file
}

make_images() {
	mkdir host_side namespace_side store namespace_side/unpacked
	chown "$USER_ID:$USER_ID" namespace_side
	mkdir -p /var/lib/containers && mount --bind store /var/lib/containers
	check "host root builds" build host "${on_host[@]}"
	check "and pushes to a directory" \
		"${on_host[@]}" buildah push --quiet host "dir:$SCENE/host_side/directory"
	fails "the user cannot build it without nsxattr" "Operation not permitted" \
		build alone "${as_member[@]}" STORAGE_DRIVER=vfs
	check "with nsxattr the same user can" build namespace "${in_namespace[@]}"
	check "pushes it to a directory" "${in_namespace[@]}" \
		buildah push --quiet namespace "dir:$SCENE/namespace_side/directory"
	check "and to an archive" "${in_namespace[@]}" \
		buildah push --quiet namespace "oci-archive:$SCENE/namespace_side/archive.tar"
	tar -C namespace_side/unpacked -xf namespace_side/archive.tar
}

pushed_images_carry_the_attributes() {
	local host directory archive
	mapfile -t host < <(layers host_side/directory)
	mapfile -t directory < <(layers namespace_side/directory)
	mapfile -t archive < <(layers namespace_side/unpacked)
	same "each image has one layer" "1 1 1" "${#host[@]} ${#directory[@]} ${#archive[@]}"
	same "the steps have seen what host root's have" "$(seen "${host[0]}")" \
		"$(seen "${directory[0]}")"
	same "which is all five attributes" 5 "$(seen "${directory[0]}" | wc -l)"
	carried "${directory[0]}" >carried
	same "the directory carries capabilities, signatures and user.*, and no more" \
		"bin/cat security.capability=0x0100000200200000000000000000000000000000
bin/cat security.ima=0x0302aa00ff
bin/cat user.note=0x6275696c74" "$(<carried)"
	same "as host root's does" "$(carried "${host[0]}")" "$(<carried)"
	same "as the archive does" "$(carried "${archive[0]}")" "$(<carried)"
}

# The values lie in user.* of the user's own files: nothing of it is the host's.
values_are_the_users() {
	local storage=home/.local/share/containers/storage
	same "on the host, capabilities are all there is in security.*" security.capability \
		"$(getfattr -Rh -m '^(security|trusted)' $storage 2>/dev/null |
			grep -v '^# file' | sort -u | xargs)"
}

make_context
make_images
pushed_images_carry_the_attributes
values_are_the_users
