#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# nsxattr run inside a user namespace that another program made: as its root, with and without ids beside the
# user's own, one and two deep; and under fakeroot(1), which says that a plain user is root. The user's login
# is an ordinary one. What works there without nsxattr works with it.

set -u
# shellcheck source=tests/lib/case.sh
. tests/lib/case.sh
# shellcheck source=tests/lib/scene.sh
. tests/lib/scene.sh
# shellcheck source=tests/lib/builder.sh
. tests/lib/builder.sh
needs setfattr getfattr setpriv newuidmap newgidmap unshare bwrap fakeroot
scene_make
builder_make

# Where nsxattr is started.
places=("unshare -r" "unshare -rm" "unshare -rm --map-auto" "unshare -r unshare -r" "unshare -c"
	"bwrap --dev-bind / / --unshare-user --uid 0 --gid 0 --cap-add ALL"
	"bwrap --dev-bind / / --unshare-user --uid 0 --gid 0 --cap-add CAP_SETFCAP" "fakeroot")

# The number in the names of its root's values, as the namespace around it counts.
number_of() {
	case $1 in
	*"unshare -r unshare -r") echo 0 ;;
	*) echo 1000 ;;
	esac
}

at() {
	local place=$1
	shift
	# shellcheck disable=SC2086 # words
	(cd home && as_builder $place "$@")
}

make_home() {
	rm -rf home shared
	mkdir -m 700 home
	mkdir home/directory
	echo content >home/f
	chown -R 1000:1000 home
	mkdir shared
	echo shared >shared/file
	chown -R 1001:2000 shared
	chmod 2770 shared
	chmod 660 shared/file
}

labels='ls -l f >/dev/null && setfattr -n security.ima -v 0x03 f && getfattr -e hex -n security.ima f &&
	getfattr -m - f && setfattr -x security.ima f && ! getfattr -n security.ima f'

has_labels='# file: f
security.ima=0x03

# file: f
security.ima

f: security.ima: No such attribute'

# shellcheck disable=SC2016
works='ls -ld --time-style=+ f . "$SHARED" "$SHARED/file"; cat f "$SHARED/file"; id -G
	setfattr -n user.a -v x f; getfattr -n user.a f; getfattr -d -m - f; setfattr -x user.a f
	getfattr -n user.a ./directory/../f; setfattr -n user.a -v x "$SHARED/file"
	getfattr -d "$SHARED/file"; setfattr -x user.a "$SHARED/file"; setfattr -n user.a -v x /etc/passwd
	cp -a f directory/; chown 5:5 directory/f; ls -l --time-style=+ directory; rm directory/f
	mount -t tmpfs none directory && ls directory'

# works_at() - PLACE OPTION…: labels, and what is the same as by unshare(1) in the same place
works_at() {
	local place=$1 stored
	shift
	same "$place: run $*: labels" "$has_labels" \
		"$(at "$place" env -u LD_PRELOAD "$SCENE/bin/nsxattr" run "$@" -- sh -c "$labels" 2>&1)"
	at "$place" env -u LD_PRELOAD "$SCENE/bin/nsxattr" run "$@" -- \
		setfattr -n security.a -v own f 2>said
	stored=$(names home/f)
	same "$place: run $*: whose it is on the host" "user.nsxattr.$(number_of "$place").security.a" "$stored"
	setfattr -x "$stored" home/f
	same "$place: run $*: nothing is said" "" "$(<said)"
}

everywhere() {
	local place
	for place in "${places[@]}"; do
		works_at "$place"
		works_at "$place" -r
		works_at "$place" --debug=resolver=process
		works_at "$place" -r --debug=resolver=ring -p user
		# Who may map no ids but its own needs newuidmap(1).
		[[ $place == *fakeroot || $place == *-c || $place == *CAP_SETFCAP ]] && continue
		works_at "$place" --map-auto
		works_at "$place" -r --map-auto
	done
}

# What is the same as without us; the namespace of the same place, made by unshare(1).
never_worse() {
	local place
	for place in "unshare -r" "unshare -rm" "unshare -rm --map-auto" "unshare -r unshare -r"; do
		same "$place: the same as without us" \
			"$(at "$place" env SHARED="$SCENE/shared" unshare -rm sh -c "$works" 2>&1)" \
			"$(at "$place" env SHARED="$SCENE/shared" "$SCENE/bin/nsxattr" run -r \
				sh -c "$works" 2>&1)"
	done
	same "each id of ours is there" "0 0 1 1 1 65535" "$(at "unshare -rm --map-auto" \
		"$SCENE/bin/nsxattr" run cat /proc/self/uid_map | xargs)"
	same "and the groups of the login" "$(at "unshare -rm --map-auto" id -G)" \
		"$(at "unshare -rm --map-auto" "$SCENE/bin/nsxattr" run id -G)"
}

