#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The policies of examples/policies, each by clients of what it is for. That of samba-dc is in samba.sh.

set -u
# shellcheck source=tests/lib/case.sh
. tests/lib/case.sh
# shellcheck source=tests/lib/scene.sh
. tests/lib/scene.sh
# shellcheck source=tests/lib/builder.sh
. tests/lib/builder.sh
needs setfattr getfattr setfacl getfacl setpriv newuidmap setcap getcap setfiles chcon evmctl openssl tar \
	mksquashfs unsquashfs fuse-overlayfs glusterfsd mkfs.xfs rsync perl
scene_make
builder_make

EPERM="Operation not permitted"
ENODATA="No such attribute"
EDQUOT="Disk quota exceeded"

policies=$REPOSITORY/examples/policies

# under() - POLICY COMMAND…: as root of the usual namespace, attached by root of the host
under() {
	local policy=$policies/$1.yaml
	shift
	"$NSXATTR" run "${options[@]}" --map-users="0:$INSIDE_ROOT:$INSIDE_COUNT" \
		--map-groups="0:$INSIDE_ROOT:$INSIDE_COUNT" -p "$policy" -- "$@"
}

# make_key() - NAME: NAME.pem to sign with, NAME.der to verify with
make_key() {
	openssl req -new -x509 -batch -nodes -newkey rsa:2048 -sha256 -subj "/CN=$1" \
		-addext basicConstraints=critical,CA:FALSE -addext keyUsage=digitalSignature \
		-addext subjectKeyIdentifier=hash \
		-keyout "$1.pem" -outform DER -out "$1.der" 2>/dev/null
	chmod 644 "$1.pem" "$1.der"
}

# ---- image-build: by a plain user, as the head of the file says ----

# The same steps by any user. $1: directory
# shellcheck disable=SC2016
build_image='set -e
	umask 022
	cd "$1"
	mkdir -p root/bin root/etc root/lib/systemd/system
	echo "a tool" >root/bin/tool
	echo "another" >root/bin/another
	echo "secrets" >root/etc/shadow
	echo "[Unit]" >root/lib/systemd/system/a.service
	ln -s bin/tool root/link
	chmod 755 root/bin/tool root/bin/another
	setfiles -F -r "$PWD/root" ../file_contexts "$PWD/root"
	chcon system_u:object_r:shadow_t:s0 root/etc/shadow
	for file in bin/tool bin/another lib/systemd/system/a.service; do
		evmctl -a sha256 ima_sign --key ../image.pem "root/$file"
	done
	setcap cap_net_raw,cap_net_bind_service=ep root/bin/tool
	tar --format=posix --xattrs --xattrs-include="*" --selinux --sort=name --mtime=@0 \
		--numeric-owner --pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime \
		-cf root.tar -C root .
	mksquashfs root root.squashfs -quiet -no-progress -processors 1 -mkfs-time 0 -all-time 0'

image_build() {
	make_key image
	printf '%s\t%s\t%s\n' '/.*' '' system_u:object_r:root_t:s0 \
		'/etc(/.*)?' '' system_u:object_r:etc_t:s0 '/bin/.*' '' system_u:object_r:bin_t:s0 \
		'/lib/.*[.]service' '' system_u:object_r:systemd_unit_file_t:s0 \
		'(/.*)?' -l '<<none>>' >file_contexts
	mkdir image.host image.user
	chown 1000:1000 image.user
	check "image-build: root of the host builds" sh -c "$build_image" - image.host
	check "image-build: a plain user builds" as_builder bin/nsxattr run "${options[@]}" \
		--map-root-user --map-auto -p "$policies/image-build.yaml" -- sh -c "$build_image" - image.user
	same "image-build: nothing of it is plain on the host" security.capability \
		"$(plain image.user | sed 's/^[^ ]* //; s/=.*//' | sort -u)"
	image_archives
}

# image_labels() - ARCHIVE: the labels that it carries, as tar says
image_labels() {
	tar --selinux -tvvf "$1" | awk '/^[-dl]/ { file = $6 } $1 == "s:" { print file, $2 }' | sort
}

