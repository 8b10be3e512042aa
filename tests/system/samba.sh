#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# A Samba domain controller in a namespace, under examples/policies/samba-dc.yaml: the provision that
# fails without us, and the NT access control lists that it leaves, beside those of host root's.
#
# not in a machine: it makes a Debian root file system from package sources: there is no network

set -u
# shellcheck source=tests/lib/case.sh
. tests/lib/case.sh
# shellcheck source=tests/lib/scene.sh
. tests/lib/scene.sh
# shellcheck source=tests/lib/rootfs.sh
. tests/lib/rootfs.sh
needs getfattr mmdebstrap
scene_make

if ! tarball=$(rootfs_tarball); then
	skip "Samba in a Debian root file system" "mmdebstrap cannot make one: see above"
	exit
fi

# Samba's access control lists name ids around 3,000,000.
INSIDE_COUNT=5000000
sysvol=var/lib/samba/sysvol

# on_host(), in_namespace() - COMMAND…: run it in the root file system that is theirs
on_host() {
	"${rootfs_run[@]}" host_side "$@"
}

in_namespace() {
	"$NSXATTR" run "${options[@]}" --map-users="0:$INSIDE_ROOT:$INSIDE_COUNT" \
		--map-groups="0:$INSIDE_ROOT:$INSIDE_COUNT" \
		-p "$REPOSITORY/examples/policies/samba-dc.yaml" -- "${rootfs_run[@]}" namespace_side "$@"
}

# provision() - RUNNER: the same domain for both, its identifier and host name given
provision() {
	"$1" sh -c '
		rm -f /etc/samba/smb.conf
		samba-tool domain provision --use-rfc2307 --realm=EX.TEST --domain=EX \
			--server-role=dc --dns-backend=SAMBA_INTERNAL --adminpass=Passw0rd.1 \
			--host-ip=127.0.0.1 --host-name=dc --domain-sid=S-1-5-21-1-2-3' </dev/null
}

unpack() {
	mkdir host_side namespace_side
	own namespace_side
	check "a root file system for host root" rootfs_extract host_side <"$tarball"
	check "one for root of the namespace" rootfs_extract namespace_side inside <"$tarball"
}

provisions() {
	check "samba-tool domain provision by host root" provision on_host
	check "samba-tool domain provision in the namespace" provision in_namespace
	check "samba-tool ntacl sysvolcheck by host root" on_host samba-tool ntacl sysvolcheck
	same "samba-tool ntacl sysvolcheck in the namespace is clean" "" \
		"$(in_namespace samba-tool ntacl sysvolcheck 2>&1 || echo "exit status $?")"
}

# carriers() - DIRECTORY NAME: the files in it that have an attribute of exactly that name
carriers() {
	(cd "$1" && getfattr -Rh -m - . 2>/dev/null) | unescape |
		awk -v name="$2" '/^# file: / { file = substr($0, 9) } $0 == name { print file }' | sort
}

acls_lie_under_the_namespaces_name() {
	carriers host_side/$sysvol security.NTACL >host_side.carriers
	check "host root's sysvol has NT ACLs" [ "$(wc -l <host_side.carriers)" -gt 10 ]
	same "the same files have them as the namespace's" "$(<host_side.carriers)" \
		"$(carriers namespace_side/$sysvol security.NTACL@uid=100000)"
	same "no file of the root file system has a plain one" "" \
		"$(carriers namespace_side security.NTACL)"
	same "inside, it is all plain" "$(<host_side.carriers)" \
		"$(in_namespace sh -c "cd /$sysvol && getfattr -Rh -m '^security[.]NTACL\$' ." |
			sed -n 's/^# file: //p' | sort)"
	same "another namespace sees none" "" \
		"$(inside_map 0:200000:65536 getfattr -d -m security namespace_side/$sysvol 2>&1)"
}

# acl() - RUNNER FILE
acl() {
	"$1" samba-tool ntacl get --as-sddl "$2" 2>&1
}

