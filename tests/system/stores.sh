#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Values that are kept in user.*: for root, for a plain user without any privilege, and on overlays
# that were mounted in the namespace itself.

set -u
# shellcheck source=tests/lib/case.sh
. tests/lib/case.sh
# shellcheck source=tests/lib/scene.sh
. tests/lib/scene.sh
# shellcheck source=tests/lib/builder.sh
. tests/lib/builder.sh
needs setfattr getfattr setpriv newuidmap newgidmap setcap getcap setfacl evmctl tar mkfs.btrfs
scene_make
builder_make

# root_inside() - COMMAND…: as root of the usual namespace, attached by root of the host
root_inside() {
	"$NSXATTR" run "${options[@]}" --map-users="0:$INSIDE_ROOT:$INSIDE_COUNT" \
		--map-groups="0:$INSIDE_ROOT:$INSIDE_COUNT" -p user -- "$@"
}

# root_of_secrets() - COMMAND…: the same, with values that only root of the host can read
root_of_secrets() {
	"$NSXATTR" run "${options[@]}" --map-users="0:$INSIDE_ROOT:$INSIDE_COUNT" \
		--map-groups="0:$INSIDE_ROOT:$INSIDE_COUNT" -p trusted -- "$@"
}

# The three ways in which a plain user gets a namespace.
user_by_default() {
	as_builder bin/nsxattr run "${options[@]}" -- "$@"
}

user_alone() {
	as_builder bin/nsxattr run "${options[@]}" -r -- "$@"
}

user_with_ids() {
	as_builder bin/nsxattr run "${options[@]}" -r --map-auto -- "$@"
}

# ---- values ----

# values_of() - BY ROOT OWNER CLASS: set, get, list and remove on a file and a directory, as function BY
#
# The values lie in CLASS, user or trusted.
values_of() {
	local by=$1 root=$2 owner=$3 class=$4 file name stored
	rm -rf files
	mkdir -p files/directory
	echo >files/file
	setfattr -n security.hosts -v hosts files/file
	chown -R "$owner:$owner" files
	for file in files/file files/directory; do
		for name in security.a trusted.a; do
			stored="$class.nsxattr.$root.$name"
			check "$by: $file: set $name" "$by" setfattr -n $name -v own $file
			same "$by: $file: get $name" own "$(text $name $file "$by")"
			same "$by: $file: $name on the host" own "$(text "$stored" $file)"
			fails "$by: $file: get of the stored $name" "No such attribute" \
				"$by" getfattr -n "$stored" $file
			fails "$by: $file: set of the stored $name" "Operation not permitted" \
				"$by" setfattr -n "$stored" -v x $file
			fails "$by: $file: remove of the stored $name" "No such attribute" \
				"$by" setfattr -x "$stored" $file
			check "$by: $file: replace $name" "$by" setfattr -n $name -v more $file
			same "$by: $file: the replaced $name on the host" more "$(text "$stored" $file)"
		done
		fails "$by: $file: no other name of the store" "Operation not permitted" \
			"$by" setfattr -n "$class.nsxattr.x" -v x $file
		check "$by: $file: user.* is a file's own" "$by" setfattr -n user.nsxattrs -v x $file
	done
	same "$by: list of a file" "security.a security.hosts trusted.a user.nsxattrs" \
		"$(names files/file "$by")"
	same "$by: list of a directory" "security.a trusted.a user.nsxattrs" \
		"$(names files/directory "$by")"
	same "$by: nothing plain is on the host" "file security.hosts=0x686f737473" "$(plain files)"
	for name in security.a trusted.a; do
		check "$by: remove $name" "$by" setfattr -x $name files/file
		fails "$by: $name is gone" "No such attribute" "$by" getfattr -n $name files/file
	done
	same "$by: on the host after that" "security.hosts user.nsxattrs" "$(names files/file)"
	same "$by: the host's value is inherited" hosts "$(text security.hosts files/file "$by")"
}