image_archives() {
	mkdir unpacked.host unpacked.user
	same "image-build: the archive carries the labels" "./ system_u:object_r:root_t:s0
./bin/ system_u:object_r:root_t:s0
./bin/another system_u:object_r:bin_t:s0
./bin/tool system_u:object_r:bin_t:s0
./etc/ system_u:object_r:etc_t:s0
./etc/shadow system_u:object_r:shadow_t:s0
./lib/ system_u:object_r:root_t:s0
./lib/systemd/ system_u:object_r:root_t:s0
./lib/systemd/system/ system_u:object_r:root_t:s0
./lib/systemd/system/a.service system_u:object_r:systemd_unit_file_t:s0" \
		"$(image_labels image.user/root.tar)"
	check "image-build: root of the host unpacks it" tar --xattrs --xattrs-include='*' \
		--numeric-owner -xpf image.user/root.tar -C unpacked.user
	tar --xattrs --xattrs-include='*' --numeric-owner -xpf image.host/root.tar -C unpacked.host
	same "image-build: what lies there is what host root's has" "$(tree unpacked.host)" \
		"$(tree unpacked.user)"
	same "image-build: and has a signature" "root/bin/tool: verification is OK" "$(cd unpacked.user &&
		evmctl ima_verify --key ../image.der bin/tool 2>&1 | sed 's,^,root/,' | tail -n 1)"
	same "image-build: and a capability" "unpacked.user/bin/tool cap_net_bind_service,cap_net_raw=ep" \
		"$(getcap unpacked.user/bin/tool)"
	check "image-build: unsquashfs of the other archive" unsquashfs -quiet -no-progress \
		-processors 1 -dest unsquashed image.user/root.squashfs
	same "image-build: carries the same" "$(tree unpacked.host)" "$(tree unsquashed)"
}

# ---- ima-resign ----

# verifies() - NAME KEY FILE [PREFIX…]
verifies() {
	local name=$1 key=$2 file=$3
	shift 3
	same "ima-resign: $name" "$file: verification is OK" \
		"$("$@" evmctl ima_verify --key "$key.der" "$file" 2>&1 | tail -n 1)"
}

ima_resign() {
	local label=system_u:object_r:bin_t:s0
	make_key vendor
	make_key own
	echo "a tool" >tool
	echo "another" >another
	own tool another
	setfattr -n security.selinux -v $label tool
	evmctl ima_sign --key vendor.pem tool >/dev/null 2>&1
	evmctl ima_sign --key vendor.pem another >/dev/null 2>&1
	verifies "the host's signature shows" vendor tool under ima-resign
	check "ima-resign: sign again" under ima-resign evmctl ima_sign --key own.pem tool
	verifies "inside its own" own tool under ima-resign
	verifies "on the host the vendor's" vendor tool
	verifies "inside the host's, where it has not signed" vendor another under ima-resign
	check "ima-resign: take it back" under ima-resign setfattr -x security.ima tool
	verifies "the host's again" vendor tool under ima-resign
	same "ima-resign: labels are read" $label "$(text security.selinux tool under ima-resign)"
	fails "ima-resign: but not changed" "$EPERM" under ima-resign chcon system_u:object_r:x_t:s0 tool
	same "ima-resign: on the host" "security.ima security.selinux" "$(names tool)"
}

# ---- gluster-brick: a brick's server inside, and its client on the host ----

# make_brick() - DIRECTORY: the brick, on XFS as GlusterFS wants it, and its descriptions
make_brick() {
	local directory=$SCENE/$1
	mkdir -p "$directory/brick" "$directory/mounted"
	truncate -s 400M "$directory/xfs" && mkfs.xfs -q "$directory/xfs" &&
		mount -o loop "$directory/xfs" "$directory/brick" || return
	cat >"$directory/server.vol" <<-END
		volume posix
		  type storage/posix
		  option directory $directory/brick
		  option volume-id 11111111-2222-3333-4444-555555555555
		end-volume
		volume brick
		  type features/locks
		  subvolumes posix
		end-volume
		volume server
		  type protocol/server
		  option transport-type tcp
		  option transport.address-family unix
		  option transport.socket.listen-path $directory/socket
		  option auth.addr.brick.allow *
		  option volfile-id brick
		  subvolumes brick
		end-volume
	END
	cat >"$directory/client.vol" <<-END
		volume client
		  type protocol/client
		  option transport-type tcp
		  option transport.address-family unix
		  option transport.socket.connect-path $directory/socket
		  option remote-host localhost
		  option remote-subvolume brick
		end-volume
	END
}

# brick_serve() - DIRECTORY [PREFIX…]: ends when the server is there, or cannot be
brick_serve() {
	local directory=$SCENE/$1
	shift
	"$@" sh -c '
		setfattr -n trusted.glusterfs.volume-id -v 0x11111111222233334444555555555555 "$1/brick" &&
		exec glusterfsd -f "$1/server.vol" -l "$1/server.log" -p "$1/server.pid"' - "$directory"
}

