#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# nsxattr tree on file systems of disks and on an overlay: values that are moved, exported and brought back, with
# kill -9 in the middle; what other tools read of an archive; a tree that changes under the command's hands.

set -u
# shellcheck source=tests/lib/case.sh
. tests/lib/case.sh
# shellcheck source=tests/lib/scene.sh
. tests/lib/scene.sh
needs setfattr getfattr setfacl setcap getcap python3 tar bsdtar jq mkfs.ext4 mkfs.xfs mkfs.btrfs
scene_make

# Files of one value each: more than a pipe takes lines about.
FILES=1200

cat >make.py <<'END'
import os, sys
tree, count = sys.argv[1], int(sys.argv[2])
for d in range(24):
    os.makedirs(f"{tree}/d{d}")
    os.chown(f"{tree}/d{d}", 100000, 100000)
for i in range(count):
    path = f"{tree}/d{i % 24}/{i:06d}-a-name-of-some-length-so-that-a-pipe-is-full-soon"
    with open(path, "w") as file:
        file.write(str(i))
    os.setxattr(path, "security.demo@uid=100000", f"value {i}".encode())
    os.chown(path, 100000 + i % 3, 100000)
END

# make_tree() - DIRECTORY: what a container of the range 100000 has left there
make_tree() {
	python3 make.py "$1" "$FILES"
	mkdir "$1/odd"
	ln -s nowhere "$1/odd/link"
	mkfifo "$1/odd/fifo"
	echo content >"$1/odd/f"$'\n'"ile=\\"
	dd if=/dev/urandom of="$1/odd/large" bs=1000 count=77 status=none
	ln "$1/odd/large" "$1/odd/other"
	chown -hR 100000:100000 "$1/odd"
	chown 100000:100000 "$1"
	setfattr -n security.NTACL@uid=100000 -v 0x00ff0a22 "$1/odd"
	setfattr -n trusted.nsxattr.100000.security.NTACL -v 'say "\"' "$1/odd/large"
	setfattr -n trusted.gfid@uid=100007 -v nested "$1/odd/large"
	setfattr -n trusted.gfid@uid=500000 -v others "$1/odd/large"
	setfattr -n security.demo -v hosts "$1/odd/large"
	setfattr -n user.comment -v common "$1/odd/large"
	setfattr -h -n security.selinux@uid=100000 -v links "$1/odd/link"
	setfattr -h -n security.selinux@uid=100000 -v fifos "$1/odd/fifo"
	setfattr -n security.demo@uid=100000 -v odd "$1/odd/f"$'\n'"ile=\\"
	setcap -n 100000 cap_net_raw+ep "$1/odd/f"$'\n'"ile=\\"
	setfacl -m u:100005:rwx,g:165535:r "$1/odd/large"
	setfacl -m d:u:100007:rx,u:100000:- "$1/odd"
}

# bare_capabilities() - of a dump: without their root, whoever it is
bare_capabilities() {
	sed -E 's/( security\.capability=0x010000)0[23](.{32}).*/\102\2/'
}

# in_container() - DIRECTORY NUMBER: the values there, sorted, with the names that this container has for them
in_container() {
	(cd "$1" && getfattr -Rhd -m - -e hex . 2>/dev/null) | by_file | grep -v ' user\.comment=\| security\.demo=\| trusted\.SGI_ACL_' |
		bare_capabilities |
		sed -E "s/ trusted\.nsxattr\.$2\./ /; s/@uid=$2=/=/; s/@uid=$(($2 + 7))=/@uid=7=/; /@uid=500000/d" | sort
}

# plain_names() - DIRECTORY: the values of a tree in which they have these names
plain_names() {
	(cd "$1" && getfattr -Rhd -m - -e hex . 2>/dev/null) | by_file | grep -v ' user\.comment=\| trusted\.SGI_ACL_' | bare_capabilities | sort
}

# killed() - LINES COMMAND…: the command says what it does into a pipe that nobody empties, and is killed there
killed() {
	local lines=$1 pid
	shift
	rm -f pipe
	mkfifo pipe
	"$@" >pipe &
	pid=$!
	exec 8<pipe
	while [ "$lines" -gt 0 ] && read -r <&8; do lines=$((lines - 1)); done
	kill -KILL "$pid"
	wait "$pid" 2>/dev/null
	exec 8<&-
}

