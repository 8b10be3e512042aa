#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Containers of podman's, by way of its precreate hooks: of root's, with ids mapped as told and as
# podman chooses; and of an ordinary user's, whose containers root's daemon serves.

set -u
# shellcheck source=tests/lib/runtimes.sh
. tests/lib/runtimes.sh
# shellcheck source=tests/lib/case.sh
. tests/lib/case.sh
# shellcheck source=tests/lib/scene.sh
. tests/lib/scene.sh
needs podman crun newuidmap getfattr
IDMAP=$(realpath "${BUILD:-build}/tests/live/idmap-driver")
scene_make
runtimes_make
runtimes_make_user
install -m 755 "$NSXATTR" bin/nsxattr
podman_hooks

# pod_root(), pod_member() - COMMAND ARGUMENT…: podman, by root and by the user
pod_root() {
	podman --hooks-dir "$SCENE/hooks.d" --runtime=crun --cgroup-manager=cgroupfs "$@" </dev/null
}

# The kernel's own overlay: Debian's podman would copy whole images.
pod_member() {
	"${as_member[@]}" STORAGE_DRIVER=overlay podman --hooks-dir "$SCENE/hooks.d" "$@" </dev/null
}

# start() - PODMAN NAME POLICY OPTION… IMAGE: a container that waits for commands
start() {
	local pod=$1 name=$2 policy=$3
	shift 3
	"$pod" run --detach --rm ${name:+"--name=$name"} "${podman_options[@]}" \
		--annotation="io.nsxattr.policy=$policy" "$@" sleep infinity
}

make_roots() {
	mkdir root store
	runtimes_root root "${RUNTIMES_PROGRAMS[@]}"
	mkdir -p /var/lib/containers && mount --bind store /var/lib/containers
	tar -C root -c . | podman import --quiet - small >/dev/null
	tar -C root -c . | "${as_member[@]}" STORAGE_DRIVER=overlay podman import --quiet - small >/dev/null
}

make_policies() {
	mkdir policies
	cat >policies/roots.yaml <<-'END'
		version: 1
		attributes:
		  - { name: "security.*", scheme: suffix, inherit: none }
	END
	cat >policies/overlay.yaml <<-'END'
		version: 1
		store: user
		allow-users: [root, member]
		attributes:
		  - { name: "security.*", scheme: suffix }
		  - { name: security.capability, scheme: kernel }
		  - { name: "trusted.*", scheme: suffix }
	END
	cat >policies/matching.yaml <<-'END'
		version: 1
		match:
		  - { runtime: [podman], name: "samba-*" }
		allow-users: [root, member]
		attributes: []
	END
	cat >policies/annotated.yaml <<-'END'
		version: 1
		match:
		  - annotation: { key: org.example.tier, value: "file*" }
		allow-users: [root, member]
		attributes: []
	END
}

# make_shared() - DIRECTORY OWNER: one with a file that has the host's values
make_shared() {
	mkdir "$1"
	echo content >"$1/file"
	setfattr -n security.demo -v hosts "$1/file"
	chown -R "$2:$2" "$1"
}

# attributes() - WHO ROOT FILE COMMAND…: of /mnt/file, which is FILE on the host
attributes() {
	local who=$1 root=$2 file=$3
	shift 3
	same "$who sees the host's value" hosts "$(text security.demo /mnt/file "$@")"
	check "$who sets its own" "$@" setfattr -n security.demo -v own /mnt/file
	check "$who sets trusted.*" "$@" setfattr -n trusted.note -v own /mnt/file
	same "$who sees it" own "$(text security.demo /mnt/file "$@")"
	same "$who lists plain names" "security.demo trusted.note" "$(names /mnt/file "$@")"
	same "the host sees whose they are" \
		"security.demo security.demo@uid=$root trusted.note@uid=$root" "$(names "$file")"
	check "$who removes it" "$@" setfattr -x security.demo /mnt/file
	same "$who sees the host's again" hosts "$(text security.demo /mnt/file "$@")"
	setfattr -x "trusted.note@uid=$root" "$file"
}

# ---- root's ----

