#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What each scheme, limit and mode of a policy does, by real clients inside, and what the host finds on
# the inode afterwards.

set -u
# shellcheck source=tests/lib/case.sh
. tests/lib/case.sh
# shellcheck source=tests/lib/scene.sh
. tests/lib/scene.sh
needs setfattr getfattr setfacl getfacl setcap getcap setpriv mksquashfs unsquashfs
scene_make

# What the clients say of an error.
EPERM="Operation not permitted"
ENODATA="No such attribute"
EDQUOT="Disk quota exceeded"
EOPNOTSUPP="Operation not supported"

# policy() - FILE LINE…: write a policy; the version is there already
policy() {
	local file=$1
	shift
	printf '%s\n' 'version: 1' "$@" >"$file"
}

# under_map() - POLICY MAP COMMAND…: run a command as root of a namespace, under a policy
under_map() {
	local policy=$1 map=$2
	shift 2
	"$NSXATTR" run "${options[@]}" --map-users="$map" --map-groups="$map" -p "$policy" -- "$@"
}

# under() - POLICY COMMAND…: the same in the usual namespace
under() {
	local policy=$1
	shift
	under_map "$policy" "0:$INSIDE_ROOT:$INSIDE_COUNT" "$@"
}

# fresh() - FILE NAME…: a new file of the namespace, on which the host has the value "hosts" for each name
fresh() {
	local file=$1 name
	shift
	rm -rf "$file"
	echo content >"$file"
	own "$file"
	for name; do setfattr -n "$name" -v hosts "$file"; done
}

# ---- schemes ----

suffix_with_chain() {
	policy chain.yaml 'attributes: [{ name: security.*, scheme: suffix, inherit: chain },' \
		'{ name: trusted.*, scheme: suffix, inherit: chain }]'
	local name
	for name in security.a trusted.a; do
		fresh chain $name
		same "chain: $name: the host's shows" hosts "$(text $name chain under chain.yaml)"
		same "chain: $name: and is listed" $name "$(names chain under chain.yaml)"
		fails "chain: $name: but cannot be removed" "$ENODATA" \
			under chain.yaml setfattr -x $name chain
		check "chain: $name: set" under chain.yaml setfattr -n $name -v own chain
		same "chain: $name: one's own hides it" own "$(text $name chain under chain.yaml)"
		same "chain: $name: one name is listed" $name "$(names chain under chain.yaml)"
		same "chain: $name: the host's is untouched" hosts "$(text $name chain)"
		same "chain: $name: on the host" "$name $name@uid=100000" "$(names chain)"
		check "chain: $name: removed" under chain.yaml setfattr -x $name chain
		same "chain: $name: shows the host's again" hosts "$(text $name chain under chain.yaml)"
		same "chain: $name: which is alone" $name "$(names chain)"
	done
}

suffix_without_chain() {
	policy none.yaml 'attributes: [{ name: security.*, scheme: suffix, inherit: none },' \
		'{ name: trusted.*, scheme: suffix, inherit: none }]'
	local name
	for name in security.a trusted.a; do
		fresh none $name
		fails "none: $name: the host's does not show" "$ENODATA" \
			under none.yaml getfattr -n $name none
		same "none: $name: nor is it listed" "" "$(names none under none.yaml)"
		check "none: $name: set" under none.yaml setfattr -n $name -v own none
		same "none: $name: and read" own "$(text $name none under none.yaml)"
		same "none: $name: and listed" $name "$(names none under none.yaml)"
		same "none: $name: the host's is untouched" hosts "$(text $name none)"
		same "none: $name: on the host" own "$(text $name@uid=100000 none)"
		check "none: $name: removed" under none.yaml setfattr -x $name none
		same "none: $name: nothing shows" "" "$(names none under none.yaml)"
		same "none: $name: the host's is alone" $name "$(names none)"
	done
}

