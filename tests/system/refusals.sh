#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# A refused call leaves the inode byte for byte as it was, and limits hold: on every kind of file system,
# with every store. File systems differ in what they do with a set that asks for a contradiction, in what
# they write before they object, and in whether they copy a file first.

set -u
# shellcheck source=tests/lib/case.sh
. tests/lib/case.sh
# shellcheck source=tests/lib/scene.sh
. tests/lib/scene.sh
needs setfattr python3 mkfs.ext4 mkfs.xfs mkfs.btrfs bindfs
scene_make
install -m 755 "$REPOSITORY/tests/lib/refusals.py" bin/refusals

stores=(security user trusted)

make_policies() {
	local store
	for store in "${stores[@]}"; do
		cat >"$store.yaml" <<-END
			version: 1
			store: $store
			attributes:
			- { name: "security.*", scheme: suffix }
			- { name: "trusted.*", scheme: suffix }
			- { name: security.one, scheme: suffix, limit: one }
			- { name: security.hidden, scheme: hide }
			- { name: trusted.hidden, scheme: hide }
			- { name: user.hidden, scheme: hide }
			- { name: security.denied, scheme: deny }
			- { name: trusted.denied, scheme: deny }
			- { name: user.denied, scheme: deny }
			- { name: security.none, scheme: unsupported }
			- { name: trusted.none, scheme: unsupported }
			- { name: user.none, scheme: unsupported }
			limits: { attributes-per-file: 3, value-size: 100 }
		END
	done
}

# take_over() - NAME: what refusals.py says, as cases of our own
take_over() {
	local line title='' detail='' verdict=''
	while IFS= read -r line; do
		case $line in
		"# "*) detail+=${line#"# "}$'\n' && continue ;;
		esac
		take_over_one "$1"
		verdict=${line%% - *} title=${line#* - } detail=
	done
	take_over_one "$1"
}

# take_over_one() - NAME: the case that was read, if any
take_over_one() {
	case $verdict in
	ok) ok "$1: $title" ;;
	"not ok") not_ok "$1: $title" "$detail" ;;
	"") ;;
	*) not_ok "$1: a line" "$verdict" ;;
	esac
}

# refuses() - NAME STORE FILES OBSERVED…: those that do not hold are shown, those that do are counted
refuses() {
	local name=$1 store=$2 files=$3 failed
	shift 3
	bin/refusals "$store" "$files" "$@" -- "$NSXATTR" run "${options[@]}" -p "$store.yaml" \
		--map-users="0:$INSIDE_ROOT:$INSIDE_COUNT" --map-groups="0:$INSIDE_ROOT:$INSIDE_COUNT" \
		-- >refusals.log 2>refusals.error
	same "$name, store $store: nothing is said" "" "$(<refusals.error)"
	failed=$(grep -c '^not ok' refusals.log)
	if [ "$failed" -eq 0 ]; then
		check "$name, store $store: refused calls change nothing" grep -q '^ok' refusals.log
	else
		take_over "$name, store $store" < <(grep -A 3 '^not ok' refusals.log | grep -vE '^(ok|--)')
	fi
}

# with_each_store() - NAME PREPARED FILES OBSERVED…: PREPARED is the directory in which files are made
with_each_store() {
	local name=$1 prepared=$2 store
	shift 2
	for store in "${stores[@]}"; do
		rm -f "$prepared"/*
		bin/refusals --prepare "$store" "$prepared"
		refuses "$name" "$store" "$@"
	done
}

# on_disk() - NAME MKFS…: a file system in a file, and a FUSE file system above it
on_disk() {
	local name=$1
	shift
	truncate -s 320M "$name.image"
	mkdir "$name" "$name.fuse"
	if ! "$@" "$name.image" >mkfs.log 2>&1 || ! mount -o loop "$name.image" "$name" 2>mkfs.log; then
		skip "$name" "this machine cannot mount one: $(<mkfs.log)"
		return
	fi
	mkdir "$name/files"
	with_each_store "$name" "$name/files" "$name/files" "$name/files"
	# The server is asked whatever the kernel has not looked at; it asks the file system below.
	if bindfs -o allow_other "$name" "$name.fuse" 2>mkfs.log; then
		with_each_store "FUSE on $name" "$name/files" "$name.fuse/files" "$name/files"
		umount "$name.fuse"
	else
		skip "FUSE on $name" "this machine cannot mount one: $(<mkfs.log)"
	fi
	umount "$name"
	rm "$name.image"
}

without_users_names() {
	echo content >tmpfs/files/file
	own tmpfs/files
	fails "tmpfs, store user: before Linux 6.6 it has no user.*" "Operation not supported" "$NSXATTR" run -p user.yaml \
		--map-users="0:$INSIDE_ROOT:$INSIDE_COUNT" --map-groups="0:$INSIDE_ROOT:$INSIDE_COUNT" \
		-- setfattr -n security.new -v x tmpfs/files/file
	stores=(security trusted)
}

in_memory() {
	mkdir tmpfs
	mount -t tmpfs -o mode=755 tmpfs tmpfs
	mkdir tmpfs/files
	local stores=("${stores[@]}")
	is_linux 6.6 || without_users_names
	with_each_store tmpfs tmpfs/files tmpfs/files tmpfs/files
	umount tmpfs
}

# Files of the lower layer stay there: a refused call copies nothing up.
layered() {
	local store
	for store in "${stores[@]}"; do
		mkdir -p "layers.$store"/{lower,upper,work,merged}
		bin/refusals --prepare "$store" "layers.$store/lower"
		if ! (cd "layers.$store" &&
			mount -t overlay -o lowerdir=lower,upperdir=upper,workdir=work none merged); then
			skip overlay "this machine cannot mount one"
			return
		fi
		refuses overlay "$store" "layers.$store/merged" "layers.$store/lower" \
			"layers.$store/upper"
		umount "layers.$store/merged"
	done
}

make_policies
on_disk ext4 mkfs.ext4 -q
on_disk xfs mkfs.xfs -q
on_disk btrfs mkfs.btrfs -q
in_memory
layered