acls_read_back() {
	local path
	for path in "" /ex.test /ex.test/scripts /ex.test/Policies \
		"/ex.test/Policies/{31B2F340-016D-11D2-945F-00C04FB984F9}/GPT.INI"; do
		same "samba-tool ntacl get sysvol$path" "$(acl on_host "/$sysvol$path")" \
			"$(acl in_namespace "/$sysvol$path")"
	done
	check "which is an access control list" [ "$(acl in_namespace /$sysvol | cut -c1-6)" = O:LAG: ]
}

acls_are_set_and_reset() {
	local list='O:LAG:BAD:P(A;OICI;0x001f01ff;;;BA)(A;OICI;0x001200a9;;;AU)'
	check "samba-tool ntacl set" \
		in_namespace samba-tool ntacl set "$list" /$sysvol/ex.test/scripts
	same "reads back" "$list" "$(acl in_namespace /$sysvol/ex.test/scripts)"
	fails "sysvolcheck sees the difference" "does not match expected value" \
		in_namespace samba-tool ntacl sysvolcheck
	check "samba-tool ntacl sysvolreset" in_namespace samba-tool ntacl sysvolreset
	same "sysvolcheck is clean again" "" \
		"$(in_namespace samba-tool ntacl sysvolcheck 2>&1 || echo "exit status $?")"
	same "still under the namespace's name alone" "" "$(carriers namespace_side security.NTACL)"
}

# shift.py DIRECTORY FROM COUNT BY: give owners, and those in access control lists, to another range
cat >shift.py <<'END'
import os, stat, struct, sys
top, begin, count, by = sys.argv[1], *map(int, sys.argv[2:])

def shifted(number):
    return number + by if begin <= number < begin + count else number

def shift_list(path, name):
    try:
        value = os.getxattr(path, name)
    except OSError:
        return
    entries = [struct.unpack_from("<HHI", value, at) for at in range(4, len(value), 8)]
    os.setxattr(path, name, value[:4] + b"".join(
        struct.pack("<HHI", tag, bits, shifted(number) if tag in (2, 8) else number)
        for tag, bits, number in entries))

def shift(path):
    found = os.lstat(path)
    os.lchown(path, shifted(found.st_uid), shifted(found.st_gid))
    if not stat.S_ISLNK(found.st_mode):
        os.chmod(path, stat.S_IMODE(found.st_mode))
        shift_list(path, "system.posix_acl_access")
        shift_list(path, "system.posix_acl_default")

shift(top)
for folder, folders, files in os.walk(top):
    for name in folders + files:
        shift(os.path.join(folder, name))
END

# The container gets other ids: its files are shifted, and its values follow.
acls_move_to_another_range() {
	local before to=$((INSIDE_ROOT + 2 * INSIDE_COUNT))
	before=$(acl in_namespace /$sysvol/ex.test)
	check "the owners are shifted" \
		/usr/bin/python3 shift.py namespace_side "$INSIDE_ROOT" "$INSIDE_COUNT" $((2 * INSIDE_COUNT))
	local from=$INSIDE_ROOT
	INSIDE_ROOT=$to
	fails "sysvolcheck in the new range sees no NT ACLs" "No data available" in_namespace samba-tool ntacl sysvolcheck
	check "nsxattr tree rekey" \
		"$NSXATTR" tree rekey --from="$from" --to="$to" --count="$INSIDE_COUNT" namespace_side
	same "sysvolcheck in the new range is clean" "" \
		"$(in_namespace samba-tool ntacl sysvolcheck 2>&1 | but_orphans || echo "exit status $?")"
	same "the lists are what they were" "$before" "$(acl in_namespace /$sysvol/ex.test)"
}

# alone() - COMMAND…: the same namespace without nsxattr, so that the tests above mean something
alone() {
	bin/enter-userns "0 $INSIDE_ROOT $INSIDE_COUNT" "${rootfs_run[@]}" namespace_side "$@"
}

without_nsxattr() {
	fails "without nsxattr the same namespace sees no NT ACLs" "No data available" \
		alone samba-tool ntacl sysvolcheck
	fails "and the provision ends in an error" "Access Denied" provision alone
}

unpack
provisions
acls_lie_under_the_namespaces_name
acls_read_back
acls_are_set_and_reset
acls_move_to_another_range
without_nsxattr
