#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# nsxattr tree: whose values lie on a tree, and values that are given to another range of ids.

set -u
# shellcheck source=tests/lib/case.sh
. tests/lib/case.sh
# shellcheck source=tests/lib/scene.sh
. tests/lib/scene.sh
needs setfattr getfattr setcap script jq
scene_make

# make_tree() - DIRECTORY: what a container with the usual range has left there, and others
make_tree() {
	mkdir -p "$1/directory/below"
	echo one >"$1/file"
	echo two >"$1/directory/below/file"
	ln -s file "$1/link"
	mkfifo "$1/fifo"
	setfattr -n security.demo@uid=100000 -v files "$1/file"
	setfattr -n security.demo -v hosts "$1/file"
	setfattr -n trusted.gfid@uid=100007 -v nested "$1/directory/below/file"
	setfattr -n trusted.nsxattr.100000.security.NTACL -v secret "$1/directory/below/file"
	setfattr -n user.nsxattr.100000.security.NTACL -v list "$1/directory"
	setfattr -h -n security.selinux@uid=100000 -v links "$1/link"
	setfattr -n security.selinux@uid=165535 -v fifos "$1/fifo"
	setfattr -n security.selinux@uid=165536 -v others "$1/fifo"
}

# values() - DIRECTORY: all that lies there, with the file before it
values() {
	(cd "$1" && getfattr -Rhd -m - . 2>/dev/null | by_file)
}

# a name as getfattr -Rhd shows it, with the file before it
by_file() {
	awk '/^# file: /{ file = substr($0, 9); next } NF { sub(/\\075/, "="); print file, $0 }' | sort
}

moved='directory user.nsxattr.200000.security.NTACL="list"
directory/below/file trusted.gfid@uid=200007="nested"
directory/below/file trusted.nsxattr.200000.security.NTACL="secret"
fifo security.selinux@uid=165536="others"
fifo security.selinux@uid=265535="fifos"
file security.demo="hosts"
file security.demo@uid=200000="files"
link security.selinux@uid=200000="links"'

lists() {
	same "ls sums up by number" "NUMBER VALUES FILES BYTES
100000 4 4 20
100007 1 1 6
165535 1 1 5
165536 1 1 6" "$("$NSXATTR" tree ls tree | sed 's/  */ /g; s/ $//')"
	same "--names by attribute" "NUMBER VALUES FILES BYTES NAME
100000 2 2 10 security.NTACL
100000 1 1 5 security.demo" "$("$NSXATTR" tree ls --names tree | sed 's/  */ /g; 4q' | sed 4d)"
	same "--name chooses, --json tells it" '[{"number":100007,"values":1,"files":1,"bytes":6}]' \
		"$("$NSXATTR" tree ls --json --name='trusted.*' tree | jq -c .owners)"
	same "-l --json is a line each" '{"number":100000,"name":"security.demo","store":"security","bytes":5,"path":"tree/file"}' \
		"$("$NSXATTR" tree ls -l --json tree/file)"
	same "ls -l names each value" "100000	security.NTACL	trusted	tree/directory/below/file
100000	security.NTACL	user	tree/directory
100000	security.demo	security	tree/file
100000	security.selinux	security	tree/link
100007	trusted.gfid	security	tree/directory/below/file
165535	security.selinux	security	tree/fifo
165536	security.selinux	security	tree/fifo" "$("$NSXATTR" tree ls -l tree | sort)"
	same "of one file" "100000	security.demo	security	tree/file" "$("$NSXATTR" tree ls -l tree/file)"
	touch $'tree/\e[31mred'
	setfattr -n security.a@uid=5 -v v $'tree/\e[31mred'
	same "no name steers a terminal" '5	security.a	security	tree/\033[31mred' \
		"$("$NSXATTR" tree ls -l $'tree/\e[31mred')"
	mkdir odd
	for name in $'\xc3\xbc' $'\xc2\x9b' $'\xff'; do
		touch "odd/$name"
		setfattr -n security.a@uid=5 -v x "odd/$name"
	done
	same "what is printable in the locale is shown, other bytes are digits" \
		$'odd/\\302\\233\nodd/\\377\nodd/\xc3\xbc' \
		"$(LC_ALL=C.UTF-8 "$NSXATTR" tree ls -l odd | cut -f 4 | sort)"
	fails "a message has none of them either" 'odd/\377/\033: Not a directory' \
		"$NSXATTR" tree ls $'odd/\xff/\e'
	rm $'tree/\e[31mred'
	fails "a tree that is not there" "No such file or directory" "$NSXATTR" tree ls nowhere
	fails "ls without a tree" "missing PATH" "$NSXATTR" tree ls
}

