#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# demo.sh: one file, two views. 'make demo' builds nsxattr and runs this; it needs root, and removes
# what it has made.

# shellcheck source=examples/demo-scene.sh
. "$(dirname "${BASH_SOURCE[0]}")/demo-scene.sh"

value_in_container() {
	in_container getfattr --only-values -n security.demo file
}

echo "The file $place/file belongs to uid $first_id, which is root of the container."
echo hello >file
chown "$first_id:$first_id" file
setfattr -n security.demo -v "by the host" file ||
	fail "the file system of /var/tmp takes no security attributes"
views file "The host has set security.demo. The container inherits it:"
expect "by the host" value_in_container

in_container setfattr -n security.demo -v "by the container" file
in_container setfattr -n trusted.demo -v "by the container" file
views file "Root of the container has set security.demo and trusted.demo, as root of a machine could:"
expect "by the container" value_in_container
expect "by the host" getfattr --only-values -n security.demo file

in_container setfattr -x security.demo file
views file "Root of the container has removed its security.demo. The host's shows again:"
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