# count_of() - DIRECTORY NUMBER
count_of() {
	"$NSXATTR" tree ls --json "$1" | jq "[.owners[] | select(.number == $2).values] + [0] | first"
}

rekeys() {
	local name=$1 tree=$1/tree before all
	before=$(in_container "$tree" 100000)
	all=$(count_of "$tree" 100000)
	killed 20 "$NSXATTR" tree rekey --from=100000 --to=200000 -v "$tree" 2>/dev/null
	check "$name: rekey was killed on its way" \
		[ "$(count_of "$tree" 100000)" -gt 0 -a "$(count_of "$tree" 200000)" -gt 0 ]
	check "$name: nothing was lost" [ $(($(count_of "$tree" 100000) + $(count_of "$tree" 200000))) -ge "$all" ]
	check "$name: rekey goes on" "$NSXATTR" tree rekey --from=100000 --to=200000 "$tree"
	same "$name: all values have their new number" "$before" "$(in_container "$tree" 200000)"
	same "$name: the capability has its new root" "cap_net_raw=ep [rootid=200000]" \
		"$(getcap -n "$tree/odd/f"$'\n'"ile=\\" | tail -n 1 | sed 's/.* cap/cap/')"
	same "$name: those of others stay" 1 "$(count_of "$tree" 500000)"
	same "$name: so does the host's" hosts "$(text security.demo "$tree/odd/large")"
}

# bare_copy() - DIRECTORY: of the tree, without its attributes
bare_copy() {
	cp -dR --preserve=mode,ownership,timestamps,links "$1/tree" "$2"
}

dumps() {
	local name=$1 tree=$1/tree before
	before=$(in_container "$tree" 200000)
	check "$name: export to a dump" sh -c "'$NSXATTR' tree export --from=200000 '$tree' >dump"
	check "$name: and what another store has" sh -c "'$NSXATTR' tree export --from=200000 --store=trusted '$tree' >>dump"
	bare_copy "$name" "$name/restored"
	(cd "$name/restored" && setfattr -h --restore="$SCENE/dump") || not_ok "$name: setfattr --restore reads it"
	same "$name: setfattr has restored it, under the container's names" "$before" \
		"$(plain_names "$name/restored")"
	"$NSXATTR" tree strip --from=200000 "$tree" >/dev/null
	same "$name: strip leaves nothing" "" "$(in_container "$tree" 200000)"
	killed 20 "$NSXATTR" tree import --to=200000 -v dump "$tree" 2>/dev/null
	check "$name: import was killed on its way" [ "$(count_of "$tree" 200000)" -gt 0 ]
	check "$name: import goes on" "$NSXATTR" tree import --to=200000 dump "$tree"
	# All of them are in one store now.
	same "$name: all are there again" "$before" "$(in_container "$tree" 200000)"
	(cd "$name/restored" && getfattr -Rhd -m '^(security|trusted)' . 2>/dev/null) >dump
	"$NSXATTR" tree strip --from=200000 "$tree" >/dev/null
	check "$name: import reads what getfattr writes" "$NSXATTR" tree import --to=200000 dump "$tree"
	same "$name: and it is the same" "$before" "$(in_container "$tree" 200000)"
	same "$name: no file system's own attributes are taken along" "" "$("$NSXATTR" tree ls -l "$tree" | grep SGI_ACL)"
	rm -rf "$name/restored"
}

archives() {
	local name=$1 tree=$1/tree before tool
	before=$(in_container "$tree" 200000)
	"$NSXATTR" tree export --from=200000 --format=tar --owners-from=100000 "$tree" >tree.tar 2>said ||
		not_ok "$name: export to an archive" "$(<said)"
	for tool in "tar --acls --xattrs --xattrs-include=*" "bsdtar --acls --xattrs"; do
		mkdir "$name/unpacked"
		# shellcheck disable=SC2086
		check "$name: ${tool%% *} unpacks it" $tool --numeric-owner -xpf tree.tar -C "$name/unpacked"
		same "$name: ${tool%% *} has its values" "$before" \
			"$(plain_names "$name/unpacked" | { [ "${tool%% *}" = tar ] && cat || sed 's/%3D/=/'; })"
		same "$name: and its content, with the owners of inside" \
			"$(inside_of "$tree" 100000)" "$(inside_of "$name/unpacked" 0)"
		same "$name: and its access control lists" \
			"$(lists_of "$tree" | sed -E 's/:1000(0[0-9])/:\1/; s/:165535/:65535/; s/:0([0-9])/:\1/')" \
			"$(lists_of "$name/unpacked")"
		rm -rf "$name/unpacked"
	done
	same "$name: Python reads the records, too" "b'\\x00\\xff\\n\"' b'nested'" "$(python3 -c '
import tarfile
def value(name):
    return next(member.pax_headers["SCHILY.xattr." + name] for member in tarfile.open("tree.tar")
                if "SCHILY.xattr." + name in member.pax_headers).encode("utf-8", "surrogateescape")
print(value("security.NTACL"), value("trusted.gfid@uid%3D7"))')"
	"$NSXATTR" tree strip --from=200000 "$tree" >/dev/null
	check "$name: import from an archive" "$NSXATTR" tree import --to=200000 tree.tar "$tree"
	same "$name: all are there again, from an archive" "$before" "$(in_container "$tree" 200000)"
}

