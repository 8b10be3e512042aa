# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# demo-scene.sh: what the demonstrations begin with. They source it, as root, and work in a folder of their own, $place,
# which is removed in the end. The container's root is the host's uid $first_id.

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

# short() - long values are cut
short() {
	sed -E 's/(=.{18}).{4,}/\1.../'
}

# views() - FILE TITLE: what the container sees and what the host sees of a file, side by side
#
# getfattr(1) shows the = of a name as \075.
views() {
	local names='^(security|trusted)\.'
	in_container getfattr -d -m "$names" "$1" >container.txt
	getfattr -d -m "$names" "$1" >host.txt
	printf '\n%s\n\n' "$2"
	{
		printf '%s\t%s\n' 'in the container' 'on the host' '----------------' '-----------'
		paste <(short <container.txt) <(short <host.txt)
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
