#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Several namespaces on one directory: beside each other, one in another, and below a supervisor that
# made none itself.

set -u
# shellcheck source=tests/lib/case.sh
. tests/lib/case.sh
# shellcheck source=tests/lib/scene.sh
. tests/lib/scene.sh
needs setfattr getfattr nsenter
scene_make

# supervised() - a process of the host's own namespace, watched all the same
supervised() {
	"$NSXATTR" run "${options[@]}" --no-userns -- "$@"
}

# Two containers; the ids 300000 to 300009 of the host are in both, as those of a shared volume are.
first() {
	supervised bin/enter-userns "0 100000 65536,65536 300000 10" "$@"
}

second() {
	supervised bin/enter-userns "0 200000 65536,65536 300000 10" "$@"
}

make_shared() {
	mkdir shared
	chmod 1777 shared
	echo >shared/of_first
	echo >shared/of_second
	echo >shared/of_both
	chown 100000:100000 shared/of_first
	chown 200000:200000 shared/of_second
	chown 300000:300000 shared/of_both
}

neighbours_do_not_meet() {
	check "the first labels its file" first setfattr -n security.NTACL -v one shared/of_first
	same "and sees it" one "$(text security.NTACL shared/of_first first)"
	fails "the second does not" "No such attribute" \
		second getfattr -n security.NTACL shared/of_first
	same "not in a list either" "" "$(names shared/of_first second)"
	fails "and cannot label it" "Operation not permitted" \
		second setfattr -n security.NTACL -v two shared/of_first
	fails "nor remove it" "Operation not permitted" \
		second setfattr -x security.NTACL shared/of_first
	same "on the host" "security.NTACL@uid=100000" "$(names shared/of_first)"
}

neighbours_share_an_inode() {
	local name
	for name in security.NTACL trusted.gfid; do
		check "$name: the first sets it" first setfattr -n $name -v one shared/of_both
		fails "$name: the second has none" "No such attribute" \
			second setfattr -x $name shared/of_both
		check "$name: the second sets it too" second setfattr -n $name -v two shared/of_both
		same "$name: the first sees its own" one "$(text $name shared/of_both first)"
		same "$name: the second sees its own" two "$(text $name shared/of_both second)"
		same "$name: both are on the inode" "$name@uid=100000 $name@uid=200000" \
			"$(names shared/of_both)"
		fails "$name: the first cannot ask for the second's" "No such attribute" \
			first getfattr -n $name@uid=200000 shared/of_both
		fails "$name: nor set it" "Invalid argument" \
			first setfattr -n $name@uid=200000 -v one shared/of_both
		fails "$name: nor remove it" "No such attribute" \
			first setfattr -x $name@uid=200000 shared/of_both
		check "$name: the first removes its own" first setfattr -x $name shared/of_both
		same "$name: the second's stays" two "$(text $name shared/of_both second)"
		check "$name: the second removes its own" second setfattr -x $name shared/of_both
		same "$name: nothing is left" "" "$(names shared/of_both)"
	done
}

# The same for namespaces that nsxattr made.
neighbours_by_map() {
	check "0:100000 labels its file" inside setfattr -n security.demo -v one shared/of_first
	check "0:200000 labels its file" \
		inside_map 0:200000:65536 setfattr -n security.demo -v two shared/of_second
	same "0:100000 does not see the other's" "" "$(names shared/of_second inside)"
	same "0:200000 sees its own alone" security.demo \
		"$(names shared/of_second inside_map 0:200000:65536)"
	fails "0:200000 cannot label the other's" "Operation not permitted" \
		inside_map 0:200000:65536 setfattr -n security.demo -v two shared/of_first
	same "on the host" "security.demo@uid=200000" "$(names shared/of_second)"
}

# nested() - in the usual namespace, one more: its root is 1000 there and 101000 on the host
nested() {
	inside bin/enter-userns "0 1000 1000" "$@"
}