# Links cannot have user.*: that is said, with what helps, once a file system.
what_it_cannot_hold() {
	local by=$1 owner=$2
	rm -rf files
	mkdir -p files/tmpfs
	ln -s nowhere files/link
	mkfifo files/pipe
	chown -hR "$owner:$owner" files
	# shellcheck disable=SC2016
	"$by" sh -c 'cd files && mount -t tmpfs none tmpfs && ln -s nowhere tmpfs/link
		for file in link pipe tmpfs/link link tmpfs/link; do
			for name in security.a trusted.b; do
				setfattr -h -n $name -v x $file 2>&1
			done
		done' >said.by.client 2>said
	# On a tmpfs of the namespace's own the kernel itself lets its root set security.*. A plain user's supervisor leaves
	# no set to a kernel that does not check it.
	local refused=8
	[ "$owner" != 1000 ] || kernel_checks || refused=10
	same "$by: links and pipes: all is refused" "$refused Operation not supported" \
		"$(sed 's/.*: //' said.by.client | sort | uniq -c | xargs)"
	same "$by: links and pipes: said once a file system" 2 "$(wc -l <said)"
	same "$by: with the remedy" 2 "$(grep -c "'store: security' does" said)"
	same "$by: links and pipes have nothing on the host" "" "$(tree files)"
}

# ---- secrets ----

# by_policy() - POLICY ROOT COMMAND…: as root of a namespace
by_policy() {
	local policy=$1 root=$2
	shift 2
	"$NSXATTR" run "${options[@]}" --map-users="0:$root:1000" --map-groups="0:$root:1000" \
		-p "$policy" -- "$@"
}

# knows_nothing() - WHO COMMAND…: COMMAND gets no value of files/secret, and lists no name of one
knows_nothing() {
	local who=$1 name
	shift
	for name in trusted.nsxattr.100000.security.key trusted.nsxattr.100000.trusted.key security.key \
		trusted.key security.key@uid=100000 security.key@uid=0 trusted.key@uid=0; do
		fails "secrets: $who: get of $name" "No such attribute" "$@" getfattr -n $name files/secret
	done
	same "secrets: $who: the list" user.open "$(names files/secret "$@")"
}

secrets() {
	rm -rf files
	mkdir files
	echo >files/secret
	setfattr -n user.open -v open files/secret
	ln -s nowhere files/link
	mkfifo files/pipe
	own files
	check "secrets: set" root_of_secrets setfattr -n security.key -v secret files/secret
	check "secrets: of trusted.*" root_of_secrets setfattr -n trusted.key -v secret files/secret
	same "secrets: the namespace has them" "security.key trusted.key user.open" \
		"$(names files/secret root_of_secrets)"
	same "secrets: read back" secret "$(text security.key files/secret root_of_secrets)"
	knows_nothing "a plain user of the host" "${as_user[@]}"
	knows_nothing "a namespace without a supervisor" bin/enter-userns "0 100000 65536"
	knows_nothing "the owner of the file" setpriv --reuid=100000 --regid=100000 --clear-groups --
	for policy in default user trusted kernel; do
		knows_nothing "a container of another range, policy $policy" by_policy $policy 200000
	done
	knows_nothing "a container of this range with another store" by_policy default 100000
	for file in files/link files/pipe; do
		check "secrets: a value of $file" root_of_secrets setfattr -h -n security.key -v x $file
		same "secrets: $file on the host" trusted.nsxattr.100000.security.key "$(names $file)"
	done
}

# Only root of the host can have it.
secrets_need_root() {
	fails "secrets: a plain user" "keeps values in trusted.*, which only root of the host can write" \
		as_builder bin/nsxattr run -p trusted -- true
	fails "secrets: root of a namespace" "start it outside of this user namespace" \
		bin/enter-userns "0 100000 65536" bin/nsxattr run -p trusted -- true

	local said
	mkdir sockets
	own sockets
	install -m 755 "$(dirname "$NSXATTR")/nsxattrd" bin/nsxattrd
	coproc DAEMON {
		exec bin/enter-userns "0 100000 65536" bin/nsxattrd --oci-socket="$SCENE/sockets/oci" \
			--lxc-socket="$SCENE/sockets/lxc" --control="$SCENE/sockets/control" 2>&1
	}
	read -r -t 60 said <&"${DAEMON[0]}"
	same "secrets: nsxattrd in a namespace says so" 1 \
		"$(grep -c "in a user namespace: only policies with 'store: user'" <<<"$said")"
	kill "$DAEMON_PID"
	wait "$DAEMON_PID"
}

