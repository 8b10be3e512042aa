# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# A plain user, who may do nothing on the host, and for whom ids are set aside, as they are in the user's
# own namespaces for their root. Sourced after scene.sh.

# builder_make() - after scene_make(): what says that there is one, and a program to start
builder_make() {
	printf '%s\n' root:x:0:0::/:/bin/sh builder:x:1000:1000::/:/bin/sh >passwd
	printf '%s\n' builder:300000:65536 root:1:1000 >subid
	install -m 755 "$NSXATTR" bin/nsxattr
}

# as_builder() - COMMAND…: as that user
#
# The files that say so are there in a mount namespace of its own.
as_builder() {
	# shellcheck disable=SC2016,SC2154 # for the shell that it starts; scene.sh has as_user
	unshare --mount sh -c '
		: >>/etc/subuid; : >>/etc/subgid
		mount --bind "$0/passwd" /etc/passwd && mount --bind "$0/subid" /etc/subuid &&
			mount --bind "$0/subid" /etc/subgid && exec "$@"' "$SCENE" "${as_user[@]}" "$@"
}