# brick_use() - DIRECTORY: what a client does, once a server is there
brick_use() {
	local mounted=$SCENE/$1/mounted
	timeout 120 glusterfs -f "$SCENE/$1/client.vol" -l "$SCENE/$1/client.log" "$mounted" &&
		mkdir "$mounted/directory" &&
		echo content >"$mounted/directory/file" &&
		ln "$mounted/directory/file" "$mounted/directory/second" &&
		ln -s directory/file "$mounted/link" &&
		mv "$mounted/directory/second" "$mounted/moved" &&
		setfattr -n user.note -v x "$mounted/directory/file" &&
		setfattr -n trusted.afr.note -v y "$mounted/directory/file" &&
		setfattr -n trusted.gone -v z "$mounted/moved" &&
		setfattr -x trusted.gone "$mounted/moved"
}

# brick_fill() - FILE: give a file of the client's attributes until one is refused, at most 200
#
# Prints what the refused one is told.
brick_fill() {
	local i
	for ((i = 0; i < 200; i++)); do
		setfattr -n "trusted.fill.$i" -v x "$1" 2>&1 || break
	done | sed 's/.*: //'
}

# brick_is_full() - what attributes-per-file: 128 of the policy allows, by way of the client
brick_is_full() {
	local file=brick.inside/mounted/directory/file inode=brick.inside/brick/directory/file before
	same "gluster-brick: the limit is told to the client" "$EDQUOT" "$(brick_fill $file)"
	same "gluster-brick: it is on all that the brick keeps" 128 "$(names $inode | tr ' ' '\n' | grep -c @uid=)"
	before=$(getfattr -d -m - -e hex $inode)
	fails "gluster-brick: no more of them" "$EDQUOT" setfattr -n trusted.more -v x $file
	same "gluster-brick: which has changed nothing" "$before" "$(getfattr -d -m - -e hex $inode)"
	check "gluster-brick: one's own value is replaced" setfattr -n trusted.fill.0 -v y $file
	check "gluster-brick: one is removed" setfattr -x trusted.fill.1 $file
	check "gluster-brick: and another has its place" setfattr -n trusted.more -v x $file
}

brick_end() {
	umount "$SCENE/$1/mounted"
	kill "$(<"$SCENE/$1/server.pid")"
	timeout 120 tail --pid="$(<"$SCENE/$1/server.pid")" -f /dev/null
}

# brick_view() - DIRECTORY [PREFIX…]: the brick's attributes, where numbers drawn by lot are N
brick_view() {
	local directory=$1
	shift
	tree "$directory/brick" "$@" | grep '^[^.]' |
		sed -E '/volume-id=|000000000000000000000001$/! { s/(gfid=0x)[0-9a-f]{32}/\1N/
			s/(gfid2path[.])[0-9a-f]+=.*/\1N/ }' | sort
}

gluster_brick() {
	check "gluster-brick: on XFS" make_brick brick.host
	check "gluster-brick: and another" make_brick brick.inside
	own brick.inside
	fails "gluster-brick: without nsxattr there is none" "$EPERM" \
		brick_serve brick.inside bin/enter-userns "0 $INSIDE_ROOT $INSIDE_COUNT"
	check "gluster-brick: a brick of host root's" brick_serve brick.host
	check "gluster-brick: a brick in the namespace" brick_serve brick.inside under gluster-brick
	check "gluster-brick: a client uses host root's" brick_use brick.host
	check "gluster-brick: a client uses the namespace's" brick_use brick.inside
	same "gluster-brick: the client sees the same" \
		"$(cd brick.host/mounted && find . | sort; getfattr -Rhd -m - . | sort)" \
		"$(cd brick.inside/mounted && find . | sort; getfattr -Rhd -m - . | sort)"
	brick_view brick.host >brick.view
	same "gluster-brick: each of the four inodes has its own" 4 "$(grep -c trusted.gfid= brick.view)"
	same "gluster-brick: inside it is what host root's is" "$(<brick.view)" \
		"$(brick_view brick.inside under gluster-brick)"
	brick_is_full
	same "gluster-brick: on the host all is the namespace's" "" "$(plain brick.inside/brick)"
	brick_end brick.host
	brick_end brick.inside
}

# ---- nested-overlay ----