# Capabilities are the kernel's, unless a rule names them exactly.
suffix_and_capabilities() {
	fresh capable
	check "a glob leaves security.capability to the kernel" \
		under none.yaml setcap cap_net_raw=ep capable
	same "which keeps it under its own name" security.capability "$(names capable)"
	policy capability.yaml 'attributes: [{ name: security.capability, scheme: suffix }]'
	fresh capable
	check "an exact rule does not" under capability.yaml setcap cap_net_raw=ep capable
	same "it is one's own value then" security.capability@uid=100000 "$(names capable)"
	same "and is read back" "capable cap_net_raw=ep" "$(under capability.yaml getcap capable)"
}

kernels() {
	policy kernel.yaml 'attributes: [{ name: security.*, scheme: suffix },' \
		'{ name: security.kernels, scheme: kernel }, { name: user.*, scheme: kernel }]'
	fresh kernels security.kernels user.a
	same "kernel: get" hosts "$(text security.kernels kernels under kernel.yaml)"
	same "kernel: list" "security.kernels user.a" "$(names kernels under kernel.yaml)"
	fails "kernel: set of security.*" "$EPERM" \
		under kernel.yaml setfattr -n security.kernels -v x kernels
	fails "kernel: remove of security.*" "$EPERM" under kernel.yaml setfattr -x security.kernels kernels
	check "kernel: set of user.*" under kernel.yaml setfattr -n user.b -v own kernels
	check "kernel: remove of user.*" under kernel.yaml setfattr -x user.a kernels
	same "kernel: on the host, under the very names" "security.kernels user.b" "$(names kernels)"
	same "kernel: what cannot be set is untouched" hosts "$(text security.kernels kernels)"
}

# refuses() - POLICY GET SET REMOVE FILE NAME…: what three operations end with; the host's stays
#
# GET is a value, or an error.
refuses() {
	local policy=$1 get=$2 set=$3 remove=$4 file=$5 name said
	shift 5
	for name; do
		said=$(text "$name" "$file" under "$policy")
		same "${policy%.yaml}: get $name" "$get" "${said##*: }"
		fails "${policy%.yaml}: set $name" "$set" under "$policy" setfattr -n "$name" -v x "$file"
		fails "${policy%.yaml}: remove $name" "$remove" under "$policy" setfattr -x "$name" "$file"
		same "${policy%.yaml}: the host's $name stays" hosts "$(text "$name" "$file")"
	done
}

hidden_and_denied() {
	local attributes=(security.s trusted.t user.u) mode
	# The kernel itself shows trusted.* only to root of the host.
	for mode in fast strict; do
		policy hide-$mode.yaml "mode: $mode" 'attributes: [{ name: security.s, scheme: hide },' \
			'{ name: trusted.*, scheme: hide }, { name: user.*, scheme: hide }]'
		fresh hidden "${attributes[@]}" security.shown
		refuses hide-$mode.yaml "$ENODATA" "$EPERM" "$ENODATA" hidden "${attributes[@]}"
		same "hide-$mode: list" security.shown "$(names hidden under hide-$mode.yaml)"
		same "hide-$mode: nothing is new on the host" "security.s security.shown trusted.t user.u" \
			"$(names hidden)"

		policy deny-$mode.yaml "mode: $mode" 'attributes: [{ name: security.s, scheme: deny },' \
			'{ name: trusted.*, scheme: deny }, { name: user.*, scheme: deny }]'
		fresh denied "${attributes[@]}"
		refuses deny-$mode.yaml hosts "$EPERM" "$EPERM" denied security.s user.u
		refuses deny-$mode.yaml "$ENODATA" "$EPERM" "$EPERM" denied trusted.t
		same "deny-$mode: list" "security.s user.u" "$(names denied under deny-$mode.yaml)"
		same "deny-$mode: nothing is new on the host" "security.s trusted.t user.u" \
			"$(names denied)"

		policy acl-$mode.yaml "mode: $mode" \
			'attributes: [{ name: system.posix_acl_access, scheme: deny },' \
			'{ name: security.capability, scheme: deny }]'
		fresh denied
		fails "deny-$mode: setfacl" "$EPERM" under acl-$mode.yaml setfacl -m u:5:r denied
		fails "deny-$mode: setcap" "$EPERM" under acl-$mode.yaml setcap cap_net_raw=ep denied
		same "deny-$mode: nothing is on the host" "" "$(names denied)"
	done
}