rekeys() {
	local before
	before=$(values tree)
	same "--dry-run says what it would do" "would move 6 values on 5 files" \
		"$("$NSXATTR" tree rekey --from=100000 --to=200000 --dry-run tree)"
	same "--dry-run changes nothing" "$before" "$(values tree)"
	same "rekey sums up" "moved 6 values on 5 files" \
		"$("$NSXATTR" tree rekey --from=100000 --to=200000 tree)"
	same "values of all stores and kinds of files are moved, and no others" "$moved" "$(values tree)"
	same "once more there is nothing to do" "moved 0 values on 0 files" \
		"$("$NSXATTR" tree rekey --from=100000 --to=200000 tree)"
	same "--count keeps to fewer" "moved 2 values on 2 files" \
		"$("$NSXATTR" tree rekey --from=200000 --to=300000 --count=1 tree/directory)"
	same "-v names each" "tree/file: security.demo@uid=200000 -> security.demo@uid=300000
moved 1 value on 1 file" "$("$NSXATTR" tree rekey --from=200000 --to=300000 -v tree/file)"
	"$NSXATTR" tree rekey --from=300000 --to=200000 tree >/dev/null
	same "to the number 0 and back" "moved 1 value on 1 file
security.demo security.demo@uid=0
moved 1 value on 1 file
security.demo security.demo@uid=200000" "$("$NSXATTR" tree rekey --from=200000 --to=0 tree/file
		names tree/file
		"$NSXATTR" tree rekey --from=0 --to=200000 tree/file
		names tree/file)"
}

# The container sees its values again, by its new range.
serves() {
	mkdir moving
	echo content >moving/file
	chown -R 100000:100000 moving
	inside setfattr -n security.demo -v kept moving/file
	chown -R 200000:200000 moving
	fails "after a shift they are lost" "No such attribute" \
		inside_map 0:200000:65536 getfattr -n security.demo moving/file
	same "and the log says so once, with the remedy" "/moving/file carries security.demo of the number 100000, but its container has the numbers 200000 to 265535, and neither sees nor removes it. If it is the container's, from when its ids were others: stop it, then 'nsxattr tree rekey --from=100000 --to=200000 TREE'" \
		"$(inside_map 0:200000:65536 sh -c '
			for i in 1 2 3; do getfattr -n security.demo moving/file; getfattr -m - moving; done' 2>&1 |
			grep carries | sed 's|^.*/moving|/moving|')"
	same "no warning is about other users' values on their own files" "" \
		"$(inside_map 0:200000:65536 getfattr -m - tree/file 2>&1 | grep carries)"
	"$NSXATTR" tree rekey --from=100000 --to=200000 moving >/dev/null
	same "after rekey they are there" kept "$(text security.demo moving/file inside_map 0:200000:65536)"
	check "and the container's own to remove" inside_map 0:200000:65536 \
		setfattr -x security.demo moving/file
}