# lists_of() - DIRECTORY
lists_of() {
	(cd "$1" && getfacl -nsRP odd | grep -v '^# [og]')
}

# inside_of() - DIRECTORY OWNER: what is there, but for attributes
inside_of() {
	(cd "$1" && find . -mindepth 1 -printf '%P %y %m %n %l %s %T@ %U %G\0' | tr '\n\0' '?\n' | sed -E 's/\.0000000000 / /' |
		awk -v from="$2" '{ $NF -= from; $(NF - 1) -= from; sub(/\.[0-9]*$/, "", $(NF - 2)); if ($2 == "d") $4 = $5 = 0; print }' | sort
		find . -type f -exec sha256sum {} + | sort)
}

# goes_around() - NAME: everything on a file system that is mounted there
goes_around() {
	make_tree "$1/tree"
	rekeys "$1"
	dumps "$1"
	archives "$1"
}

# on_disk() - NAME MKFS…: a file system in a file
on_disk() {
	local name=$1
	shift
	truncate -s 320M "$name.image"
	mkdir "$name"
	if ! "$@" "$name.image" >mkfs.log 2>&1 || ! mount -o loop "$name.image" "$name" 2>mkfs.log; then
		skip "$name" "this machine cannot mount one: $(<mkfs.log)"
		return
	fi
	goes_around "$name"
	umount "$name"
	rm "$name.image"
}

layered() {
	mkdir lower upper work overlay
	if ! mount -t overlay -o lowerdir=lower,upperdir=upper,workdir=work overlay overlay; then
		skip "overlay" "this machine cannot mount one"
		return
	fi
	goes_around overlay
	umount overlay
}

# What any process of the container can write by itself, outside of its policy's store.
forges() {
	local capability=0x0100000200200000000000000000000000000000
	mkdir forged
	touch forged/file forged/stored
	setfattr -n security.demo@uid=100000 -v own forged/file
	setfattr -n user.nsxattr.100000.security.demo -v forged forged/file
	setfattr -n user.nsxattr.100000.security.capability -v "$capability" forged/file
	setfattr -n security.capability@uid=100000 -v "$capability" forged/stored
	setfattr -n security.capability@uid=100007 -v "$capability" forged/stored
	"$NSXATTR" tree export --from=100000 forged/file >dump 2>said
	same "export takes the values of one store" '# file: .
security.demo="own"' "$(sed '/^$/d' dump)"
	same "and says what it leaves out" "nsxattr: 2 values of the store user are left out: see --store
nsxattr: exported 1 value of 1 file" "$(<said)"
	same "--store" '# file: .
security.demo="forged"' "$("$NSXATTR" tree export --from=100000 --store=user forged/file 2>/dev/null | sed '/^$/d')"
	fails "a stored name becomes no file capability" \
		"forged/file: user.nsxattr.100000.security.capability is left out: it is no file capability of the kernel's" \
		"$NSXATTR" tree export --from=100000 --store=user forged
	"$NSXATTR" tree export --from=100000 --format=tar forged >tree.tar 2>said
	same "nor in an archive" "nsxattr: forged/stored: security.capability@uid=100000 is left out: it is no file capability of the kernel's
nsxattr: forged/stored: security.capability@uid=100007 is left out: it is no file capability of the kernel's
1
security.demo" "$(grep /stored said | sort
		grep -ac SCHILY tree.tar
		grep -ao 'security\.[a-z]*=' tree.tar | tr -d =)"
}