unsupported() {
	local attributes=(security.s user.u) mode
	for mode in fast strict; do
		policy unsupported-$mode.yaml "mode: $mode" \
			'attributes: [{ name: security.s, scheme: unsupported },' \
			'{ name: trusted.*, scheme: unsupported }, { name: user.*, scheme: unsupported }]'
		fresh unsupported "${attributes[@]}" trusted.t security.shown
		refuses unsupported-$mode.yaml "$EOPNOTSUPP" "$EOPNOTSUPP" "$EOPNOTSUPP" unsupported \
			"${attributes[@]}" trusted.t
		same "unsupported-$mode: list" security.shown \
			"$(names unsupported under unsupported-$mode.yaml)"
		same "unsupported-$mode: nothing is new on the host" \
			"security.s security.shown trusted.t user.u" "$(names unsupported)"
	done
}

# Tools go on without attributes that a file system does not have, and end at those that they may not set.
unsupported_by_tools() {
	local scheme
	mkdir labelled extracted
	fresh labelled/file security.s
	mksquashfs labelled labelled.image -all-root -quiet -no-progress -processors 1 >/dev/null
	chmod 644 labelled.image
	own extracted
	for scheme in deny unsupported; do
		policy tools-$scheme.yaml "attributes: [{ name: security.s, scheme: $scheme }]"
	done
	fails "deny: cp --preserve=xattr" "$EPERM" \
		under tools-deny.yaml cp --preserve=xattr labelled/file extracted/denied
	check "unsupported: cp --preserve=xattr" \
		under tools-unsupported.yaml cp --preserve=xattr labelled/file extracted/copy
	fails "deny: unsquashfs" "FATAL ERROR" \
		under tools-deny.yaml unsquashfs -no-progress -d extracted/ends labelled.image
	under tools-unsupported.yaml unsquashfs -no-progress -d extracted/whole labelled.image >said 2>&1
	same "unsupported: unsquashfs goes on" "content 1" \
		"$(cat extracted/whole/file) $(grep -c 'Ignoring xattrs' said)"
}

defaults() {
	policy default-hide.yaml 'attributes: [{ name: security.s, scheme: suffix }]' 'default: hide'
	policy default-deny.yaml 'attributes: [{ name: security.s, scheme: suffix }]' 'default: deny'
	fresh default security.other user.u
	refuses default-hide.yaml "$ENODATA" "$EPERM" "$ENODATA" default security.other user.u
	refuses default-deny.yaml hosts "$EPERM" "$EPERM" default security.other user.u
	check "default: what has a rule goes by it" \
		under default-hide.yaml setfattr -n security.s -v own default
	same "default: hide: list" security.s "$(names default under default-hide.yaml)"
	same "default: deny: list" "security.other security.s user.u" \
		"$(names default under default-deny.yaml)"
}

hosts() {
	policy host.yaml 'attributes:' \
		'- { name: trusted.overlay.opaque, scheme: host, values: ["y", 0x7900, ""] }' \
		'- { name: security.h, scheme: host, values: [enabled] }' \
		'- { name: trusted.*, scheme: suffix }'
	local name=trusted.overlay.opaque
	fresh host
	check "host: a value of the list" under host.yaml setfattr -n $name -v y host
	same "host: is the host's own" y "$(text $name host)"
	same "host: under the very name" $name "$(names host)"
	same "host: get" y "$(text $name host under host.yaml)"
	same "host: list" $name "$(names host under host.yaml)"
	check "host: a value of the list, in hexadecimal" under host.yaml setfattr -n $name -v 0x7900 host
	same "host: byte for byte" 7900 "$(value $name host)"
	fails "host: another value" "$EPERM" under host.yaml setfattr -n $name -v x host
	fails "host: one that only begins alike" "$EPERM" under host.yaml setfattr -n $name -v yy host
	same "host: the value before it stays" 7900 "$(value $name host)"
	check "host: the empty value, where it is of the list" under host.yaml setfattr -n $name host
	same "host: is there, and empty" "$name=\"\"" "$(getfattr -dm - host | sed -n 2p)"
	fails "host: the empty value, where it is not" "$EPERM" under host.yaml setfattr -n security.h host
	check "host: security.*" under host.yaml setfattr -n security.h -v enabled host
	same "host: security.* is the host's own" enabled "$(text security.h host)"

	echo >foreign
	chown 200000:200000 foreign
	fails "host: not on an inode of others" "$EPERM" under host.yaml setfattr -n $name -v y foreign
	fails "host: not without privilege in the namespace" "$EPERM" \
		under host.yaml "${as_user[@]}" setfattr -n $name -v y host
	same "host: on the inode of others" "" "$(names foreign)"
}