# ---- overlays ----

# overlay_with() - POLICY: as root of a namespace, on an overlay that it mounts
overlay_with() {
	mkdir -p "overlay.$1"/{lower,upper,work,merged}
	echo >"overlay.$1/lower/below"
	own "overlay.$1"
	# shellcheck disable=SC2016
	"$NSXATTR" run "${options[@]}" --map-users="0:$INSIDE_ROOT:$INSIDE_COUNT" \
		--map-groups="0:$INSIDE_ROOT:$INSIDE_COUNT" -p "$1" -- sh -c 'cd "$1" &&
		mount -t overlay -o lowerdir=lower,upperdir=upper,workdir=work none merged &&
		cd merged && echo >new && mkdir directory || exit
		for file in below new directory; do
			setfattr -n security.a -v x $file
			setfattr -n trusted.a -v y $file
		done
		getfattr -d -m "^(security|trusted)" below new directory' - "overlay.$1" 2>said
}

# overlay_has() - NAME=VALUE…: a line "FILE NAME=VALUE" for each file that overlay_with() makes
overlay_has() {
	local file attribute
	for file in below directory new; do
		for attribute; do
			printf '%s %s\n' $file "$attribute"
		done
	done
}

# A kernel that does not check who changes security.* keeps it on an overlay of a namespace's, too.
overlays() {
	local shown="" kept="" refused=6
	kernel_checks || {
		shown=$(overlay_has 'security.a="x"') refused=3
		kept=$(overlay_has "security.a@uid=$INSIDE_ROOT=0x78")
	}
	same "overlay: what is set without the store" "$shown" "$(overlay_with default | by_file)"
	same "overlay: what is refused" "$refused" "$(grep -c 'setfattr: .*Operation not permitted' said)"
	same "overlay: the remedy is said once" 1 "$(grep -c "nsxattr: .*'store: user'" said)"
	same "overlay: what is on the upper layer" "$kept" \
		"$(tree overlay.default/upper | grep -E ' (security|trusted|user\.nsxattr)\.')"
	same "overlay: with the store the values are read back" \
		"$(overlay_has 'security.a="x"' 'trusted.a="y"')" "$(overlay_with user | by_file)"
	same "overlay: with the store nothing is said" "" "$(cat said)"
	same "overlay: and they are on the upper layer" \
		"$(overlay_has user.nsxattr.100000.security.a=0x78 user.nsxattr.100000.trusted.a=0x79)" \
		"$(tree overlay.user/upper | grep ' user\.')"
}

# What a container does with a layer that it did not label; $1: the directory
# shellcheck disable=SC2016
work_on_layer='cd "$1" && mount -t overlay -o lowerdir=lower,upperdir=upper,workdir=work none merged &&
	cd merged || exit
	echo more >>written
	chmod 700 changed
	mv moved away
	echo new >labelled/new
	mkdir labelled/directory
	rm labelled/old
	chown 5:5 owned'

# layer_with() - POLICY: a layer that a container with POLICY has labelled, and an overlay inside above it
#
# On standard output: what became of it.
layer_with() {
	local layer=layer.$1
	mkdir -p "$layer"/{upper,work,merged,lower/labelled}
	touch "$layer"/lower/{written,changed,moved,owned,labelled/old}
	own "$layer"
	# shellcheck disable=SC2016
	by_policy "$1" 100000 sh -c 'for file; do
		setfattr -n security.selinux -v label "$file" && setfattr -n trusted.gfid -v id "$file"
	done' - "$layer"/lower/{written,changed,moved,owned,labelled,labelled/old} || return
	by_policy "$1" 100000 sh -c "$work_on_layer" - "$layer" 2>said
	(cd "$layer/upper" && find . -mindepth 1 -printf '%P %m\n' | sort)
}