# The kernel's overlay on the host makes the layer: a directory that was removed and made anew.
make_layer() {
	mkdir -p layer/{lower/directory,upper,work,merged}
	echo old >layer/lower/directory/old
	mount -t overlay -o lowerdir=layer/lower,upperdir=layer/upper,workdir=layer/work none layer/merged
	rm -r layer/merged/directory
	mkdir layer/merged/directory
	echo new >layer/merged/directory/new
	umount layer/merged
	tar --xattrs --xattrs-include=trusted.overlay.opaque -cf layer.tar -C layer/upper .
}

# shown() - LAYER: what the host's overlay shows of the directory, the layer over another
shown() {
	mount -t overlay -o "lowerdir=$1:overlay/lower" none overlay/merged &&
		ls -m overlay/merged/directory && umount overlay/merged
}

nested_overlay() {
	local opaque=trusted.overlay.opaque said
	make_layer
	mkdir -p overlay/{lower/directory,merged,layer,upper,work,native}
	echo old >overlay/lower/directory/old
	own overlay
	check "nested-overlay: tar unpacks a layer" under nested-overlay \
		tar --xattrs --xattrs-include='*' -xf layer.tar -C overlay/layer
	same "nested-overlay: the mark is the host's own" y "$(text $opaque overlay/layer/directory)"
	same "nested-overlay: and shows inside" y \
		"$(text $opaque overlay/layer/directory under nested-overlay)"
	same "nested-overlay: the host's overlay goes by it" new "$(shown overlay/layer)"
	inside tar --xattrs --xattrs-include='*' -xf layer.tar -C overlay/native
	same "nested-overlay: which it does not under the default policy" "new, old" \
		"$(shown overlay/native)"
	check "nested-overlay: rsync copies the layer" \
		under nested-overlay rsync -aX overlay/layer/ overlay/copy
	same "nested-overlay: with the mark" y "$(text $opaque overlay/copy/directory)"

	# By fuse-overlayfs, which marks a directory that was removed and made anew as the kernel does.
	mknod -m 666 fuse c 10 229
	# shellcheck disable=SC2016
	said=$(unshare --mount sh -c 'mount --bind fuse /dev/fuse && "$@"' - "$NSXATTR" run "${options[@]}" \
		--map-users="0:$INSIDE_ROOT:$INSIDE_COUNT" --map-groups="0:$INSIDE_ROOT:$INSIDE_COUNT" \
		-p "$policies/nested-overlay.yaml" -- sh -ec 'cd overlay
			fuse-overlayfs -o lowerdir=lower,upperdir=upper,workdir=work merged
			rm -r merged/directory
			mkdir merged/directory
			echo new >merged/directory/new
			umount merged' 2>&1) || echo "$said"
	same "nested-overlay: fuse-overlayfs marks" y "$(text $opaque overlay/upper/directory)"

	# What is mounted inside itself reads no trusted.*, and marks by user.overlay.*.
	rm -rf overlay/{upper,work}
	mkdir overlay/{upper,work}
	own overlay/{upper,work}
	same "nested-overlay: an overlay mounted inside has its own marks" "new" \
		"$(under nested-overlay sh -ec 'cd overlay
			mount -t overlay -o userxattr,lowerdir=lower,upperdir=upper,workdir=work none merged
			rm -r merged/directory
			mkdir merged/directory
			echo new >merged/directory/new
			ls -m merged/directory' 2>&1)"
	same "nested-overlay: of user.*" y "$(text user.overlay.opaque overlay/upper/directory)"

	fails "nested-overlay: no other value" "$EPERM" \
		under nested-overlay setfattr -n $opaque -v x overlay/layer/directory
	fails "nested-overlay: no redirect" "$EPERM" under nested-overlay \
		setfattr -n trusted.overlay.redirect -v /etc overlay/layer/directory
	fails "nested-overlay: not on what is the host's" "$EPERM" \
		under nested-overlay setfattr -n $opaque -v y layer/lower/directory
	same "nested-overlay: nothing else is on the host" "directory $opaque=0x79" "$(plain overlay/layer)"
}

# ---- strict-untrusted ----

strict_untrusted() {
	local name ring='$p = "\0" x 120; print syscall(425, 4, $p) < 0 ? 0 + $! : "ring"'
	mkdir untrusted
	cp /bin/true untrusted/tool
	setfattr -n security.selinux -v system_u:object_r:bin_t:s0 untrusted/tool
	setfattr -n security.ima -v 0x0302aa00ff untrusted/tool
	setfattr -n trusted.hosts -v x untrusted/tool
	own untrusted
	setcap cap_net_raw=ep untrusted/tool
	setfattr -n user.comment -v x untrusted/tool
	tree untrusted >untrusted.before

	same "strict-untrusted: nothing of the host's is listed" user.comment \
		"$(names untrusted/tool under strict-untrusted)"
	for name in security.selinux security.ima security.capability trusted.hosts; do
		fails "strict-untrusted: $name is not there" "$ENODATA" \
			under strict-untrusted getfattr -n $name untrusted/tool
	done
	fails "strict-untrusted: setcap" "$EPERM" under strict-untrusted setcap cap_kill=ep untrusted/tool
	fails "strict-untrusted: trusted.*" "$EPERM" \
		under strict-untrusted setfattr -n trusted.a -v x untrusted/tool
	fails "strict-untrusted: names of no known class" "Operation not" \
		under strict-untrusted setfattr -n system.a -v x untrusted/tool
	check "strict-untrusted: cp -a" under strict-untrusted cp -a untrusted/tool untrusted/copy
	check "strict-untrusted: setfacl" under strict-untrusted setfacl -m u:5:r untrusted/copy
	check "strict-untrusted: chcon" \
		under strict-untrusted chcon system_u:object_r:own_t:s0 untrusted/copy
	check "strict-untrusted: tar packs" under strict-untrusted \
		tar --xattrs --xattrs-include='*' --acls -cf untrusted/tar -C untrusted copy
	same "strict-untrusted: what is its own" \
		"security.selinux system.posix_acl_access user.comment" \
		"$(tar --xattrs --xattrs-include='*' -tvvf untrusted/tar |
			awk '$1 == "x:" { print $3 }' | sort | xargs)"
	fails "strict-untrusted: eight values, no more" "$EDQUOT" under strict-untrusted sh -ec '
		for n in 1 2 3 4 5 6 7 8 9; do setfattr -n security.$n -v x untrusted/copy; done'
	same "strict-untrusted: which are there" 8 "$(variants untrusted | grep -c ^copy)"
	fails "strict-untrusted: none longer than 4096" "Argument list too long" under strict-untrusted \
		setfattr -n security.1 -v "0x$(printf '%08194d' 0)" untrusted/copy
	same "strict-untrusted: no rings" 38 "$(under strict-untrusted perl -e "$ring")"
	same "strict-untrusted: the host's file is as it was" "$(<untrusted.before)" \
		"$(tree untrusted | grep '^tool ')"
}