conflicts() {
	local status
	mkdir conflict
	touch conflict/both conflict/begun conflict/free
	setfattr -n security.a@uid=1000 -v old conflict/both
	setfattr -n security.a@uid=2000 -v new conflict/both
	setfattr -n security.a@uid=1000 -v same conflict/begun
	setfattr -n security.a@uid=2000 -v same conflict/begun
	setfattr -n security.a@uid=1000 -v only conflict/free
	same "a conflict is counted" "moved 2 values on 2 files; 1 stays because of others" \
		"$("$NSXATTR" tree rekey --from=1000 --to=2000 --count=10 conflict 2>said)"
	"$NSXATTR" tree rekey --from=1000 --to=2000 --count=10 conflict >/dev/null 2>&1
	status=$?
	same "its status is 1" 1 "$status"
	same "it is reported" "nsxattr: conflict/both: security.a@uid=1000 stays, because there is another value of security.a@uid=2000" \
		"$(<said)"
	same "both values stay; what was begun is finished" 'begun security.a@uid=2000="same"
both security.a@uid=1000="old"
both security.a@uid=2000="new"
free security.a@uid=2000="only"' "$(values conflict)"
}

# Where it must not go, and what it cannot do.
bounds() {
	mkdir outside within within/mounted
	touch outside/file
	setfattr -n security.a@uid=1000 -v v outside/file
	ln -s ../outside within/link
	mount --bind outside within/mounted
	touch within/file
	mount --bind outside/file within/file
	same "links are not followed, and other mounts left out" "moved 0 values on 0 files" \
		"$("$NSXATTR" tree rekey --from=1000 --to=2000 --count=1 within)"
	same "a link that is named means itself" "moved 0 values on 0 files" \
		"$("$NSXATTR" tree rekey --from=1000 --to=2000 --count=1 within/link)"
	same "so it does with slashes" "moved 0 values on 0 files" \
		"$("$NSXATTR" tree rekey --from=1000 --to=2000 --count=1 within/link//)"
	same "--cross-mounts" "moved 1 value on 1 file" \
		"$("$NSXATTR" tree rekey --from=1000 --to=2000 --count=1 --cross-mounts within)"
	umount within/mounted within/file
	touch held
	setfattr -n security.a@uid=1000 -v v held
	chattr +i held
	fails "what cannot be changed is reported" "held: security.a@uid=2000: Operation not permitted" \
		"$NSXATTR" tree rekey --from=1000 --to=2000 --count=1 held
	same "and stays" "security.a@uid=1000" "$(names held)"
	chattr -i held
}

usage() {
	fails "ranges that overlap" "overlap" "$NSXATTR" tree rekey --from=100000 --to=100001 tree
	fails "a range without an end" "beyond the last id" \
		"$NSXATTR" tree rekey --from=100000 --to=4294967000 tree
	fails "no number" "is not a number from 0 to 4294967294" "$NSXATTR" tree rekey --from=-1 --to=5 tree
	fails "no range" "missing --from=N" "$NSXATTR" tree rekey tree
	fails "a kind that there is not" "did you mean 'rekey'" "$NSXATTR" tree rekye
	same "a terminal sees how far it is, and a file does not" "files, N a second	" "$(
		# shellcheck disable=SC2016
		script -qec "'$NSXATTR' tree ls tree 2>&1 >/dev/null" /dev/null </dev/null |
			grep -o 'files, [0-9]* a second' | head -1 | sed 's/[0-9][0-9]*/N/')	$("$NSXATTR" tree ls tree 2>&1 >/dev/null)"
}

# A plain user's values, by that user.
plain() {
	install -d -o 1000 -g 1000 plain
	touch plain/file
	setfattr -n user.nsxattr.1000.security.a -v v plain/file
	chown 1000 plain/file
	same "a plain user moves values of the user store" "moved 1 value on 1 file" \
		"$("${as_user[@]}" bin/nsxattr tree rekey --from=1000 --to=2000 --count=1 plain)"
	setfattr -n security.a@uid=1000 -v v plain/file
	local others=("${as_user[@]}" bin/nsxattr tree rekey --from=1000 --to=2000 --count=1 plain)
	if kernel_checks; then
		fails "and no others" "Operation not permitted" "${others[@]}"
	else
		check "and all others, where the kernel checks no change" "${others[@]}"
	fi
}