# Files and entries of lists that are not the container's.
strangers() {
	mkdir strange unpacked
	touch strange/{own,hosts}
	chown 100000:100000 strange strange/own
	setfacl -m u:100005:r,u:6:rwx,u:7:rwx strange/own
	local export=("$NSXATTR" tree export --from=100000 --format=tar --owners-from=100000)
	fails "an owner that the container has not is reported" \
		"strange/hosts: its owner becomes 65534, because the container has no id 0" "${export[@]}" strange
	fails "so is the user of a list" \
		"strange/own: system.posix_acl_access loses 2 entries, because the container has no id 6, and others" \
		"${export[@]}" strange
	fails "and the remedy" "4 ids of owners or in access control lists are none of the container's" "${export[@]}" strange
	check "--allow-unmapped" sh -c '"$@" >strange.tar' - "${export[@]}" --allow-unmapped strange
	same "what it allows is in the archive" "65534/65534 ./hosts
0/0 ./own" "$(tar --numeric-owner -tvf strange.tar | awk '$NF != "./" { print $2, $NF }' | sort -k 2)"
	check "the list is one that can be restored" tar --acls --numeric-owner -xpf strange.tar -C unpacked
	same "and gives nobody else rights" "user::rw- user:5:r-- group::r-- mask::rwx other::r--" \
		"$(getfacl -cn unpacked/own 2>/dev/null | xargs)"
	rm -r unpacked
}

# A file that its first name does not make readable, nor its second.
locked() {
	install -d -o 1000 -g 1000 locked
	echo content >locked/a
	ln locked/a locked/b
	chown 1000:1000 locked/a
	chmod 000 locked/a
	"${as_user[@]}" bin/nsxattr tree export --from=1000 --format=tar locked >locked.tar 2>said
	same "what cannot be read is reported by each of its names" "nsxattr: locked/a: Permission denied
nsxattr: locked/b: Permission denied" "$(grep Permission said | sort)"
	same "and no link refers to it" ./ "$(tar -tf locked.tar)"
}

# A brick or a share of the host's becomes a container's.
adopts() {
	mkdir brick
	touch brick/{a,b,c}
	setfattr -n trusted.gfid -v 0x0102 brick/a
	setfattr -n security.NTACL -v acl brick/a
	setfattr -n security.selinux -v label brick/a
	setfattr -n user.comment -v common brick/a
	setfattr -n trusted.gfid -v new brick/b
	setfattr -n trusted.gfid@uid=100000 -v old brick/b
	same "adopt --dry-run" "would adopt 2 values on 1 file; 1 stays because of others" \
		"$("$NSXATTR" tree adopt --to=100000 -n brick 2>/dev/null)"
	fails "adopt reports a conflict" "brick/b: trusted.gfid stays, because there is another value of trusted.gfid@uid=100000" \
		"$NSXATTR" tree adopt --to=100000 brick
	same "plain values stay" "security.NTACL security.NTACL@uid=100000 security.selinux trusted.gfid trusted.gfid@uid=100000 user.comment" \
		"$(names brick/a)"
	same "the container has them" "acl" "$(own brick; text security.NTACL brick/a inside)"
	setfattr -x trusted.gfid@uid=100000 brick/b
	setcap cap_net_raw+ep brick/c
	same "--move, once more" "adopted 4 values on 3 files" "$("$NSXATTR" tree adopt --to=100000 --move brick)"
	same "plain values have gone, but for the host's own" \
		"security.NTACL@uid=100000 security.selinux trusted.gfid@uid=100000 user.comment" "$(names brick/a)"
	same "the value is what it was" 0102 "$(value trusted.gfid@uid=100000 brick/a)"
	touch brick/d
	setfattr -n security.selinux -v label brick/d
	setfattr -n security.bpf.a -v programs brick/d
	setfattr -n security.b -v own brick/d
	same "a glob takes nothing that the kernel uses" "adopted 1 value on 1 file
security.b security.b@uid=100000 security.bpf.a security.selinux" \
		"$("$NSXATTR" tree adopt --to=100000 --name='security.*' brick/d; names brick/d)"
	setfattr -x security.bpf.a brick/d
	setfattr -x security.b brick/d
	setfattr -x security.b@uid=100000 brick/d
	same "its whole name does; --store" "adopted 2 values on 2 files
security.selinux trusted.nsxattr.100000.security.selinux" \
		"$("$NSXATTR" tree adopt --to=100000 --name=security.selinux --store=trusted brick; names brick/d)"
	setcap cap_net_raw+ep brick/d
	fails "a capability is not given to root 0" "brick/d: security.capability stays: the one of root 0 is the host's" \
		"$NSXATTR" tree adopt --to=0 --move --name=security.capability brick
	"$NSXATTR" tree adopt --to=100000 --move --name=security.capability brick >/dev/null
	same "a capability is given away" "brick/d cap_net_raw=ep [rootid=100000]" "$(getcap -n brick/d)"
}

