#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# nsxattr run in a rootless container of podman's, as its root: with the capabilities that podman gives, with
# all, and as another user of the container's.

set -u
# shellcheck source=tests/lib/runtimes.sh
. tests/lib/runtimes.sh
# shellcheck source=tests/lib/case.sh
. tests/lib/case.sh
# shellcheck source=tests/lib/scene.sh
. tests/lib/scene.sh
needs podman crun newuidmap getfattr
scene_make
runtimes_make
runtimes_make_user
mkdir root
runtimes_root root "${RUNTIMES_PROGRAMS[@]}" chown mount unshare "$NSXATTR"
tar -C root -c . | "${as_member[@]}" STORAGE_DRIVER=overlay podman import --quiet - small >/dev/null
mkdir data
echo content >data/f
echo content >data/g
chown -R "$USER_ID:$USER_ID" data

# in_container() - OPTION… -- COMMAND…
in_container() {
	local given=()
	while [ "$1" != -- ]; do
		given+=("$1")
		shift
	done
	shift
	"${as_member[@]}" STORAGE_DRIVER=overlay podman run --rm --cgroups=disabled --network=none \
		--ulimit=nofile=1024:1024 --ulimit=nproc=1000:1000 "${given[@]}" -v "$SCENE/data:/mnt" -w /mnt \
		small "$@" </dev/null 2>&1
}

labels='setfattr -n security.ima -v 0x03 f && getfattr -e hex -n security.ima f && ls -l f >/dev/null &&
	setfattr -n user.a -v x f && getfattr -d -m - f && setfattr -x user.a f'

has_labels='# file: f
security.ima=0x03

# file: f
security.ima=0sAw==
user.a="x"'

# works() - NAME NUMBER OPTION…: nsxattr run labels there, and what NUMBER the label has on the host
works() {
	local name=$1 number=$2
	shift 2
	same "$name: labels" "$has_labels" "$(in_container "$@" -- nsxattr run -- sh -c "$labels")"
	same "$name: on the host" "user.nsxattr.$number.security.ima" "$(names data/f)"
	setfattr -x "user.nsxattr.$number.security.ima" data/f 2>/dev/null
	same "$name: labels, by processes, alone" "$has_labels" \
		"$(in_container "$@" -- nsxattr run -r --debug=resolver=process -- sh -c "$labels")"
	setfattr -x "user.nsxattr.$number.security.ima" data/f 2>/dev/null
}

works "root, with podman's capabilities" "$USER_ID"
works "root, with CAP_SYS_ADMIN" "$USER_ID" --cap-add=sys_admin
works "root, with all capabilities" "$USER_ID" --privileged
same "all ids of the container are there" "0 0 1 1 1 $USER_SUBCOUNT" \
	"$(in_container -- nsxattr run -- cat /proc/self/uid_map | xargs)"
same "files can be given to them" "5 5" \
	"$(in_container -- nsxattr run -- sh -c 'chown 5:5 g && ls -ln g' | awk '{ print $3, $4 }')"
chown $((USER_SUBID + 4)):$((USER_SUBID + 4)) data/f
works "another user of the container's" $((USER_SUBID + 4)) --user=5:5
podman_end
