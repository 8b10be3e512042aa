#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Rootless podman as a user has it: on fuse-overlayfs, and on the kernel's overlay. A container gets values under the
# policy that docs/containers.md names; they are in the image that podman commits, in the archive that it exports,
# and on the files that it copies.

set -u
# shellcheck source=tests/lib/runtimes.sh
. tests/lib/runtimes.sh
# shellcheck source=tests/lib/case.sh
. tests/lib/case.sh
# shellcheck source=tests/lib/scene.sh
. tests/lib/scene.sh
needs podman crun newuidmap getfattr fuse-overlayfs tar
scene_make
runtimes_make
runtimes_make_user
install -m 755 "$NSXATTR" bin/nsxattr
podman_hooks

STORED="user.nsxattr.$USER_ID"

# pod() - COMMAND ARGUMENT…: the user's podman, on the storage that $storage says
pod() {
	"${as_member[@]}" "${storage[@]}" podman --hooks-dir "$SCENE/hooks.d" "$@" </dev/null
}

# start() - NAME IMAGE: a container that waits for commands
start() {
	pod run --detach --name="$1" "${podman_options[@]}" --annotation=io.nsxattr.policy=user "$2" \
		sleep infinity
}

# values() - FILE [PREFIX…]: all that getfattr shows, on a line
values() {
	local file=$1
	shift
	"$@" getfattr -dh --absolute-names -m - -- "$file" 2>&1 | sed -e '/^# file: /d' -e '/^$/d' |
		unescape | sort | paste -sd' '
}

# has_values() - WHO CONTAINER: what was set in "one" is there
has_values() {
	same "$1 has the values of a file of the image" \
		'security.ima="own" trusted.note="own" user.comment="own"' \
		"$(values /etc/passwd pod exec "$2")"
	same "$1 has those of a new file and of a directory" 'security.NTACL="new" security.NTACL="folder"' \
		"$(values /folder/new pod exec "$2") $(values /folder pod exec "$2")"
	same "$1 has the file capabilities" "/bin/cat cap_net_raw=ep" "$(pod exec "$2" getcap /bin/cat)"
}

sets_values() {
	check "$1 sets on a file of its image" pod exec one sh -ec '
		setfattr -n security.ima -v own /etc/passwd
		setfattr -n trusted.note -v own /etc/passwd
		setfattr -n user.comment -v own /etc/passwd'
	check "$1 sets on what is new" pod exec one sh -ec 'mkdir /folder && echo new >/folder/new
		setfattr -n security.NTACL -v folder /folder
		setfattr -n security.NTACL -v new /folder/new'
	check "$1 sets file capabilities" pod exec one setcap cap_net_raw=ep /bin/cat
	same "$1: ls says nothing of errors" "" "$(pod exec one ls -lR /etc /folder 2>&1 >/dev/null)"
	check "$1: cp -a" pod exec one cp -a /etc/passwd /folder/copy
	same "$1: it copies all that is seen" "$(values /etc/passwd pod exec one)" \
		"$(values /folder/copy pod exec one)"
	has_values "$1" one
}

commits() {
	check "$1: podman commit" pod commit --quiet one committed
	check "$1: a container of the image" start two committed
	has_values "$1: it" two
	podman_kill pod two
}

exports() {
	check "$1: podman export" pod export --output="$SCENE/home/$2.tar" one
	same "$1: every file is in the archive" "" "$(
		comm -23 <(pod exec one sh -c 'cd / && ls -d etc/passwd folder/new folder/copy bin/*' | sort) \
			<(tar -tf "home/$2.tar" | sort)
	)"
	mkdir "$2"
	tar --xattrs --xattrs-include='*' -xf "home/$2.tar" -C "$2"
	same "$1: with the values, under their stored names" \
		"user.comment=\"own\" $STORED.security.ima=\"own\" $STORED.trusted.note=\"own\"" \
		"$(values "$2/etc/passwd")"
	check "$1: podman import" pod import --quiet "$SCENE/home/$2.tar" imported
	check "$1: a container of what was imported" start three imported
	same "$1: it has the values" "$(values /etc/passwd pod exec one)" "$(values /etc/passwd pod exec three)"
	podman_kill pod three
}

copies() {
	check "$1: podman cp out of a container" pod cp one:/folder "$SCENE/home/$2.folder"
	same "$1: the file is there" new "$(cat "home/$2.folder/new")"
	same "$1: with its value" "$STORED.security.NTACL=\"new\"" "$(values "home/$2.folder/new")"
	check "$1: and into another" start four small
	check "$1: podman cp" pod cp "$SCENE/home/$2.folder" four:/folder
	same "$1: which has the value" 'security.NTACL="new"' "$(values /folder/new pod exec four)"
	podman_kill pod four
}

# on() - NAME STORAGE…: all of it
on() {
	local name=$1
	shift
	storage=("$@")
	tar -C root -c . | "${as_member[@]}" "${storage[@]}" podman import --quiet - small >/dev/null
	check "$name: podman run" start one small
	sets_values "$name"
	commits "$name"
	exports "$name" "${name// /-}"
	copies "$name" "${name// /-}"
	podman_kill pod one
	pod rm --all --force >/dev/null
}

# What a distribution lets every user open.
fuse_make() {
	mknod fuse c 10 229 && chmod 666 fuse && mount --bind fuse /dev/fuse
}

fuse_make || exit 1
mkdir root
runtimes_root root "${RUNTIMES_PROGRAMS[@]}"
daemon_start || {
	not_ok "nsxattrd starts" "$(cat daemon.log)"
	exit
}
on "fuse-overlayfs" STORAGE_DRIVER=overlay STORAGE_OPTS=overlay.mount_program=/usr/bin/fuse-overlayfs
podman_end
await eval "! test -e /proc/$(cat "$SCENE/home/run/libpod/tmp/pause.pid" 2>/dev/null || echo none)"
rm -rf home/.local/share/containers home/run/libpod
on "overlay" STORAGE_DRIVER=overlay
podman_end
daemon_stop
