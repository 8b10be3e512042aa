#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# demo.sh: one file, two views. 'make demo' builds nsxattr and runs this; it needs root, and removes
# what it has made.

set -eu

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
nsxattr=$(cd "$here" && realpath -m "${BUILD:-build}/nsxattr")
# Ids of the host that root and 65535 others of the container have, and no other user: behind all that are set aside.
first_id=$(cat /etc/subuid /etc/subgid 2>/dev/null |
	awk -F: '$2 + $3 > n { n = $2 + $3 } END { print n < 131072 ? 131072 : n }')
map=0:$first_id:65536

fail() {
	echo "demo: $*" >&2
	exit 1
}

[ "$(id -u)" = 0 ] || fail "this needs root: sudo make demo"
[ -x "$nsxattr" ] || fail "$nsxattr is missing: make"

# Not below the clone: root of the container must be able to get there.
place=$(mktemp -d /var/tmp/nsxattr-demo.XXXXXX)
trap 'rm -rf "$place"' EXIT
chmod 755 "$place"
cd "$place"

# in_container() - COMMAND…: as root of a user namespace, under nsxattr
in_container() {
	"$nsxattr" run --map-users="$map" --map-groups="$map" -- "$@"
}

# views() - TITLE: what the container sees and what the host sees of the file, side by side
#
# getfattr(1) shows the = of a name as \075.
views() {
	local names='^(security|trusted)\.'
	in_container getfattr -d -m "$names" file >container.txt
	getfattr -d -m "$names" file >host.txt
	printf '\n%s\n\n' "$1"
	{
		printf '%s\t%s\n' 'in the container' 'on the host' '----------------' '-----------'
		paste container.txt host.txt
	} | sed -e '/# file/d' -e '/^\t*$/d' -e 's/\\075/=/g' | expand -t 40 | sed 's/^/    /'
	rm -f container.txt host.txt
}

# expect() - EXPECTED COMMAND…: a demonstration that would be wrong is none
expect() {
	local expected=$1 found
	shift
	found=$("$@") || fail "$* has failed"
	[ "$found" = "$expected" ] || fail "$*: expected '$expected', found '$found'"
}

value_in_container() {
	in_container getfattr --only-values -n security.demo file
}

echo "The file $place/file belongs to uid $first_id, which is root of the container."
echo hello >file
chown "$first_id:$first_id" file
setfattr -n security.demo -v "by the host" file ||
	fail "the file system of /var/tmp takes no security attributes"
views "The host has set security.demo. The container inherits it:"
expect "by the host" value_in_container

in_container setfattr -n security.demo -v "by the container" file
in_container setfattr -n trusted.demo -v "by the container" file
views "Root of the container has set security.demo and trusted.demo, as root of a machine could:"
expect "by the container" value_in_container
expect "by the host" getfattr --only-values -n security.demo file

in_container setfattr -x security.demo file
views "Root of the container has removed its security.demo. The host's shows again:"
expect "by the host" value_in_container

if "$nsxattr" run --policy=kernel --map-users="$map" --map-groups="$map" -- \
	setfattr -n security.demo -v "by the container" file 2>refusal.txt; then
	fail "the kernel alone lets the container set security.demo"
fi
cat <<END

With --policy=kernel, which leaves every name to the kernel, root of the container gets what it gets
without nsxattr:

    $(cat refusal.txt)

What to try next:

    sudo build/nsxattr run --map-users=$map --map-groups=$map -- bash
        a shell as root of a container: label files that belong to uid $first_id there, and
        look at them from a second terminal with: sudo getfattr -d -m - FILE
    sudo build/nsxattr run -v --map-users=$map --map-groups=$map -- getfattr -d -m - FILE
        what becomes of each request
    build/nsxattr run --help
    man -l docs/nsxattr.1
END