mapped_by_root() {
	make_shared shared 100500
	check "podman run --uidmap" start pod_root one default --uidmap=0:100000:65536 \
		--volume="$SCENE/shared:/mnt" small
	check "and another, of another root" start pod_root two default --uidmap=0:100001:65535 \
		--volume="$SCENE/shared:/mnt" small
	attributes "root's container" 100000 shared/file pod_root exec one
	check "one sets" pod_root exec one setfattr -n security.demo -v ones /mnt/file
	same "two sees the host's" hosts "$(text security.demo /mnt/file pod_root exec two)"
	check "two sets" pod_root exec two setfattr -n security.demo -v twos /mnt/file
	same "one sees its own" ones "$(text security.demo /mnt/file pod_root exec one)"
	same "in the log and the status it is podman's" "$(pod_root inspect --format '{{.Id}}' one)" \
		"$(daemon_status containers | grep -o "$(pod_root inspect --format '{{.Id}}' one)")"
	podman_kill pod_root one
	podman_kill pod_root two
}

mapped_by_podman() {
	local root file
	echo "containers:20000000:1000000" | tee -a etc/subuid >>etc/subgid
	check "podman run --userns=auto" start pod_root auto default --userns=auto small
	root=$(pod_root exec auto cat /proc/self/uid_map | awk '$1 == 0 { print $2 }')
	file=$(pod_root mount auto)/mnt/file
	echo content >"$file"
	setfattr -n security.demo -v hosts "$file"
	chown "$root:$root" "$file"
	attributes "a container with ids that podman chose" "$root" "$file" pod_root exec auto
	podman_kill pod_root auto
}

# moved() - COMMAND…: in a container with ids of podman's choice and the volume, idmapped, until it ends
moved() {
	pod_root run --rm "${podman_options[@]}" --annotation="io.nsxattr.policy=default" --userns=auto \
		--volume="$SCENE/moving:/mnt:idmap" small "$@"
}

# The volume's own ids begin at 0, and the second container gets other ids: the first one's are taken.
idmapped_by_podman() {
	mkdir moving
	echo content >moving/file
	check "a container with an idmapped volume sets" \
		start pod_root first default --userns=auto --volume="$SCENE/moving:/mnt:idmap" small
	check "its own values" pod_root exec first setfattr -n security.demo -v firsts /mnt/file
	check "and a file capability" pod_root exec first setcap cap_net_raw=ep /mnt/file
	same "the next one has other ids" "different" \
		"$([ "$(pod_root exec first cat /proc/self/uid_map)" = "$(moved cat /proc/self/uid_map)" ] ||
			echo different)"
	same "and is shown the capability by the kernel" "/mnt/file cap_net_raw=ep" "$(moved getcap /mnt/file)"
	if "$IDMAP"; then
		values_stay
	else
		values_are_apart
	fi
	podman_kill pod_root first
}

values_stay() {
	same "on the host the values have the volume's number" "security.capability security.demo@uid=0" \
		"$(names moving/file)"
	same "the next one sees the values" firsts "$(text security.demo /mnt/file moved)"
	check "it replaces them" moved setfattr -n security.demo -v seconds /mnt/file
	same "which the first one sees" seconds "$(text security.demo /mnt/file pod_root exec first)"
	check "and removes them" moved setfattr -x security.demo /mnt/file
	same "so that nothing is left" "security.capability" "$(names moving/file)"
}

# Before Linux 6.18 the kernel does not tell the map of the volume.
values_are_apart() {
	local number
	number=$(pod_root exec first cat /proc/self/uid_map | awk '$1 == 0 { print $2 }')
	same "on the host the values have the container's number" "security.capability security.demo@uid=$number" \
		"$(names moving/file)"
	same "the next one does not see the values" "/mnt/file: security.demo: No such attribute" \
		"$(text security.demo /mnt/file moved | but_kernel)"
	check "the first one removes them" pod_root exec first setfattr -x security.demo /mnt/file
	same "so that nothing is left" "security.capability" "$(names moving/file)"
}

# ---- the user's ----