# The host's value is removed like it is written: only where it could be written so.
hosts_removed() {
	fresh host
	setfattr -n security.h -v enabled host
	check "host: remove" under host.yaml setfattr -x security.h host
	same "host: is gone on the host" "" "$(names host)"
}

# ---- limits ----

limit_one() {
	policy one.yaml 'attributes: [{ name: security.*, scheme: suffix, limit: one },' \
		'{ name: trusted.*, scheme: suffix, limit: one }]'
	local name inside_first inside_second
	inside_first=(shared one.yaml 100000)
	inside_second=(shared one.yaml 200000)
	for name in security.a trusted.a; do
		rm -f one
		echo >one
		chown 300000:300000 one
		check "one: $name: the first value" "${inside_first[@]}" setfattr -n $name -v one one
		check "one: $name: is replaced" "${inside_first[@]}" setfattr -n $name -v more one
		fails "one: $name: another namespace's is there" "$EDQUOT" \
			"${inside_second[@]}" setfattr -n $name -v two one
		check "one: $name: another name is free" "${inside_second[@]}" setfattr -n $name.b -v two one
		same "one: $name: on the host" "$name.b@uid=200000 $name@uid=100000" "$(names one)"
		same "one: $name: the value" more "$(text $name@uid=100000 one)"
		check "one: $name: removed" "${inside_first[@]}" setfattr -x $name one
		check "one: $name: and free for the other" "${inside_second[@]}" setfattr -n $name -v two one
		fails "one: $name: not for the first" "$EDQUOT" \
			"${inside_first[@]}" setfattr -n $name -v one one

		fresh one $name
		fails "one: $name: the host's is there" "$EDQUOT" under one.yaml setfattr -n $name -v one one
		same "one: $name: it stays alone" $name "$(names one)"
		setfattr -x $name one
		check "one: $name: once it is gone" under one.yaml setfattr -n $name -v one one
		setfattr -n $name -v hosts one
		check "one: $name: one's own is replaced, though the host has set its own since" \
			under one.yaml setfattr -n $name -v more one
		same "one: $name: on the host after all" "$name $name@uid=100000" "$(names one)"
	done
}

# shared() - POLICY ROOT COMMAND…: in the namespace of a root, where the host's 300000 is 65536
#
# Two namespaces that share ids of the host are made below a supervisor, not by one.
shared() {
	local policy=$1 root=$2
	shift 2
	"$NSXATTR" run "${options[@]}" --no-userns -p "$policy" -- \
		bin/enter-userns "0 $root 65536,65536 300000 10" "$@"
}

