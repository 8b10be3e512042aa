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
needs setfattr getfattr setpriv newuidmap newgidmap setcap getcap setfacl evmctl tar
scene_make
builder_make

# root_inside() - COMMAND…: as root of the usual namespace, attached by root of the host
root_inside() {
	"$NSXATTR" run "${options[@]}" --map-users="0:$INSIDE_ROOT:$INSIDE_COUNT" \
		--map-groups="0:$INSIDE_ROOT:$INSIDE_COUNT" -p user -- "$@"
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

# values_of() - BY ROOT OWNER: set, get, list and remove on a file and a directory, as function BY
values_of() {
	local by=$1 root=$2 owner=$3 file name stored
	rm -rf files
	mkdir -p files/directory
	echo >files/file
	setfattr -n security.hosts -v hosts files/file
	chown -R "$owner:$owner" files
	for file in files/file files/directory; do
		for name in security.a trusted.a; do
			stored=user.nsxattr.$root.$name
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
			"$by" setfattr -n user.nsxattr.x -v x $file
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
	same "$by: links and pipes: all is refused" "10 Operation not supported" \
		"$(sed 's/.*: //' said.by.client | sort | uniq -c | xargs)"
	same "$by: links and pipes: said once a file system" 2 "$(wc -l <said)"
	same "$by: with the remedy" 2 "$(grep -c "'store: security' does" said)"
	same "$by: links and pipes have nothing on the host" "" "$(tree files)"
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

overlays() {
	same "overlay: without the store no value is set" "" "$(overlay_with default)"
	same "overlay: each set is refused" 6 "$(grep -c 'setfattr: .*Operation not permitted' said)"
	same "overlay: the remedy is said once" 1 "$(grep -c "nsxattr: .*'store: user'" said)"
	same "overlay: nothing is on the upper layer" "" \
		"$(tree overlay.default/upper | grep -E ' (security|trusted|user\.nsxattr)\.')"
	same "overlay: with the store the values are read back" \
		"$(for file in below directory new; do
			printf '%s security.a="x"\n%s trusted.a="y"\n' $file $file
		done)" "$(overlay_with user | by_file)"
	same "overlay: with the store nothing is said" "" "$(cat said)"
	same "overlay: and they are on the upper layer" \
		"$(for file in below directory new; do
			printf '%s user.nsxattr.%s=0x78\n' $file 100000.security.a
			printf '%s user.nsxattr.%s=0x79\n' $file 100000.trusted.a
		done)" "$(tree overlay.user/upper | grep ' user\.')"
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
# the place that an inode has for them, set in no order, replaced and removed. On a tmpfs, which lists
# names in their order whatever became of them. $1: directory; $2: archive
# shellcheck disable=SC2016
build_with_many='set -e
	umask 022
	mount -t tmpfs none "$1"
	cd "$1"
	mkdir -p root/bin root/etc
	echo "a tool" >root/bin/tool
	echo "settings" >root/etc/settings
	chown 5:7 root/etc/settings
	long=0x$(printf "%0520d" 7)
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

images_with_many() {
	mkdir many.host many.user
	chown 1000:1000 many.user
	mkdir many.host/root many.user/root
	chown 1000:1000 many.user/root
	check "many attributes: root of the host builds the image" \
		unshare --mount sh -c "$build_with_many" - many.host/root "$SCENE/many.host/root.tar"
	check "many attributes: a plain user builds it" \
		user_with_ids sh -c "$build_with_many" - many.user/root "$SCENE/many.user/root.tar"
	same "many attributes: both archives say the same" "$(image_attributes many.host/root.tar)" \
		"$(image_attributes many.user/root.tar)"
	check "many attributes: and are equal byte for byte" cmp many.host/root.tar many.user/root.tar
	same "many attributes: 61 on four files" 61 \
		"$(image_attributes many.user/root.tar | grep -c '^  x:')"
}

values_of root_inside 100000 100000
values_of user_by_default 1000 1000
values_of user_alone 1000 1000
values_of user_with_ids 1000 1000
what_it_cannot_hold root_inside 100000
what_it_cannot_hold user_with_ids 1000
overlays
images
images_with_many