# A container in a container (docker or podman in LXC), or a snapshot of one that its root mounts.
layers() {
	local works="away 644
changed 700
labelled 755
labelled/directory 755
labelled/new 644
labelled/old 0
moved 0
owned 644
written 644"
	if kernel_checks; then
		same "layers: with values in security.* nothing in the layer can be changed" "" \
			"$(layer_with default)"
		same "layers: all that was tried" 7 "$(grep -ciE "not permitted" said)"
	else
		same "layers: on a kernel that checks no change all can" "$works" "$(layer_with default)"
		same "layers: and nothing fails" 0 "$(grep -ciE "not permitted" said)"
	fi
	for policy in trusted user; do
		same "layers: with policy $policy everything can" "$works" "$(layer_with $policy)"
		same "layers: with policy $policy nothing fails" "" "$(<said)"
	done
	same "layers: the values in trusted.* stay below" "" "$(tree layer.trusted/upper | grep nsxattr)"
	same "layers: those in user.* come along" 0x6c6162656c \
		"0x$(value user.nsxattr.100000.security.selinux layer.user/upper/written)"
	same "layers: the lower layer keeps them" 12 "$(tree layer.trusted/lower | grep -c nsxattr)"
}

# The log says why an attribute cannot be set on such a file, and what helps.
layers_and_remedies() {
	by_policy user 100000 sh -c 'cd layer.default && mount -t overlay \
		-o lowerdir=lower,upperdir=upper,workdir=work none merged &&
		setfattr -n security.a -v x merged/written' 2>said
	local remedies=1
	kernel_checks || remedies=0
	same "layers: the remedy names the store, where one is needed" $remedies \
		"$(grep -c "nsxattr: .*values in security.*'store: trusted'" said)"
}

# ---- images ----

# The steps are the same for root of the host and for root of a user's namespace. $1: directory
# shellcheck disable=SC2016
build_image='set -e
	umask 022
	cd "$1"
	mkdir -p root/bin root/etc root/var/lib
	echo "a tool" >root/bin/tool
	echo "a second one" >root/bin/second
	echo "settings" >root/etc/settings
	ln root/bin/tool root/bin/same
	ln -s bin/tool root/link
	chmod 755 root/bin/tool
	chmod 4755 root/bin/second
	chown 5:7 root/etc/settings
	chown 100:200 root/var/lib
	for path in . bin bin/tool bin/second etc etc/settings var var/lib; do
		type=$(echo "$path" | sed "s/\\./root/; s,/,_,g")
		setfattr -n security.selinux -v "system_u:object_r:${type}_t:s0" root/$path
	done
	for file in bin/tool bin/second etc/settings; do evmctl -a sha256 ima_hash root/$file; done
	setfattr -n security.ima -v 0x0302046d6574730100aabbcc root/bin/second
	setcap cap_net_raw,cap_net_bind_service=ep root/bin/tool
	setcap cap_chown=ei root/bin/second
	setfattr -n trusted.origin -v build root/var/lib
	setfattr -n user.comment -v text root/etc
	tar --format=posix --xattrs --xattrs-include="*" --sort=name --mtime=@0 --numeric-owner \
		--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime \
		-cf root.tar -C root .'

# image_attributes() - ARCHIVE: what it says of attributes, sorted
image_attributes() {
	tar --xattrs --xattrs-include='*' -tvvf "$1" 2>&1 | sort
}