# The supervisor has an empty root directory, and holds no mount of the user's.
confined() {
	# shellcheck disable=SC2016
	local look='sed -n "s/.*the supervisor is process //p" said | tail -n 1 |
		xargs -I PID sh -c "ls -A /proc/PID/root/; cut -d\" \" -f2 /proc/PID/mounts"'
	same "a mount namespace that has no other mount" / \
		"$(at "unshare -r" "$SCENE/bin/nsxattr" run -v sh -c "$look" 2>home/said)"
	same "a directory that is mounted nowhere" "" \
		"$(at "unshare -rm --map-auto" "$SCENE/bin/nsxattr" run -v sh -c "$look" 2>home/said)"
}

# On a kernel that does not check, root of the namespace around us has no say over the host's file systems.
unchecked_kernel() {
	local place
	for place in "unshare -r" "unshare -rm --map-auto" "unshare -r unshare -r"; do
		at "$place" "$SCENE/bin/nsxattr" run -v -N --debug=kernel-checks=no \
			setfattr -n security.demo -v x f >said 2>&1
		same "$place: nothing is left to a kernel that does not check" \
			"setxattr security.demo: EPERM: nsxattr cannot take on the ids and groups of the process" \
			"$(sed -n 's/^nsxattr: \[[0-9]*\] //p' said)"
	done
}

refusals() {
	fails "ids that are not here" "has no user id 100000" at "unshare -r" \
		"$SCENE/bin/nsxattr" run --map-users=0:100000:5 --map-groups=0:0:1 true
	fails "nor those that are set aside" "/etc/subuid: the user namespace that we are in has no user id" \
		at "unshare -c" "$SCENE/bin/nsxattr" run --map-auto true
	fails "no id of ours" "has no user id of ours" at "unshare -U" "$SCENE/bin/nsxattr" run true
	fails "no id of ours, whatever is mapped" "has no user id of ours" \
		at "unshare -U" "$SCENE/bin/nsxattr" run -r --map-auto true
	fails "no value in security.*" "outside of this user namespace" at "unshare -r" \
		"$SCENE/bin/nsxattr" run -p "$SCENE/security.yaml" true
	fails "root that may not map itself" "needs CAP_SETFCAP" \
		at "bwrap --dev-bind / / --unshare-user --uid 0 --gid 0" "$SCENE/bin/nsxattr" run true
	same "root of the host is told that nothing is kept apart, in one line" 1 \
		"$("$NSXATTR" run -r true 2>&1 | grep -c "nothing is kept apart")"
	same "also where it is root of a namespace" 1 \
		"$(unshare -r "$NSXATTR" run true 2>&1 | grep -c "nothing is kept apart")"
	same "and nothing else" 1 "$("$NSXATTR" run -r true 2>&1 | wc -l)"
	same "nor anything where nothing is to be kept apart" "" "$("$NSXATTR" run -r -p kernel true 2>&1)"
}

preloaded() {
	# shellcheck disable=SC2016 # for the shell inside
	same "under fakeroot: a command is under it as it was" "0 libfakeroot-sysv.so root" \
		"$(at "" fakeroot "$SCENE/bin/nsxattr" run sh -c 'id -u; echo "$LD_PRELOAD"; stat -c %U f' | xargs)"
	same "under fakeroot: its labels are nsxattr's where the command leaves fakeroot" "$has_labels" \
		"$(at "" fakeroot "$SCENE/bin/nsxattr" run env -u LD_PRELOAD sh -c "$labels" 2>&1)"
}

# Shown as 65534, which the namespace has as well. Natively it may write user.* there, and so could the store.
strangers() {
	echo stranger >stranger
	chmod 666 stranger
	fails "what belongs to none of our ids" "Operation not permitted" at "unshare -rm --map-auto" \
		"$SCENE/bin/nsxattr" run setfattr -n security.a -v own "$SCENE/stranger"
	same "and has no value" "" "$(names stranger)"
}

make_home
printf '%s\n' 'version: 1' 'store: security' 'attributes: [{ name: "security.*", scheme: suffix }]' >security.yaml
everywhere
never_worse
confined
unchecked_kernel
refusals
strangers
preloaded