mapped_by_user() {
	make_shared home/shared "$USER_ID"
	check "podman run by an ordinary user" start pod_member mine default \
		--volume="$SCENE/home/shared:/mnt" small
	attributes "the user's container" "$USER_ID" home/shared/file pod_member exec mine
	local set=(pod_member exec mine setfattr -n security.demo -v own /etc/passwd)
	if kernel_checks; then
		fails "on the overlay that it has mounted the kernel keeps nothing in security.*" \
			"Operation not permitted" "${set[@]}"
	else
		check "on the overlay that it has mounted a kernel that checks no change keeps security.*" "${set[@]}"
		same "as the container's" "security.demo@uid=$USER_ID" \
			"$(find home/.local/share/containers/storage/overlay/*/diff/etc/passwd |
				while read -r file; do names "$file"; done | grep -o 'security[^ ]*')"
	fi
	podman_kill pod_member mine
}

# Neither of their roots is the user, so neither is around the other.
two_of_the_user() {
	chown $((USER_SUBID + 500)):$((USER_SUBID + 500)) home/shared/file
	check "two containers of the user's, with roots of their own" \
		start pod_member one default --uidmap=0:1:1000 --volume="$SCENE/home/shared:/mnt" small
	check "that share a directory" \
		start pod_member two default --uidmap=0:2:1000 --volume="$SCENE/home/shared:/mnt" small
	check "one sets" pod_member exec one setfattr -n security.demo -v ones /mnt/file
	same "two sees the host's" hosts "$(text security.demo /mnt/file pod_member exec two)"
	check "two sets" pod_member exec two setfattr -n security.demo -v twos /mnt/file
	same "one sees its own" ones "$(text security.demo /mnt/file pod_member exec one)"
	same "the host sees whose they are" \
		"security.demo security.demo@uid=$USER_SUBID security.demo@uid=$((USER_SUBID + 1))" \
		"$(names home/shared/file)"
	podman_kill pod_member one
	podman_kill pod_member two
}

overlay_of_the_user() {
	check "a container with 'store: user'" start pod_member overlaid overlay small
	check "sets on a file of its image" \
		pod_member exec overlaid setfattr -n security.demo -v own /etc/passwd
	same "sees it" own "$(text security.demo /etc/passwd pod_member exec overlaid)"
	same "lists the plain name" "security.demo" "$(names /etc/passwd pod_member exec overlaid)"
	check "sets on a new file" pod_member exec overlaid \
		sh -c 'echo >/new && setfattr -n trusted.note -v own /new'
	same "and lists it" trusted.note "$(names /new pod_member exec overlaid)"
	same "on the host they lie in the upper layer, in user.*" \
		"user.nsxattr.$USER_ID.security.demo user.nsxattr.$USER_ID.trusted.note" \
		"$(find home/.local/share/containers/storage/overlay/*/diff -name new -o -name passwd |
			while read -r file; do names "$file"; done | tr ' ' '\n' | grep nsxattr | sort | xargs)"
	check "setcap is the kernel's own" pod_member exec overlaid setcap cap_net_raw=ep /bin/cat
	same "and the kernel has it" "/bin/cat cap_net_raw=ep" "$(pod_member exec overlaid getcap /bin/cat)"
	packed_by_podman
	podman_kill pod_member overlaid
}

# podman leaves out what archive/tar of Go refuses, and says nothing: a file with an '=' in an attribute's name.
packed_by_podman() {
	check "podman export" pod_member export -o "$SCENE/home/exported.tar" overlaid
	same "has the files with values" "etc/passwd new" \
		"$(tar -tf home/exported.tar | grep -xE 'etc/passwd|new' | sort | xargs)"
	same "and the values" "user.nsxattr.$USER_ID.security.demo user.nsxattr.$USER_ID.trusted.note" \
		"$(tar --xattrs --xattrs-include='*' -tvvf home/exported.tar |
			grep -o 'user\.nsxattr\..*' | sort | xargs)"
	check "podman cp" pod_member cp overlaid:/etc/passwd "$SCENE/home/copied"
	check "brings the file" test -s home/copied
	check "podman commit" pod_member commit --quiet overlaid committed
	check "a container of that image" start pod_member again overlay committed
	same "has the value" own "$(text security.demo /etc/passwd pod_member exec again)"
	same "and that of the new file" own "$(text trusted.note /new pod_member exec again)"
	podman_kill pod_member again
}