parents_and_children() {
	mkdir nesting
	echo >nesting/file
	setfattr -n security.demo -v hosts nesting/file
	chown -R 101000:101000 nesting
	same "the nested one inherits the host's" hosts "$(text security.demo nesting/file nested)"
	check "the parent sets its own" inside setfattr -n security.demo -v parents nesting/file
	same "the nested one inherits the parent's" parents "$(text security.demo nesting/file nested)"
	check "the nested one sets its own" nested setfattr -n security.demo -v nesteds nesting/file
	same "and sees it" nesteds "$(text security.demo nesting/file nested)"
	same "the parent still sees its own" parents "$(text security.demo nesting/file inside)"
	same "the host still sees its own" hosts "$(text security.demo nesting/file)"
	same "the parent sees the nested one's by its own number" nesteds \
		"$(text security.demo@uid=1000 nesting/file inside)"
	same "and in its list" "security.demo security.demo@uid=1000" "$(names nesting/file inside)"
	same "the nested one sees one name" "security.demo" "$(names nesting/file nested)"
	same "the host sees all by its numbers" \
		"security.demo security.demo@uid=100000 security.demo@uid=101000" "$(names nesting/file)"
	check "the parent removes the nested one's" \
		inside setfattr -x security.demo@uid=1000 nesting/file
	same "which then inherits again" parents "$(text security.demo nesting/file nested)"
	check "the parent removes its own" inside setfattr -x security.demo nesting/file
	same "and the nested one inherits the host's" hosts \
		"$(text security.demo nesting/file nested)"

	check "the nested one sets trusted.*" nested setfattr -n trusted.gfid -v nesteds nesting/file
	fails "which its parent does not have" "No such attribute" \
		inside getfattr -n trusted.gfid nesting/file
	same "but sees as the nested one's" nesteds \
		"$(text trusted.gfid@uid=1000 nesting/file inside)"
	same "on the host" "security.demo trusted.gfid@uid=101000" "$(names nesting/file)"
}

# container() - what a supervised process may start: a container that knows nothing of us
container() {
	supervised bin/enter-userns "0 100000 65536" "$@"
}

without_a_namespace() {
	mkdir unconfined
	echo >unconfined/file
	own unconfined
	check "--no-userns: the host's root sets plain names" \
		supervised setfattr -n security.demo -v hosts unconfined/file
	same "--no-userns: and they are plain" "security.demo" "$(names unconfined/file)"
	check "--no-userns: every literal name is within its reach" \
		supervised setfattr -n security.demo@uid=200000 -v foreign unconfined/file
	same "--no-userns: in its list too" "security.demo security.demo@uid=200000" \
		"$(names unconfined/file supervised)"

	same "--no-userns: a container below inherits" hosts \
		"$(text security.demo unconfined/file container)"
	same "--no-userns: lists what is its own" "security.demo" "$(names unconfined/file container)"
	check "--no-userns: and has attributes of its own" \
		container setfattr -n security.demo -v containers unconfined/file
	same "--no-userns: which it sees" containers "$(text security.demo unconfined/file container)"
	same "--no-userns: the host's stays" hosts "$(text security.demo unconfined/file)"
	same "--no-userns: on the host" \
		"security.demo security.demo@uid=100000 security.demo@uid=200000" \
		"$(names unconfined/file)"
	check "--no-userns: a container removes its own" \
		container setfattr -x security.demo unconfined/file
	same "--no-userns: and inherits again" hosts "$(text security.demo unconfined/file container)"

	# The container's root is the host's: left to the kernel, which refuses.
	fails "--no-userns: a namespace whose root is the host's gets no host name by us" \
		"Operation not permitted" \
		supervised unshare --user --map-root-user setfattr -n security.demo -v x unconfined/file
	same "--no-userns: the host's is untouched by it" hosts "$(text security.demo unconfined/file)"
}

# What the kernel does alone, so that the tests above mean something.
without_nsxattr() {
	local without=(bin/enter-userns "0 100000 65536" setfattr -n security.demo -v x unconfined/file)
	if kernel_checks; then
		fails "without nsxattr such a container cannot set security.*" "Operation not permitted" "${without[@]}"
	else
		check "without nsxattr such a container sets the host's security.*" "${without[@]}"
	fi
	fails "nor trusted.*" "Operation not permitted" \
		bin/enter-userns "0 100000 65536" setfattr -n trusted.gfid -v x unconfined/file
}

make_shared
neighbours_do_not_meet
neighbours_share_an_inode
neighbours_by_map
parents_and_children
without_a_namespace
without_nsxattr