# File capabilities that the kernel keeps for the roots of namespaces.
capabilities() {
	mkdir capable
	touch capable/{own,nested,others,hosts}
	setcap -n 100000 cap_net_raw+ep capable/own
	setcap -n 100007 cap_net_raw+ep capable/nested
	setcap -n 300000 cap_net_raw+ep capable/others
	setcap cap_net_raw+ep capable/hosts
	same "ls tells the roots of file capabilities" "100000	security.capability	kernel	capable/own
100007	security.capability	kernel	capable/nested
300000	security.capability	kernel	capable/others" "$("$NSXATTR" tree ls -l capable | sort)"
	same "rekey -v names them" "capable/own: security.capability of 100000 -> security.capability of 200000
moved 1 value on 1 file" "$("$NSXATTR" tree rekey --from=100000 --to=200000 -v capable/own)"
	same "rekey gives them another root" "moved 1 value on 1 file" \
		"$("$NSXATTR" tree rekey --from=100000 --to=200000 capable)"
	same "and none to others" "capable/hosts cap_net_raw=ep
capable/nested cap_net_raw=ep [rootid=200007]
capable/others cap_net_raw=ep [rootid=300000]
capable/own cap_net_raw=ep [rootid=200000]" "$(getcap -rn capable | sort)"
	same "strip removes those of the range" "removed 2 values on 2 files
capable/hosts cap_net_raw=ep
capable/others cap_net_raw=ep [rootid=300000]" "$("$NSXATTR" tree strip --from=200000 capable
		getcap -rn capable | sort)"
	setcap -n 200000 cap_net_raw+ep capable/own
	fails "no root 0, which is the host's" "capable/own: security.capability stays: the one of root 0 is the host's" \
		"$NSXATTR" tree rekey --from=200000 --to=0 capable/own
	fails "nor by --dry-run" "the one of root 0 is the host's" "$NSXATTR" tree rekey --from=200000 --to=0 -n capable/own
	same "it stays" "capable/own cap_net_raw=ep [rootid=200000]" "$(getcap -n capable/own)"
	setcap -r capable/own
	same "and --all leaves the host's" "removed 1 value on 1 file
capable/hosts cap_net_raw=ep" "$("$NSXATTR" tree strip --all capable
		getcap -rn capable | sort)"
}

strips() {
	local before
	rm -rf stripped
	make_tree stripped
	before=$(values stripped)
	same "strip --dry-run says what it would do" "would remove 6 values on 5 files" \
		"$("$NSXATTR" tree strip --from=100000 -n stripped)"
	same "and changes nothing" "$before" "$(values stripped)"
	same "strip removes a range" "removed 6 values on 5 files" "$("$NSXATTR" tree strip --from=100000 stripped)"
	same "others and the host's stay" 'fifo security.selinux@uid=165536="others"
file security.demo="hosts"' "$(values stripped)"
	same "-v names each" "stripped/fifo: security.selinux@uid=165536
removed 1 value on 1 file" "$("$NSXATTR" tree strip --all -v stripped)"
	fails "a range or all" "give either --from=N or --all" "$NSXATTR" tree strip stripped
	fails "not both" "give either --from=N or --all" "$NSXATTR" tree strip --all --from=1 stripped
	fails "no number" "is not a number from 0" "$NSXATTR" tree strip --from=1x stripped
}

# An inode with several names, and more entries than a thread reads at once.
many() {
	mkdir -p many/directory/{1..40}
	touch many/first
	setfattr -n security.a@uid=1000 -v v many/first
	(cd many && for i in {1..40}; do
		ln first "directory/$i/other"
		touch "directory/$i/"{1..50}
		setfattr -n security.a@uid=1000 -v v "directory/$i/"{1..25}
	done)
	same "an inode counts once" "1000 1001 1001 1001" \
		"$("$NSXATTR" tree ls many | sed '1d; s/  */ /g; s/ $//')"
	same "all are moved" "moved 1001 values on 1001 files" \
		"$("$NSXATTR" tree rekey --from=1000 --to=2000 --count=1 many)"
	same "all that is there was seen" 2083 "$("$NSXATTR" tree ls --json many | jq .inodes)"
}

install -m 755 "$NSXATTR" bin/nsxattr
make_tree tree
lists
rekeys
serves
conflicts
capabilities
strips
many
bounds
usage
plain