# is_absent() - PODMAN NAME: is there no such container, and nothing of it at the daemon?
is_absent() {
	! "$1" container exists "$2" && [ "$(daemon_status containers)" = "[]" ]
}

# podman 4.3 keeps to itself what a hook says, which therefore says it on podman's own standard error.
refusals() {
	fails "a policy that is not the user's: podman says why it starts nothing" \
		"policy 'roots' is not for user $USER_ID: they are not in its allow-users" \
		start pod_member refused roots small
	check "and there is no container" is_absent pod_member refused
	fails "a policy that is not there" "there is no policy 'overlya' (did you mean 'overlay'?)" \
		start pod_member unknown overlya small
	fails "root's container without a user namespace of its own" \
		"the container has no user namespace of its own" start pod_root plain default small
	check "is not there either" is_absent pod_root plain
	check "unless an annotation says that it is meant" start pod_root plain default \
		--annotation=io.nsxattr.host-namespace=allow small
	podman_kill pod_root plain
	check "a policy that leaves all to the kernel needs none" start pod_root plain kernel small
	podman_kill pod_root plain
	local podman_options=("${podman_options[@]/--cap-add=sys_admin/--cap-add=chown}")
	same "no CAP_SYS_ADMIN inside is a warning" 1 "$(start pod_root weak default \
		--uidmap=0:100000:65536 small 2>&1 >/dev/null |
		grep -c "nsxattr: warning: no process in the container can have CAP_SYS_ADMIN")"
	podman_kill pod_root weak
}

# named_by_podman() - PODMAN WHO OPTION…: 'match' compares --name, and the status shows it
named_by_podman() {
	local pod=$1 who=$2 id
	shift 2
	check "$who container that is named by --name alone" start "$pod" samba-one "" "$@" small
	id=$("$pod" inspect --format '{{.Id}}' samba-one)
	same "$who container has the policy that matches its name" "samba-one matching" \
		"$(status_of "$id" name) $(status_of "$id" policy)"
	same "the table has its name beside its id" "${id:0:12} samba-one" \
		"$("$NSXATTR" status | awk -v id="${id:0:12}" '$2 == id { print $2, $3 }')"
	"$pod" exec samba-one true
	same "an exec leaves the name" samba-one "$(status_of "$id" name)"
	podman_kill "$pod" samba-one
	check "$who container with a name of podman's own choice" start "$pod" "" "" "$@" small
	id=$("$pod" ps --quiet --no-trunc)
	same "has that name" "$("$pod" inspect --format '{{.Name}}' "$id")" "$(status_of "$id" name)"
	podman_kill "$pod" "$id"
	check "$who container with an annotation" start "$pod" other "" \
		--annotation=io.nsxattr.name=samba-two "$@" small
	id=$("$pod" inspect --format '{{.Id}}' other)
	same "goes by that before its name" "samba-two matching" \
		"$(status_of "$id" name) $(status_of "$id" policy)"
	podman_kill "$pod" other
	check "$who container that matches by an annotation" start "$pod" other "" \
		--annotation=org.example.tier=files "$@" small
	id=$("$pod" inspect --format '{{.Id}}' other)
	same "has that policy" annotated "$(status_of "$id" policy)"
	podman_kill "$pod" other
}

# status_of() - ID KEY: what the status says of a container
status_of() {
	daemon_status containers | /usr/bin/python3 -c '
import json, sys
print(*(c[sys.argv[2]] for c in json.load(sys.stdin) if c["id"] == sys.argv[1]))' "$@"
}

absent_daemon() {
	daemon_stop
	fails "without the daemon podman starts no container" "nsxattrd does not listen at" \
		start pod_member absent default small
}

make_roots
make_policies
daemon_start || {
	not_ok "nsxattrd starts" "$(cat daemon.log)"
	exit
}
mapped_by_root
mapped_by_podman
idmapped_by_podman
mapped_by_user
two_of_the_user
overlay_of_the_user
named_by_podman pod_root "root's" --uidmap=0:100000:65536
named_by_podman pod_member "the user's"
refusals
absent_daemon
podman_end
