#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# A Samba domain controller in a container of an ordinary user's podman, with root's daemon and the
# policy that is made for it. What it looks like in detail is for samba.sh.
#
# not in a machine: it makes a Debian root file system from package sources: there is no network

set -u
# shellcheck source=tests/lib/runtimes.sh
. tests/lib/runtimes.sh
# shellcheck source=tests/lib/case.sh
. tests/lib/case.sh
# shellcheck source=tests/lib/scene.sh
. tests/lib/scene.sh
# shellcheck source=tests/lib/rootfs.sh
. tests/lib/rootfs.sh
needs podman crun newuidmap getfattr mmdebstrap
scene_make
runtimes_make
runtimes_make_user
install -m 755 "$NSXATTR" bin/nsxattr
podman_hooks

if ! tarball=$(rootfs_tarball); then
	skip "Samba in a Debian root file system" "mmdebstrap cannot make one: see above"
	exit
fi

sysvol=var/lib/samba/sysvol

pod() {
	"${as_member[@]}" podman --hooks-dir "$SCENE/hooks.d" "$@" </dev/null
}

# in_container() - OPTION… -- COMMAND…: in a container of that root file system
in_container() {
	local options=()
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	pod run --rm "${podman_options[@]}" "${options[@]}" --rootfs "$SCENE/home/root" "$@"
}

in_samba() {
	in_container --name=dc --annotation=io.nsxattr.policy=samba-dc -- "$@"
}

provision() {
	"$@" sh -c '
		rm -f /etc/samba/smb.conf
		samba-tool domain provision --use-rfc2307 --realm=EX.TEST --domain=EX \
			--server-role=dc --dns-backend=SAMBA_INTERNAL --adminpass=Passw0rd.1 \
			--host-ip=127.0.0.1 --host-name=dc'
}

# The policy of the examples, for the user as well.
make_policy() {
	mkdir policies
	cp "$REPOSITORY/examples/policies/samba-dc.yaml" policies/
	echo "allow-users: [root, member]" >>policies/samba-dc.yaml
}

carriers() {
	(cd home/root && getfattr -Rh -m - $sysvol 2>/dev/null) | unescape | grep -cx "$1"
}

make_policy
"${as_member[@]}" mkdir home/root
check "a root file system of the user's" \
	rootfs_extract home/root "${as_member[@]}" podman unshare <"$tarball"
daemon_start || {
	not_ok "nsxattrd starts" "$(cat daemon.log)"
	exit
}
fails "without nsxattr the provision ends in an error" "Access Denied" \
	provision in_container --name=plain --
check "samba-tool domain provision" provision in_samba
same "samba-tool ntacl sysvolcheck is clean" "" \
	"$(in_samba samba-tool ntacl sysvolcheck 2>&1 || echo "exit status $?")"
check "the access control lists lie under the user's name" \
	[ "$(carriers "security.NTACL@uid=$USER_ID")" -gt 10 ]
same "and none under the host's" 0 "$(carriers security.NTACL)"
daemon_stop
same "SIGTERM ends the daemon in order" 0 $?
podman_end
