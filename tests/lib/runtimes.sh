# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What tests with container runtimes share: surroundings that the runtimes can live in, an ordinary
# user with ranges of ids, and a small root file system.
#
# Sourced before everything else: it starts the script anew in a mount namespace of its own. There
# /run is empty, /sys/fs/cgroup is one that the runtimes know, and /etc/passwd can be written; all
# this, and what the runtimes mount, is gone when the script ends.

if [ -z "${RUNTIMES_ALONE-}" ]; then
	RUNTIMES_ALONE=1 exec unshare --mount --propagation private bash "$0" "$@"
fi
unset RUNTIMES_ALONE

# The ordinary user. The ranges are large enough for Samba, and nobody else's in these tests.
USER_ID=1700
USER_SUBID=10000000
USER_SUBCOUNT=5100000

# runtimes_make() - after scene_make(): prepare the surroundings
runtimes_make() {
	mount -t tmpfs -o mode=755 none /run || exit 1
	if [ "$(stat -f -c %T /sys/fs/cgroup)" != cgroup2fs ]; then
		umount -R /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup || exit 1
	fi
}

# runtimes_replace() - FILE: what standard input says becomes the content of a file in /etc, for us
runtimes_replace() {
	mkdir -p "$SCENE/etc"
	cat >"$SCENE/etc/$1"
	[ -e "/etc/$1" ] || : >"/etc/$1"
	mount --bind "$SCENE/etc/$1" "/etc/$1" || exit 1
}

# runtimes_make_user() - make the user, in our view of /etc; $as_member is what to put before a
# command of that user's
#
# With nothing in the environment that a login would not give, but for tests/run's mark.
runtimes_make_user() {
	local home=$SCENE/home
	mkdir "$home" "$home/run"
	chmod 700 "$home/run"
	chown -R "$USER_ID:$USER_ID" "$home"
	{ cat /etc/passwd && echo "member:x:$USER_ID:$USER_ID::$home:/bin/sh"; } | runtimes_replace passwd
	{ cat /etc/group && echo "member:x:$USER_ID:"; } | runtimes_replace group
	echo "member:$USER_SUBID:$USER_SUBCOUNT" | runtimes_replace subuid
	echo "member:$USER_SUBID:$USER_SUBCOUNT" | runtimes_replace subgid
	# shellcheck disable=SC2034 # used by those who source this
	as_member=(setpriv "--reuid=$USER_ID" "--regid=$USER_ID" --clear-groups -- env -i
		PATH="$PATH" LC_ALL=C HOME="$home" USER=member XDG_RUNTIME_DIR="$home/run"
		${NSXATTR_TEST:+NSXATTR_TEST="$NSXATTR_TEST"})
}

# What a container gets to run; the rest of its root file system follows from it.
# shellcheck disable=SC2034 # used by those who source this
RUNTIMES_PROGRAMS=(sh bash cat cp echo env false id kill ls ln mkdir mv readlink rm seq sleep stat
	tail touch true attr getfattr setfattr getcap setcap tar rsync xargs nproc chmod chown)

# runtimes_root() - DIRECTORY PROGRAM…: a root file system of these programs of the host's
runtimes_root() {
	local root=$1 program
	shift
	mkdir -p "$root"/{bin,etc,tmp,proc,sys,dev,run,root,mnt}
	ln -s bin "$root/sbin"
	chmod 1777 "$root/tmp"
	echo root:x:0:0::/root:/bin/sh >"$root/etc/passwd"
	echo root:x:0: >"$root/etc/group"
	for program; do
		program=$(command -v "$program") || return 1
		cp "$program" "$root/bin/" || return 1
		ldd "$program" 2>/dev/null
	done | grep -o '/[^ ]*' | sort -u | xargs cp --parents -t "$root" -L
}
