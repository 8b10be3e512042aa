#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Real clients in a namespace: what they see there, and what lies on the host.

set -u
# shellcheck source=tests/lib/case.sh
. tests/lib/case.sh
# shellcheck source=tests/lib/scene.sh
. tests/lib/scene.sh
# shellcheck source=tests/lib/any_client.sh
. tests/lib/any_client.sh
needs setfattr getfattr setcap getcap setpriv tar rsync
scene_make

# ---- getfattr and setfattr ----

make_values() {
	mkdir values values/directory
	echo content >values/file
	ln -s file values/link
	setfattr -n security.demo -v hosts values/file
	setfattr -n trusted.gfid -v hosts values/file
	setfattr -n user.note -v note values/file
	setfattr -n security.label@uid=200000 -v foreign values/file
	setfattr -n security.label@uid=100005 -v five values/file
	own values
	cp values/file values/hosts_own
	setfattr -n security.demo -v hosts values/hosts_own
	mkdir -m 700 values/closed
	cp values/file values/closed/file
}

list_is_what_can_be_read() {
	local listed unreadable
	read -ra listed < <(names values/file inside)
	same "getfattr -m - lists what is the namespace's: $1" "$2" "${listed[*]}"
	# shellcheck disable=SC2016 # for the shell inside
	unreadable=$(inside sh -c '
		for name; do
			getfattr -n "$name" values/file >/dev/null || echo "$name"
		done' list "${listed[@]}" 2>&1)
	same "every name on that list can be read: $1" "" "$unreadable"
}

values_are_inherited() {
	list_is_what_can_be_read "before any set" "security.demo security.label@uid=5 user.note"
	same "a host's security.* is inherited" hosts "$(text security.demo values/file inside)"
	fails "a host's trusted.* is not" "No such attribute" \
		inside getfattr -n trusted.gfid values/file
	same "a variant of a mapped id is @uid=N in the namespace's numbers" five \
		"$(text security.label@uid=5 values/file inside)"
	fails "another root's variant is not there" "No such attribute" \
		inside getfattr -n security.label values/file
	fails "nor by its number on the host" "No such attribute" \
		inside getfattr -n security.label@uid=200000 values/file
	fails "what is only inherited cannot be removed" "No such attribute" \
		inside setfattr -x security.demo values/file
	same "and stays" hosts "$(text security.demo values/file)"
}

values_are_set() {
	local long
	check "setfattr of an inherited name" inside setfattr -n security.demo -v own values/file
	same "the namespace sees its own" own "$(text security.demo values/file inside)"
	same "the host's stays" hosts "$(text security.demo values/file)"
	same "the own lies beside it" own "$(text security.demo@uid=100000 values/file)"

	check "setfattr of trusted.*" inside setfattr -n trusted.gfid -v own values/file
	same "the namespace sees its own trusted.*" own "$(text trusted.gfid values/file inside)"
	same "the host's trusted.* stays" hosts "$(text trusted.gfid values/file)"
	same "the own trusted.* lies beside it" own "$(text trusted.gfid@uid=100000 values/file)"

	check "setfattr of a binary value" inside setfattr -n security.binary -v 0x00ff0a00 values/file
	same "a binary value inside" 00ff0a00 "$(value security.binary values/file inside)"
	same "a binary value on the host" 00ff0a00 "$(value security.binary@uid=100000 values/file)"
	check "setfattr of an empty value" inside setfattr -n security.empty values/file
	same "an empty value inside" "" "$(value security.empty values/file inside)"
	same "an empty value on the host" "" "$(value security.empty@uid=100000 values/file)"
	long=$(printf '5a%.0s' {1..2000})
	check "setfattr of 2000 bytes" inside setfattr -n security.long -v "0x$long" values/file
	same "2000 bytes inside" "$long" "$(value security.long values/file inside)"

	list_is_what_can_be_read "with own values" "security.binary security.demo security.empty \
security.label@uid=5 security.long trusted.gfid user.note"
	same "the host has no new plain name" \
		"file security.demo=0x686f737473 file trusted.gfid=0x686f737473" \
		"$(plain values | grep '^file ' | paste -sd' ')"
}

values_are_removed() {
	check "setfattr -x of an own value" inside setfattr -x security.demo values/file
	same "the host's shows again" hosts "$(text security.demo values/file inside)"
	fails "the own is gone from the host" "No such attribute" \
		getfattr -n security.demo@uid=100000 values/file
	same "the host's was not touched" hosts "$(text security.demo values/file)"
	check "setfattr -x of trusted.*" inside setfattr -x trusted.gfid values/file
	fails "after which there is none" "No such attribute" \
		inside getfattr -n trusted.gfid values/file
	same "the host's trusted.* was not touched" hosts "$(text trusted.gfid values/file)"
	fails "a second remove" "No such attribute" inside setfattr -x trusted.gfid values/file
}

values_of_other_types() {
	check "setfattr of a directory" inside setfattr -n security.label -v dir values/directory
	same "a directory's inside" dir "$(text security.label values/directory inside)"
	same "a directory's on the host" "security.label@uid=100000" "$(names values/directory)"
	check "setfattr -h" inside setfattr -h -n security.label -v link values/link
	check "setfattr -h of trusted.*" inside setfattr -h -n trusted.label -v link values/link
	same "a symbolic link's inside" "security.label trusted.label" "$(names values/link inside)"
	same "its value" link "$(text security.label values/link inside)"
	same "a symbolic link's on the host" \
		"security.label@uid=100000 trusted.label@uid=100000" "$(names values/link)"
	fails "the file behind it has none" "No such attribute" \
		inside getfattr -n security.label values/link
	check "setfattr through the link" inside setfattr -n security.behind -v file values/link
	same "reaches the file" file "$(text security.behind@uid=100000 values/file)"
}

values_need_permission() {
	inside setfattr -n trusted.gfid -v own values/file
	same "an ordinary user reads security.*" hosts \
		"$(text security.demo values/file inside "${as_user[@]}")"
	fails "but does not set it" "Operation not permitted" \
		inside "${as_user[@]}" setfattr -n security.demo -v users values/file
	fails "nor remove it" "Operation not permitted" \
		inside "${as_user[@]}" setfattr -x security.binary values/file
	fails "nor read trusted.*" "No such attribute" \
		inside "${as_user[@]}" getfattr -n trusted.gfid values/file
	same "nor see it listed" "" \
		"$(names values/file inside "${as_user[@]}" | grep -o 'trusted[^ ]*')"
	same "root inside sees it listed" "trusted.gfid" \
		"$(names values/file inside | grep -o 'trusted[^ ]*')"

	same "a file of the host's root can be read" hosts \
		"$(text security.demo values/hosts_own inside)"
	fails "but not labelled" "Operation not permitted" \
		inside setfattr -n security.demo -v own values/hosts_own
	fails "nor by trusted.*" "Operation not permitted" \
		inside setfattr -n trusted.demo -v own values/hosts_own
	same "and is as it was" "security.demo" "$(names values/hosts_own)"
	fails "a directory of the host's root stays closed" "Permission denied" \
		inside getfattr -n security.demo values/closed/file
	fails "also for setfattr" "Permission denied" \
		inside setfattr -n security.demo -v own values/closed/file
}

# ---- programs that copy trees ----

# Made by host root on the host and by root inside: the same commands, so the same tree.
# shellcheck disable=SC2016 # for the shell that gets it
make_tree='
	umask 022
	mkdir -p "$1/directory/deeper"
	echo one >"$1/file"
	echo two >"$1/directory/deeper/file"
	ln -s file "$1/link"
	cp "$(command -v cat)" "$1/program"
	setfattr -n security.demo -v 0x0302aa00ff "$1/file"
	setfattr -n security.NTACL -v "acl of a file" "$1/file"
	setfattr -n trusted.gfid -v 0x00112233 "$1/file"
	setfattr -n user.note -v "anybody" "$1/file"
	setfattr -n security.NTACL -v "acl of a directory" "$1/directory"
	setfattr -n trusted.overlay.opaque -v y "$1/directory"
	setfattr -n security.selinux -v "system_u:object_r:etc_t:s0" "$1/directory/deeper/file"
	setfattr -h -n security.selinux -v "system_u:object_r:link_t:s0" "$1/link"
	setfattr -h -n trusted.note -v "on a link" "$1/link"
	setcap cap_net_raw,cap_net_bind_service=ep "$1/program"'

make_trees() {
	mkdir host_side namespace_side
	own namespace_side
	sh -c "$make_tree" make_tree host_side/tree
	check "a tree is made and labelled inside" \
		inside sh -c "$make_tree" make_tree namespace_side/tree
	tree host_side/tree >host_side/view
	same "it has ten attributes" 10 "$(wc -l <host_side/view)"
	same_view "root inside sees its tree" namespace_side/tree
	no_plain "of that tree" namespace_side/tree
}

# same_view() - NAME DIRECTORY: inside it looks as the host's tree does to the host
same_view() {
	same "$1 as host root sees its own" "$(<host_side/view)" "$(tree "$2" inside)"
}

# no_plain() - NAME DIRECTORY: on the host all is the namespace's
#
# All but the capabilities, which the kernel itself stores with the namespace's root in them; a host
# program that asks gets those of another root in version 3.
no_plain() {
	same "no plain name on the host $1" "program security.capability" \
		"$(plain "$2" | sed 's/=.*//')"
	same "all of them under the namespace's name $1" \
		"$(grep -v -e security.capability -e user.note host_side/view)" "$(variants "$2")"
	same "the capabilities with the namespace's root $1" \
		"$2/program cap_net_bind_service,cap_net_raw=ep [rootid=100000]" \
		"$(getcap -n "$2/program")"
}

cp_keeps_attributes() {
	check "cp -a" inside cp -a namespace_side/tree namespace_side/cp
	same_view "a copy by cp -a shows" namespace_side/cp
	no_plain "after cp -a" namespace_side/cp

	cp host_side/tree/file namespace_side/inherited
	setfattr -n security.demo -v hosts namespace_side/inherited
	own namespace_side/inherited
	check "cp -a of an inherited value" \
		inside cp -a namespace_side/inherited namespace_side/inherited_copy
	same "the copy has it" hosts "$(text security.demo namespace_side/inherited_copy inside)"
	same "as its own" "security.demo@uid=100000" "$(names namespace_side/inherited_copy)"
}

tar_options=(--xattrs --xattrs-include='*' --numeric-owner)

# archived() - ARCHIVE: the attributes that it carries, by name and length
archived() {
	tar "${tar_options[@]}" -tvvf "$1" 2>&1 |
		awk '/^[-dlbcps]/ { file = $6 } /^  x: / { print file, $2, $3 }' | sort
}

tar_keeps_attributes() {
	tar "${tar_options[@]}" -C host_side -cf host_side/archive.tar tree
	check "tar --xattrs creates" \
		inside tar "${tar_options[@]}" -C namespace_side -cf namespace_side/archive.tar tree
	same "the archive carries the names and lengths of host root's" \
		"$(archived host_side/archive.tar)" "$(archived namespace_side/archive.tar)"
	same "which are ten" 10 "$(archived namespace_side/archive.tar | wc -l)"
	same "no name in it says whose it was" 0 "$(grep -ac '@uid=' namespace_side/archive.tar)"

	check "tar --xattrs extracts what it made" \
		inside sh -c 'cd namespace_side && mkdir untar && tar "$@" -C untar -xpf archive.tar' \
		tar "${tar_options[@]}"
	same_view "extracted inside, it shows" namespace_side/untar/tree
	no_plain "after tar -x" namespace_side/untar/tree
	check "tar --xattrs extracts what host root made" \
		inside sh -c 'cd namespace_side && mkdir from_host && tar "$@" -C from_host -xp' \
		tar "${tar_options[@]}" <host_side/archive.tar
	same_view "host root's archive extracted inside shows" namespace_side/from_host/tree
	no_plain "after tar -x of host root's archive" namespace_side/from_host/tree

	mkdir host_side/from_namespace
	check "host root extracts the namespace's archive" \
		tar "${tar_options[@]}" -C host_side/from_namespace -xpf namespace_side/archive.tar
	same "and finds plain names" "$(<host_side/view)" "$(tree host_side/from_namespace/tree)"
}

rsync_keeps_attributes() {
	check "rsync -aX" inside rsync -aX namespace_side/tree/ namespace_side/rsync/
	same_view "a copy by rsync -aX shows" namespace_side/rsync
	no_plain "after rsync -aX" namespace_side/rsync
	same "a second rsync -aX finds nothing to do" "" \
		"$(inside rsync -aXi namespace_side/tree/ namespace_side/rsync/ 2>&1)"
	inside setfattr -x security.NTACL namespace_side/tree/directory
	inside setfattr -n security.demo -v 0x0302bb namespace_side/tree/file
	same "the next one finds what changed" ".d........x directory/ .f........x file" \
		"$(inside rsync -aXi namespace_side/tree/ namespace_side/rsync/ 2>&1 | sort | paste -sd' ')"
	same "and makes it so" "$(tree namespace_side/tree inside)" \
		"$(tree namespace_side/rsync inside)"
	same "on the host too" "$(tree namespace_side/tree)" "$(tree namespace_side/rsync)"
}

# ---- file capabilities ----

capabilities_work() {
	mkdir capable
	own capable
	# shellcheck disable=SC2016 # for the shell inside
	inside sh -c 'cp "$(command -v cat)" capable/cat && echo secret >capable/secret &&
		chmod 600 capable/secret'
	fails "an ordinary user inside does not read root's file" "Permission denied" \
		inside "${as_user[@]}" capable/cat capable/secret
	check "setcap" inside setcap cap_dac_read_search=ep capable/cat
	same "getcap inside" "capable/cat cap_dac_read_search=ep" "$(inside getcap capable/cat)"
	same "getcap on the host" "capable/cat cap_dac_read_search=ep [rootid=100000]" \
		"$(getcap -n capable/cat)"
	same "with it the same program does" secret \
		"$(inside "${as_user[@]}" capable/cat capable/secret 2>&1)"
	fails "on the host it gives nothing" "Permission denied" \
		"${as_user[@]}" capable/cat capable/secret
	check "setcap -r" inside setcap -r capable/cat
	same "getcap inside, after it" "" "$(inside getcap capable/cat)"
	same "nothing is left on the host" "" "$(names capable/cat)"
	fails "and the user is refused again" "Permission denied" \
		inside "${as_user[@]}" capable/cat capable/secret
	fails "an ordinary user cannot setcap" "Operation not permitted" \
		inside "${as_user[@]}" setfattr -n security.capability \
		-v 0x0100000204000000000000000000000000000000 capable/cat
}

# ---- programs that gain or drop privilege, or look from elsewhere ----

make_elsewhere() {
	mkdir elsewhere
	echo content >elsewhere/file
	setfattr -n security.demo -v hosts elsewhere/file
	own elsewhere
	# shellcheck disable=SC2016 # for the shell inside
	inside sh -c 'cp "$(command -v setfattr)" elsewhere/setuid
		cp elsewhere/setuid elsewhere/capable
		chmod u+s elsewhere/setuid
		setcap cap_sys_admin=ep elsewhere/capable'
}

programs_gain_and_drop_privilege() {
	local program
	for program in setuid capable; do
		check "a user's $program setfattr may set" inside "${as_user[@]}" \
			elsewhere/$program -n security.$program -v gained elsewhere/file
		same "$program: the namespace sees it" gained \
			"$(text security.$program elsewhere/file inside)"
		same "$program: and the host" gained \
			"$(text security.$program@uid=100000 elsewhere/file)"
	done
	fails "root without CAP_SYS_ADMIN may not set" "Operation not permitted" \
		inside setpriv --bounding-set=-sys_admin setfattr -n security.demo -v own elsewhere/file
	fails "nor see trusted.*" "No such attribute" \
		inside setpriv --bounding-set=-sys_admin getfattr -n trusted.gfid elsewhere/file
	check "no_new_privs takes nothing from root" \
		inside setpriv --no-new-privs setfattr -n security.setuid -v root elsewhere/file
	fails "but makes the user's setuid program an ordinary one" "Operation not permitted" \
		inside "${as_user[@]}" setpriv --no-new-privs \
		elsewhere/setuid -n security.setuid -v gained elsewhere/file
	same "so it is root's" root "$(text security.setuid elsewhere/file inside)"
}

# seen() - NAME COMMAND…: the command, inside, prints the value of the own security.demo
seen() {
	local name=$1
	shift
	same "seen $name" own "$(inside "$@" 2>&1)"
}

paths_are_the_clients() {
	local get='getfattr --absolute-names --only-values -n security.demo'
	inside setfattr -n security.demo -v own elsewhere/file
	seen "by a descriptor's name" sh -c "$get /dev/fd/5 5<elsewhere/file"
	seen "by /proc/self/fd" sh -c "$get /proc/self/fd/5 5<elsewhere/file"
	seen "by /proc/self/cwd" sh -c "cd elsewhere && $get /proc/self/cwd/file"
	seen "by /proc/thread-self/root" sh -c "$get /proc/thread-self/root$SCENE/elsewhere/file"
	seen "by another process's working directory" \
		sh -c "cd elsewhere && cd / && cd - >/dev/null && $get /proc/\$\$/cwd/file"
	seen "behind a link to /proc/self" \
		sh -c "ln -s /proc/self/cwd elsewhere/here && $get elsewhere/here/elsewhere/file"
	seen "below a bind mount of its own" unshare --mount \
		sh -c "mount --bind elsewhere /mnt && $get /mnt/file"
	seen "in a PID namespace of its own" unshare --pid --fork --mount-proc \
		sh -c "cd elsewhere && $get /proc/self/cwd/file"
	seen "from a removed directory" sh -c "mkdir elsewhere/gone && cd elsewhere/gone &&
		rmdir ../gone && exec $get ../file"
	fails "in a removed directory nothing is found" "No such file or directory" \
		inside sh -c "mkdir elsewhere/gone && cd elsewhere/gone && cp ../file . &&
		rm file && rmdir ../gone && exec $get ./file"
	# chroot(8) needs a whole root; this one is the host's, at another place.
	seen "in a chroot" unshare --mount sh -c "mount --rbind / /mnt && cd / &&
		chroot /mnt sh -c '$get $SCENE/elsewhere/file'"
}

# shellcheck disable=SC2016 # for the shell inside
clients_do_not_mix() {
	inside sh -c 'mkdir elsewhere/many && cd elsewhere/many &&
		for i in $(seq 200); do echo >$i; done'
	check "eight setfattr at a time" inside \
		sh -c 'cd elsewhere/many && seq 200 | xargs -P 8 -I N setfattr -n security.demo -v N N'
	same "each file has its own value" "$(seq 200 | sort)" \
		"$(tree elsewhere/many | sed -n 's/ security.demo@uid=100000=.*//p' | sort)"
	same "which is its name" "" "$(inside sh -c 'cd elsewhere/many && for i in $(seq 200); do
		[ "$(getfattr --only-values -n security.demo $i)" = $i ] || echo "$i"; done' 2>&1)"
}

make_values
values_are_inherited
values_are_set
values_are_removed
values_of_other_types
values_need_permission

make_trees
cp_keeps_attributes
tar_keeps_attributes
rsync_keeps_attributes
capabilities_work

make_elsewhere
programs_gain_and_drop_privilege
paths_are_the_clients
clients_do_not_mix

another_client dynamic
another_client static -static
another_client "of 32 bits" -m32
another_client "static and of 32 bits" -m32 -static