limits_of_files() {
	policy limits.yaml 'attributes: [{ name: security.*, scheme: suffix },' \
		'{ name: trusted.*, scheme: suffix }, { name: security.ours, scheme: kernel }]' \
		'limits: { attributes-per-file: 3, value-size: 8 }'
	fresh limited security.hosts security.ours
	check "limits: as many as there may be" under limits.yaml sh -c '
		setfattr -n security.a -v 1 limited && setfattr -n security.b -v 2 limited &&
		setfattr -n trusted.c -v 3 limited'
	fails "limits: one more" "$EDQUOT" under limits.yaml setfattr -n security.d -v 4 limited
	fails "limits: one more, of trusted.*" "$EDQUOT" under limits.yaml setfattr -n trusted.d -v 4 limited
	fails "limits: one more, though the host's shows" "$EDQUOT" \
		under limits.yaml setfattr -n security.hosts -v 4 limited
	check "limits: one's own are replaced" under limits.yaml setfattr -n trusted.c -v 5 limited
	check "limits: user.* does not count" under limits.yaml setfattr -n user.d -v 4 limited
	check "limits: setcap does not count" under limits.yaml setcap cap_net_raw=ep limited
	fresh another
	check "limits: each file counts by itself" under limits.yaml setfattr -n security.a -v 1 another
	same "limits: a neighbour has as many" 3 "$(
		chown 300000:300000 limited
		for name in a b c d; do
			shared limits.yaml 200000 setfattr -n security.$name -v x limited 2>/dev/null
		done
		names limited | grep -o @uid=200000 | wc -l)"
	own limited
	check "limits: after a remove" under limits.yaml setfattr -x security.a limited
	check "limits: there is room for one" under limits.yaml setfattr -n security.d -v 4 limited

	check "limits: a value of as many bytes as there may be" \
		under limits.yaml setfattr -n security.d -v 12345678 limited
	same "limits: is there" 12345678 "$(text security.d@uid=100000 limited)"
	fails "limits: a longer one" "Argument list too long" under limits.yaml setfattr -n security.d -v 123456789 limited
	same "limits: leaves what was there" 12345678 "$(text security.d@uid=100000 limited)"
	check "limits: a longer one of user.*" under limits.yaml setfattr -n user.d -v 123456789 limited
}

# ---- modes ----

# What is the kernel's, on each kind of file, by root of the namespace and by others. $1: directory
# shellcheck disable=SC2016
kernels_own='exec 2>&1
	cd "$1" || exit
	user() { setpriv --reuid=1000 --regid=1000 --groups=1000,100,2000 -- "$@"; }
	long=$(printf "%0250d" 0) big=0x$(printf "%06000d" 0)
	for file in file directory link sticky readonly foreign absent closed/file; do
		echo "== $file"
		for set in "a -v value" "empty" "big -v $big" "$long -v x" "${long}longer -v x" " -v x"; do
			setfattr -h -n user.$set "$file"
			user setfattr -h -n user.$set "$file"
		done
		setfattr -h -n system.unknown -v x "$file"
		setfattr -h -n unknown.a -v x "$file"
		setfattr -h -n system.posix_acl_access -v junk "$file"
		setfattr -h -n security.capability -v junk "$file"
		setfattr -h -n security.a -v x "$file"
		setfattr -h -n trusted.a -v x "$file"
		setfacl -m u:5:rw,g:7:r "$file"
		user setfacl -m u:6:rw "$file"
		setfacl -d -m u:5:rwx "$file"
		setcap cap_net_raw,cap_chown=ep "$file"
		user setcap cap_kill=ep "$file"
		for by in "" user; do
			$by getfattr -hd -m - -e hex "$file"
			$by getfattr -h -n user.absent "$file"
			$by getfattr -h -n security.capability -e hex "$file"
			$by getfattr -h -n system.posix_acl_access -e hex "$file"
			$by getfacl -np "$file"
			$by getcap "$file"
			$by setfattr -h -x user.a "$file"
			$by setfattr -h -x user.absent "$file"
			$by setfattr -h -x system.posix_acl_default "$file"
		done
		user setcap -r "$file"
		setcap -r "$file"
		setfacl -b "$file"
		getfattr -hd -m - -e hex "$file"
	done
	echo "== copies"
	setfattr -n user.copied -v x file
	setfacl -m u:9:r file
	setcap cap_net_raw=ep file
	cp -a file copy
	getfattr -d -m - -e hex copy
	touch directory/child
	getfacl -np directory/child'