cat >many.py <<'END'
import sys, tarfile
def member(name, size, /, **records):
    info = tarfile.TarInfo(name)
    info.pax_headers = records
    sys.stdout.buffer.write(info.tobuf(tarfile.PAX_FORMAT) + bytes(size))
values = {f"SCHILY.xattr.security.v{i}": "v" * 65000 for i in range(100)}
member("file", 1024, **values, path="full", size="600")
member("file", 0, **{"SCHILY.xattr.security.last": "v"})
sys.stdout.buffer.write(bytes(1024))
END

# More values than memory is given for; behind them the records of where the next member is.
too_many() {
	mkdir few
	touch few/file few/full
	python3 many.py >many.tar
	fails "a file with too many values is left out" "full: it is left out: it has more than 4 MiB of values" \
		"$NSXATTR" tree import --to=100000 many.tar few
	same "and the import goes on behind it" 'file security.last@uid=100000="v"' "$(values_of few)"
}

cat >headers.py <<'END'
import sys, tarfile
def member(name, type=tarfile.REGTYPE, value="v", **records):
    info = tarfile.TarInfo(name)
    info.type = type
    info.pax_headers = {f"SCHILY.xattr.security.{value}": "v", **records}
    sys.stdout.buffer.write(info.tobuf(tarfile.PAX_FORMAT))
member("file", value="a", path="few\0file")
member("file", value="b", path="")
member("directory", tarfile.DIRTYPE, value="c", size="512")
member("link", tarfile.SYMTYPE, value="d", size="512")
member("file", value="e", size="")
member("file", value="f", size=" 0")
sys.stdout.buffer.write(bytes(1024))
END

headers() {
	mkdir -p headers/directory
	touch headers/file headers/few
	ln -s nowhere headers/link
	python3 headers.py >headers.tar
	"$NSXATTR" tree import --to=100000 headers.tar headers >out 2>said
	same "paths have no NUL, and sizes digits alone" "nsxattr: headers.tar: few is left out: its path has a NUL
nsxattr: headers.tar: its extended headers are damaged
imported 4 values on 4 files; 2 failures" "$(cat said out)"
	same "what is empty is none, and directories and links have no size" 'directory security.c@uid=100000="v"
file security.b@uid=100000="v"
file security.e@uid=100000="v"
link security.d@uid=100000="v"' "$(values_of headers)"
}