# ---- restore: over files that have values of the host's ----

# restore_make() - a backup, and a tree that is to become like it
restore_make() {
	mkdir restore.backup restore.tree
	# rsync takes the two for the same content: it keeps the file, and changes what is around it.
	echo content | tee restore.backup/file >restore.tree/file
	echo more >restore.tree/other
	touch --date=@0 restore.backup/file restore.tree/file
	setfattr -n security.NTACL -v backups restore.backup/file
	for file in restore.tree restore.tree/file restore.tree/other; do
		setfattr -n security.ima -v 0x0302aa00ff $file
		setfattr -n trusted.note -v hosts $file
	done
	own restore.backup restore.tree
	under restore sh -ec 'setfattr -n security.evm -v own restore.tree/file
		setfattr -n security.ima -v own restore.backup/file'
}

restore() {
	local status=0
	restore_make
	"$NSXATTR" run "${options[@]}" --map-users="0:$INSIDE_ROOT:$INSIDE_COUNT" \
		--map-groups="0:$INSIDE_ROOT:$INSIDE_COUNT" -- \
		rsync -aX --delete restore.backup/ restore.tree/ 2>/dev/null || status=$?
	same "restore: where names are inherited rsync cannot remove them" 23 $status
	rm -r restore.backup restore.tree
	restore_make
	check "restore: rsync" under restore rsync -aX --delete restore.backup/ restore.tree/
	same "restore: the tree is as the backup" "$(tree restore.backup under restore)" \
		"$(tree restore.tree under restore)"
	same "restore: what was the container's own, and not in the backup, is gone" \
		"file security.ima=0x6f776e" "$(variants restore.tree)"
	same "restore: the host's values are as they were, on files that stay" \
		". security.ima=0x0302aa00ff . trusted.note=0x686f737473
file security.ima=0x0302aa00ff file trusted.note=0x686f737473" "$(plain restore.tree | paste -d' ' - -)"
}

image_build
ima_resign
restore
gluster_brick
nested_overlay
strict_untrusted