images() {
	local directory
	mkdir -p image.host image.user
	chown 1000:1000 image.user
	check "image: root of the host builds it" sh -c "$build_image" - image.host
	check "image: a plain user builds it" user_with_ids sh -c "$build_image" - image.user
	same "image: both archives say the same" "$(image_attributes image.host/root.tar)" \
		"$(image_attributes image.user/root.tar)"
	check "image: and are equal byte for byte" cmp image.host/root.tar image.user/root.tar
	same "image: nothing of it is plain on the host" "security.capability" \
		"$(plain image.user | sed 's/^[^ ]* //; s/=.*//' | sort -u)"

	for directory in host user; do
		mkdir "unpacked.$directory"
		check "image: root unpacks that of $directory" tar --xattrs --xattrs-include='*' \
			--numeric-owner -xpf "image.$directory/root.tar" -C "unpacked.$directory"
	done
	same "image: the same lies there" "$(tree unpacked.host)" "$(tree unpacked.user)"
	same "image: with labels, signatures and capabilities" \
		"3 security.capability 4 security.ima 9 security.selinux" \
		"$(tree unpacked.user | grep -oE 'security\.(capability|ima|selinux)' | sort | uniq -c | xargs)"
}

# What the order of attributes in an archive could depend on: many of them, of each class, too long for
# the place that an inode has for them, set in no order, replaced and removed. $1: directory; $2: archive;
# $3: "tmpfs" to mount one there. A tmpfs lists names in their order, whatever became of them.
# shellcheck disable=SC2016
build_with_many='set -e
	umask 022
	[ "$3" != tmpfs ] || mount -t tmpfs none "$1"
	cd "$1"
	mkdir -p root/bin root/etc
	echo "a tool" >root/bin/tool
	echo "settings" >root/etc/settings
	chown 5:7 root/etc/settings
	long=0x03$(printf "%0518d" 7) # what a signature begins with: EVM lets nothing else be set
	for path in bin/tool etc/settings etc .; do
		for name in trusted.b user.comment security.selinux security.a user.a trusted.overlay.x \
			security.ima user.nsx security.zz security.evm trusted.a security.im user.zz; do
			setfattr -n $name -v $long root/$path
		done
		setfattr -n security.selinux -v system_u:object_r:systemd_unit_file_t:s0 root/$path
		setfattr -x security.a root/$path
		setfattr -n user.0 -v x root/$path
		setfattr -n security.a -v x root/$path
		setfacl -m u:5:r,g:7:rx root/$path
	done
	setcap cap_net_raw,cap_net_bind_service=ep root/bin/tool
	tar --format=posix --xattrs --xattrs-include="*" --sort=name --mtime=@0 --numeric-owner \
		--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime -cf "$2" -C root .'

# build_many() - ON: both images; ON is the kind of file system that is mounted for each
build_many() {
	mkdir many/{host,user}{,/root}
	chown -R 1000:1000 many/user
	check "many attributes: root of the host builds the image" \
		unshare --mount sh -c "$build_with_many" - many/host/root "$SCENE/many/host/root.tar" "$1"
	check "many attributes: a plain user builds it" \
		user_with_ids sh -c "$build_with_many" - many/user/root "$SCENE/many/user/root.tar" "$1"
	same "many attributes: both archives say the same" "$(image_attributes many/host/root.tar)" \
		"$(image_attributes many/user/root.tar)"
	same "many attributes: 61 on four files" 61 \
		"$(image_attributes many/user/root.tar | grep -c '^  x:')"
}

# Before Linux 6.6 a tmpfs has no user.*, and no order of names. btrfs has room for all, in an order of its own.
images_with_many() {
	mkdir many
	if is_linux 6.6; then
		build_many tmpfs
		check "many attributes: and are equal byte for byte" cmp many/host/root.tar many/user/root.tar
	else
		truncate -s 320M many.image
		mkfs.btrfs -q many.image && mount -o loop many.image many
		build_many none
		umount many
	fi
}

values_of root_inside 100000 100000 user
values_of root_of_secrets 100000 100000 trusted
values_of user_by_default 1000 1000 user
values_of user_alone 1000 1000 user
values_of user_with_ids 1000 1000 user
what_it_cannot_hold root_inside 100000
what_it_cannot_hold user_with_ids 1000
secrets
secrets_need_root
overlays
layers
layers_and_remedies
images
images_with_many