# A source that means harm, or is none.
sources() {
	mkdir outside target
	touch outside/file target/file
	ln -s ../outside target/way
	ln -s ../outside/file target/link
	printf '# file: %s\nsecurity.a="v"\n\n' ../outside/file way/file "$SCENE/outside/file" link file ./file >evil
	"$NSXATTR" tree import --to=100000 evil target >out 2>said
	same "paths that lead out of the tree are refused" "imported 3 values on 3 files; 3 failures" "$(<out)"
	printf '# file: file\nsecurity.a="v"\n' >odd
	fails "nor does a link that is named, with slashes" "file: Not a directory" "$NSXATTR" tree import --to=100000 odd target/way//
	same "and nothing outside has changed" "" "$(values_of outside)"
	same "a link is meant itself" "security.a@uid=100000" "$(names target/link)"
	tar --format=pax -cf evil.tar -P --xattrs --xattrs-include='*' -C target file --transform='s|^file|../outside/file|' 2>/dev/null
	setfattr -n security.b -v v target/file
	tar --format=pax -cPf evil.tar --xattrs --xattrs-include='*' --transform='s|^target/file|../outside/file|' target/file
	fails "an archive's neither" "../outside/file: " "$NSXATTR" tree import --to=100000 evil.tar target
	same "nor by that" "" "$(values_of outside)"
	printf '# file: file\nsecurity.a@uid\\07570000="v"\nuser.a="v"\nsecurity.c=0xg\n' >odd
	fails "a number beyond the range" "the container has no id 70000" "$NSXATTR" tree import --to=100000 odd target
	fails "a line that is none" "odd:4: this is no line of a dump" "$NSXATTR" tree import --to=100000 odd target
	fails "what is left out is told" "1 attribute is left out" "$NSXATTR" tree import --to=100000 odd target
	head -c 700 evil.tar >cut.tar
	fails "an archive that was cut" "cut.tar: " "$NSXATTR" tree import --to=100000 cut.tar target
	head -c 2000 /dev/zero | tr '\0' x >junk
	fails "what is no archive" "neither a dump nor a tar archive" "$NSXATTR" tree import --to=100000 junk target
	printf '# file: file\nsecurity.a="other"\n' >odd
	fails "another value stays" "another value is there" "$NSXATTR" tree import --to=100000 odd target
	same "as it was" v "$(text security.a@uid=100000 target/file)"
	printf '# file: file\nsecurity.d="v"\n# file: no\\000\nsecurity.e="v"\n# file: file\nsecurity.f="cut' >odd
	"$NSXATTR" tree import --to=100000 odd target >out 2>said
	same "what a dump does not say whole is not taken" "nsxattr: odd:3: this is no line of a dump
nsxattr: odd:4: a value of no file
nsxattr: odd:6: the line is left out: its end is missing
imported 1 value on 1 file; 3 failures" "$(cat said out)"
	{
		printf '# file: file\nsecurity.g="%0300000d"\n# file: %0300000d\nsecurity.h="v"\n' 0 0
		printf '# file: file\nsecurity.i="v"\n'
	} >odd
	"$NSXATTR" tree import --to=100000 odd target >out 2>said
	same "nor a line that is too long" "nsxattr: odd:2: the line is too long
nsxattr: odd:3: the line is too long
nsxattr: odd:4: a value of no file
imported 1 value on 1 file; 3 failures" "$(cat said out)"
	same "the others are" "security.a@uid=100000 security.b security.d@uid=100000 security.i@uid=100000" "$(names target/file)"
	printf '# file: file\nsecurity.capability=0x0100000200200000000000000000000000000000\n' >odd
	fails "no capability of root 0" "file: security.capability is left out: the one of root 0 is the host's" \
		"$NSXATTR" tree import --to=0 odd target
	same "comes to be" "" "$(getcap target/file)"
}

values_of() {
	(cd "$1" && getfattr -Rhd -m - . 2>/dev/null) | by_file
}

cat >swap.py <<'END'
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
tree = sys.argv[1].encode()
while not os.path.exists("enough"):
    for i in range(8):
        libc.renameat2(-100, tree + b"/d%d" % i, -100, tree + b"/l%d" % i, 2)
END

# The container exchanges directories and files for links while its tree is stripped.
hostile() {
	local i swapping
	mkdir -p hostile victim
	for i in {0..7}; do
		mkdir "hostile/d$i"
		touch "hostile/d$i/"{a,b,c} victim/{a,b,c}
		ln -s ../victim "hostile/l$i"
	done
	setfattr -n security.a@uid=100000 -v precious victim victim/*
	printf '# file: d%s/b\nsecurity.evil="v"\n' {0..7} {0..7} {0..7} >names
	rm -f enough
	python3 swap.py hostile &
	swapping=$!
	for i in {1..60}; do
		"$NSXATTR" tree import --to=100000 names hostile >/dev/null 2>&1
		"$NSXATTR" tree strip --all hostile >/dev/null 2>&1
	done
	touch enough
	wait "$swapping"
	same "nothing outside of a hostile tree changes" "$(for i in . a b c; do echo "$i security.a@uid=100000=\"precious\""; done)" \
		"$(values_of victim)"
}

# A tree of long names, of which each level would take more memory than the one above.
far() {
	python3 -c '
import os
os.mkdir("far")
os.chdir("far")
for i in range(80):
    if i in (60, 79):
        os.setxattr(".", "security.a@uid=100000", b"v")
    os.mkdir("n" * 255)
    os.chdir("n" * 255)'
	fails "a path without an end is reported" "it is too deep, what is in it is left out: far/nnnn" "$NSXATTR" tree ls far
	same "what is above is seen" 1 "$(count_of far 100000 2>/dev/null)"
	rm -rf far
}

on_disk ext4 mkfs.ext4 -q -N 20000
on_disk xfs mkfs.xfs -q
on_disk btrfs mkfs.btrfs -q
layered
forges
install -m 755 "$NSXATTR" bin/nsxattr
strangers
locked
adopts
sources
too_many
headers
far
hostile