# kernels_tree() - DIRECTORY: what that works on
kernels_tree() {
	mkdir -p "$1"/{directory,sticky,closed}
	echo >"$1/file"
	echo >"$1/readonly"
	echo >"$1/foreign"
	echo >"$1/closed/file"
	ln -s file "$1/link"
	own "$1"
	chmod 1777 "$1/sticky"
	chmod 700 "$1/closed"
	chmod 444 "$1/readonly"
	chown 200000:200000 "$1/foreign"
	setfattr -n user.theirs -v x "$1/foreign"
	setfattr -n security.hosts -v x "$1/file"
	setfattr -n trusted.hosts -v x "$1/file"
}

# Without nsxattr, in the modes, and with some names in a namespace's own hands: all the same.
# A list that is too long to be had: what one has can be replaced, and how much there is cannot be told.
limits_of_long_lists() {
	policy bounded.yaml 'attributes: [{ name: security.*, scheme: suffix },' \
		'{ name: security.one, scheme: suffix, limit: one }]' 'limits: { attributes-per-file: 3 }'
	policy unbounded.yaml 'attributes: [{ name: security.*, scheme: suffix }]'
	mkdir -p long
	mount -t tmpfs -o mode=755 tmpfs long
	fresh long/file
	setfattr -n security.own@uid=100000 -v own long/file
	setfattr -n security.one@uid=100000 -v own long/file
	python3 -c 'import os
for number in range(300):
	os.setxattr("long/file", "security.%s%03d@uid=7" % ("n" * 230, number), b"")'
	fails "a list that is too long" "Argument list too long" getfattr -dm - long/file
	for name in security.own security.one; do
		check "too long: $name is replaced" under bounded.yaml setfattr -n $name -v new long/file
		same "too long: $name is read back" new "$(text $name long/file under bounded.yaml)"
	done
	fails "too long: one more value, where there is a bound" "$EDQUOT" \
		under bounded.yaml setfattr -n security.new -v x long/file
	check "too long: where there is none" under unbounded.yaml setfattr -n security.new -v x long/file
	check "too long: one's own is removed" under bounded.yaml setfattr -x security.one long/file
	fails "too long: and is one more then" "$EDQUOT" \
		under bounded.yaml setfattr -n security.one -v x long/file
	umount long
}

modes_agree() {
	local mode reference=(bin/enter-userns "0 100000 65536")
	# Where the kernel does not check who changes security.*: the policy that leaves all to a kernel that would.
	kernel_checks || reference=(under kernel)
	kernels_tree native
	"${reference[@]}" timeout 120 bash -c "$kernels_own" - native >native.said
	same "the host's security.* is as it was" "native/file security.hosts=0x78" "$(
		getfattr -Rhdm '^security\.[ah]' -e hex native | awk '/^# file/ { file = $3 } /^security/ { print file, $0 }')"
	for mode in fast strict; do
		policy $mode.yaml "mode: $mode" 'attributes: []'
		kernels_tree $mode
		under $mode.yaml timeout 120 bash -c "$kernels_own" - $mode >$mode.said
		same "mode $mode answers as the kernel does" "$(cat native.said)" "$(cat $mode.said)"
		same "mode $mode leaves the same on the host" "$(tree native)" "$(tree $mode)"
		same "mode $mode leaves the same lists on the host" "$(getfacl -Rn native | sed 's/native//')" \
			"$(getfacl -Rn $mode | sed "s/$mode//")"
	done
	same "what is compared is there" "$(printf '%s\n' 1 1 1)" "$(
		grep -c '^file cap_chown,cap_net_raw=ep' native.said | sed 's/[1-9][0-9]*/1/'
		grep -c '^user:5:rw-' native.said | sed 's/[1-9][0-9]*/1/'
		grep -c '^user.empty' native.said | sed 's/[1-9][0-9]*/1/')"
}

suffix_with_chain
suffix_without_chain
suffix_and_capabilities
kernels
hidden_and_denied
unsupported
unsupported_by_tools
defaults
hosts
hosts_removed
limit_one
limits_of_files
limits_of_long_lists
modes_agree
