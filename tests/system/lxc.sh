#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# nsxattrd and unprivileged LXC containers: both sides of their attributes, attach, containers that share a
# folder, the hook, a daemon that is not there or is restarted, and Samba.
#
# not in a machine: it makes a Debian root file system from package sources: there is no network

set -u
# shellcheck source=tests/lib/lxc.sh
. tests/lib/lxc.sh
lxc_alone "$0"
# shellcheck source=tests/lib/case.sh
. tests/lib/case.sh
# shellcheck source=tests/lib/scene.sh
. tests/lib/scene.sh
# shellcheck source=tests/lib/rootfs.sh
. tests/lib/rootfs.sh
needs getfattr lxc-execute lxc-start mmdebstrap
NSXATTRD=${NSXATTRD:-$(dirname "$NSXATTR")/nsxattrd}
scene_make

# Samba's access control lists name ids around 3,000,000.
LXC_IDS=5000000
LXC_SOCKET=$SCENE/run/lxc.sock
daemon=

# ---- the daemon ----

# 00010000: it listens
has_socket() {
	awk -v path="$LXC_SOCKET" '$4 == "00010000" && $NF == path { found = 1 } END { exit !found }' /proc/net/unix
}

# start_daemon() - NAME: and that it listens is a test of that name
start_daemon() {
	"$NSXATTRD" -c nsxattrd.yaml >>daemon.log 2>&1 &
	daemon=$!
	check "$1" await has_socket
}

stop_daemon() {
	[ -n "$daemon" ] || return 0
	kill -TERM "$daemon"
	wait "$daemon"
	local status=$?
	daemon=
	return $status
}

# Containers first: the scene is their root file system.
leave() {
	local status=$1 name
	for name in $(lxc-ls -P "$SCENE/lxc" --running 2>/dev/null); do
		lxc_end "$name"
	done
	lxc_done
	stop_daemon
	return "$status"
}

configure_daemon() {
	mkdir -p policies run
	cp "$REPOSITORY/examples/policies/samba-dc.yaml" policies/
	cat >policies/hidden.yaml <<-POLICY
		version: 1
		attributes:
		  - { name: security.hidden, scheme: hide }
		  - { name: "security.*", scheme: suffix }
		default: kernel
	POLICY
	cat >nsxattrd.yaml <<-CONFIG
		version: 1
		oci-socket: { path: none }
		lxc-socket: { path: $LXC_SOCKET }
		control-socket: { path: $SCENE/run/control.sock }
		policies: $SCENE/policies
	CONFIG
}

# ---- a command in a container ----

both_sides() {
	lxc_configure one "$SCENE/root"
	check "lxc-execute: set, get, list, remove" lxc_run one sh -ec '
		cd /tmp; touch f
		setfattr -n security.ima -v mine f
		setfattr -n trusted.gfid -v id f
		setfattr -n security.gone -v x f
		setfattr -x security.gone f
		[ "$(getfattr --only-values -n security.ima f)" = mine ]
		[ "$(getfattr -m - f | grep "^[st]" | sort | paste -sd" ")" = "security.ima trusted.gfid" ]'
	same "on the host they are the container's" "security.ima@uid=$INSIDE_ROOT trusted.gfid@uid=$INSIDE_ROOT" \
		"$(names root/tmp/f)"
	same "with its value" mine "$(text "security.ima@uid=$INSIDE_ROOT" root/tmp/f)"
}

a_cookie_names_the_policy() {
	lxc_configure cookie "$SCENE/root" "lxc.seccomp.notify.cookie = hidden"
	fails "the cookie's policy hides a name" "Operation not permitted" \
		lxc_run cookie setfattr -n security.hidden -v x /tmp/f
	check "and has the others" lxc_run cookie setfattr -n security.shown -v x /tmp/f
	lxc_configure unknown "$SCENE/root" "lxc.seccomp.notify.cookie = no-such"
	fails "a policy that is not there gives no view" "" \
		lxc_run unknown setfattr -n security.x -v x /tmp/f
	same "nothing was set by it" "" "$(text "security.x@uid=$INSIDE_ROOT" root/tmp/f 2>&1 | grep -v 'No such attribute')"
}

# ---- containers that run ----

runs() {
	lxc_configure started "$SCENE/root"
	check "lxc-start" lxc_serve started
	check "a process of the container's: set" \
		lxc_in started sh -ec 'cd /tmp; touch a; setfattr -n security.ima -v own a'
	same "another one sees it" own "$(lxc_in started getfattr --only-values -n security.ima /tmp/a)"
	same "the host sees whose it is" own "$(text "security.ima@uid=$INSIDE_ROOT" root/tmp/a)"
	same "32 calls, one after the other" 32 "$(lxc_in started sh -c '
		for i in $(seq 32); do setfattr -n security.many -v $i /tmp/a; done
		getfattr --only-values -n security.many /tmp/a')"
}

# attach() - COMMAND…: what lxc-attach's command has said
attach() {
	lxc-attach -P "$SCENE/lxc" -n started -- "$@" 2>&1
}

# lxc-attach of LXC 5.0 loses a command's listener now and then (docs/lxc.md). Such a command has no view, and
# no other one either: each of its calls is ENOSYS.
attached() {
	local said lost=0
	for ((; lost < 40; lost++)); do
		said=$(attach sh -c '
			setfattr -n security.ima -v attached /tmp/a
			getfattr --absolute-names --only-values -n security.ima /tmp/a')
		[ "$said" != attached ] || break
		[ "$(grep -c "Function not implemented" <<<"$said")" = 2 ] || break
	done
	same "lxc-attach: all calls of a command are answered, or none" attached "$said"
	same "the host sees whose it is" attached "$(text "security.ima@uid=$INSIDE_ROOT" root/tmp/a)"
	same "and nothing by its plain name" "security.ima@uid=$INSIDE_ROOT security.many@uid=$INSIDE_ROOT" \
		"$(names root/tmp/a)"
	echo "# of $((lost + 1)) commands of lxc-attach, LXC lost the listener of $lost"
}

# Of other ids, on one folder with the first.
a_shared_folder() {
	mkdir shared
	chmod 1777 shared
	touch shared/f
	chown 100000:100000 shared/f
	lxc_configure sharer "$SCENE/root" "lxc.mount.entry = $SCENE/shared mnt none bind 0 0"
	LXC_MAP="0 1000000 65536" lxc_configure reader "$SCENE/root" \
		"lxc.mount.entry = $SCENE/shared mnt none bind 0 0"
	check "one container" lxc_serve sharer
	check "another, of other ids" lxc_serve reader
	check "sets a value in the shared folder" lxc_in sharer setfattr -n security.ima -v of-one /mnt/f
	same "reads it" of-one "$(lxc_in sharer getfattr --only-values -n security.ima /mnt/f)"
	fails "the other one does not see it" "No such attribute" \
		lxc_in reader getfattr -n security.ima /mnt/f
	fails "nor sets one on an inode that is not its own" "Operation not permitted" \
		lxc_in reader setfattr -n security.ima -v of-two /mnt/f
	lxc_end sharer
	lxc_end reader
}

as_nobody() (
	echo "$BASHPID" >/sys/fs/cgroup/nsxattr-nobody/cgroup.procs &&
		exec setpriv --reuid=65534 --regid=65534 --groups=65534,100,2000 env HOME="$SCENE/user" \
			XDG_RUNTIME_DIR="$SCENE/user" "$@"
)

# The word of a plain user's monitor counts for less, and that user has to be the container's root.
a_users_container() {
	mkdir -p user/own /sys/fs/cgroup/nsxattr-nobody
	LXC_MAP="0 65534 1" lxc_configure own "$SCENE/root"
	mv lxc/own/config user/own/
	chown -R 65534:65534 user /sys/fs/cgroup/nsxattr-nobody
	check "a plain user's container" as_nobody \
		lxc-execute -P "$SCENE/user" -n own -o "$SCENE/user/log" -- sh -ec '
			cd /tmp; touch u
			setfattr -n security.ima -v users u
			[ "$(getfattr --only-values -n security.ima u)" = users ]'
	same "its values are that user's" users "$(text security.ima@uid=65534 root/tmp/u)"
	find /sys/fs/cgroup/nsxattr-nobody -depth -type d -exec rmdir {} +
}

# The target is killed while the daemon has its call; the next call of another one is answered.
killed_in_mid_call() {
	check "processes are killed while they call" lxc_in started sh -c '
		for i in 1 2 3 4 5; do
			rm -f /tmp/calling
			( while :; do getfattr -d -m - /tmp/a >/tmp/calling; done ) & loop=$!
			until [ -s /tmp/calling ]; do :; done
			kill -KILL $loop $(pgrep getfattr) 2>/dev/null
		done; :'
	same "later calls are answered" attached \
		"$(lxc_in started getfattr --only-values -n security.ima /tmp/a)"
	lxc_configure killed "$SCENE/root"
	lxc_serve killed
	rm -f root/tmp/calling
	lxc_in killed sh -c '(while :; do getfattr -d -m - /tmp/a >/tmp/calling; done) &'
	check "a container calls all the time" await_file root/tmp/calling attached
	check "it is killed while it calls" lxc_end killed
	same "the other one goes on" attached \
		"$(lxc_in started getfattr --only-values -n security.ima /tmp/a)"
}

restarted() {
	stop_daemon
	same "the daemon ends in order" 0 $?
	start_daemon "the daemon is started again"
	same "the container goes on" attached \
		"$(lxc_in started getfattr --only-values -n security.ima /tmp/a)"
}

# Its init calls for each line that the test writes. (What lxc-attach brings in after that is lost with LXC 5.0:
# docs/lxc.md.)
outlives_an_outage() {
	cat >root/loop <<-'LOOP'
		#!/bin/sh
		cd /tmp
		while read -r _; do
			getfattr --only-values -n security.ima a >loop.new 2>&1
			mv loop.new loop
		done <>ask
	LOOP
	chmod 755 root/loop
	rm -f root/tmp/loop root/tmp/ask
	mkfifo root/tmp/ask
	chown "$INSIDE_ROOT" root/tmp/ask
	lxc_configure looping "$SCENE/root" "lxc.init.cmd = /loop"
	check "a container whose init calls again and again" lxc_start looping
	check "its calls are answered" await asked root/tmp attached
	same "the status shows its name and its map" "looping 0 $INSIDE_ROOT $LXC_IDS" \
		"$("$NSXATTR" status --control="$SCENE/run/control.sock" --json | python3 -c '
import json, sys
print(*(c["name"] + " " + c["map"] for c in json.load(sys.stdin)["containers"] if c["id"] == "looping"))')"
	stop_daemon
	check "its calls fail without the daemon" await asked root/tmp "Function not implemented"
	start_daemon "the daemon is back"
	check "its calls are answered again" await asked root/tmp attached
	lxc_end looping
}

# asked() - FOLDER TEXT: does the loop say this? Asks it to call once more.
asked() {
	echo 1<>"$1/ask" && grep -qsF "$2" "$1/loop"
}

# await_file() - FILE TEXT: until the file has the text in it
await_file() {
	await grep -qsF "$2" "$1" || ! cat "$1"
}

# ---- the hook ----

with_hook() {
	lxc_configure "$1" "$SCENE/root" "lxc.hook.version = ${2-1}" \
		"lxc.hook.pre-start = $NSXATTR hook lxc --socket=$LXC_SOCKET --policies=$SCENE/policies ${3-}" \
		"${@:4}"
}

the_hook() {
	with_hook hooked 1 "" "lxc.seccomp.notify.cookie = samba-dc"
	check "the hook lets a container start" lxc_run hooked true
	with_hook hooked0 0
	check "with lxc.hook.version = 0 too" lxc_run hooked0 true
	with_hook no-policy 1 "" "lxc.seccomp.notify.cookie = no-such"
	fails "a policy that is not there does not let it start" "pre-start" lxc_run no-policy true
	same "and the reason is in LXC's log" 1 \
		"$(lxc_said no-policy | grep -c "names the policy 'no-such', and there is no")"
	with_hook asks 1 "--control=$SCENE/run/control.sock" "lxc.seccomp.notify.cookie = samba-cd"
	fails "one that the daemon is asked for neither" "pre-start" lxc_run asks true
	same "and the reason is the daemon's" 1 \
		"$(lxc_said asks | grep -c "there is no policy 'samba-cd' (did you mean 'samba-dc'?)")"
	with_hook no-profile 1 "" "lxc.seccomp.profile = /usr/share/lxc/config/common.seccomp"
	fails "nor does a profile that notifies of nothing" "pre-start" lxc_run no-profile true
	same "and the reason is there" 1 "$(lxc_said no-profile | grep -c "add the line 'setxattr notify'")"
	with_hook weak 1 "" "lxc.cap.drop = sys_admin"
	check "a container in which no process has CAP_SYS_ADMIN starts" lxc_run weak true
	same "with a warning" 1 "$(lxc_said weak | grep -c "no process in the container can have CAP_SYS_ADMIN")"
	with_hook userns 1 "" "lxc.cap.drop = sys_admin" "lxc.include = /usr/share/lxc/config/userns.conf" \
		"lxc.mount.auto =" "lxc.mount.auto = proc:mixed sys:mixed"
	check "LXC's userns.conf takes that back" lxc_run userns true
	same "and then there is none" "" "$(lxc_said userns)"
}

# LXC's own files, as the distribution ships them, in front of our lines: what lxc-download makes, and what
# lxc-debian does.
with_distributions_files() {
	local share=/usr/share/lxc/config name=$1
	shift
	with_hook "$name" 1 "" "${@/#/lxc.include = $share/}" \
		"lxc.mount.auto =" "lxc.mount.auto = proc:mixed sys:mixed" \
		"lxc.seccomp.profile = $REPOSITORY/examples/lxc/nsxattr.seccomp"
	check "a container with $*" lxc_run "$name" setfattr -n security.shipped -v "$name" /tmp/f
	same "its value is its own" "$name" "$(text "security.shipped@uid=$INSIDE_ROOT" root/tmp/f)"
}

distributions_files() {
	with_distributions_files downloaded common.conf userns.conf
	with_distributions_files templated debian.common.conf debian.userns.conf
	with_distributions_files nesting common.conf userns.conf nesting.conf
	with_hook misled 1 "" "lxc.include = /usr/share/lxc/config/common.conf"
	fails "LXC's own profile, named last, does not let it start" "pre-start" lxc_run misled true
}

# ---- snapshots on overlay ----

# What is done with files of the base in a snapshot, and what that gives.
# shellcheck disable=SC2016 # for the shell inside
change='
	cd /srv/base
	changes() { sh -c "$1" 2>/dev/null && echo -n "$2 "; }
	changes "echo more >>file" write
	changes "chmod 600 file" chmod
	changes "mv file other && mv other file" rename
	changes "echo new >folder/new" create
	changes "rm gone" remove
	changes "rm -r folder && mkdir folder" anew
	changes "[ \"\$(getfattr --only-values -n security.ima file)\" = base ]" keeps
	changes "setfattr -n security.ima -v snapshots file" sets'

# snapshot() - STORE: what can be done in a snapshot of a container that has its values there
snapshot() {
	local base=base-$1 copy=copy-$1
	mkdir -p "lxc/$base/rootfs" && mount --bind root "lxc/$base/rootfs" || return
	rm -rf root/srv/base
	lxc_configure "$base" "$SCENE/lxc/$base/rootfs" "lxc.seccomp.notify.cookie = $2"
	lxc_run "$base" sh -ec '
		mkdir -p /srv/base/folder && cd /srv/base && echo base >file && echo base >gone
		setfattr -n security.ima -v base file folder gone' &&
		lxc-copy -P "$SCENE/lxc" -n "$base" -N "$copy" -s -B overlayfs >&2 &&
		echo "lxc.rootfs.options = userxattr" >>"lxc/$copy/config" &&
		lxc_run "$copy" sh -c "$change"
}

snapshots() {
	cp "$REPOSITORY/examples/policies/lxc-snapshot.yaml" policies/
	sed 's/^store: .*/store: user/' policies/lxc-snapshot.yaml >policies/snapshot-user.yaml
	"$NSXATTR" reload --control="$SCENE/run/control.sock"
	same "a snapshot over values in the store security cannot be changed" "remove anew keeps " "$(snapshot security default)"
	same "over values in the store trusted it can" "write chmod rename create remove anew " \
		"$(snapshot trusted lxc-snapshot)"
	same "its base keeps its values" base "$(text trusted.nsxattr.$INSIDE_ROOT.security.ima root/srv/base/file)"
	same "and its files" base "$(<root/srv/base/file)"
	same "over values in the store user it has them, and sets its own" \
		"write chmod rename create remove anew keeps sets " "$(snapshot user snapshot-user)"
	same "which lie in its own layer" snapshots \
		"$(text user.nsxattr.$INSIDE_ROOT.security.ima lxc/copy-user/overlay/delta/srv/base/file)"
	same "while its base has what it had" base "$(text user.nsxattr.$INSIDE_ROOT.security.ima root/srv/base/file)"
}

without_daemon() {
	stop_daemon
	with_hook alone
	fails "without the daemon the hook does not let it start" "pre-start" lxc_run alone true
	same "and says what to do" 1 "$(lxc_said alone | grep -c 'systemctl start nsxattrd')"
	lxc_configure bare "$SCENE/root"
	fails "without a hook LXC fails too" "Failed to setup seccomp proxy" lxc_run bare true
}

# ---- Samba ----

provisions() {
	lxc_configure samba "$SCENE/root" "lxc.seccomp.notify.cookie = samba-dc"
	check "samba-tool domain provision" lxc_run samba sh -c '
		rm -f /etc/samba/smb.conf
		samba-tool domain provision --use-rfc2307 --realm=EX.TEST --domain=EX \
			--server-role=dc --dns-backend=SAMBA_INTERNAL --adminpass=Passw0rd.1 \
			--host-ip=127.0.0.1 --host-name=dc --domain-sid=S-1-5-21-1-2-3'
	same "samba-tool ntacl sysvolcheck is clean" "" \
		"$(lxc_run samba samba-tool ntacl sysvolcheck 2>&1)"
	check "its access control lists lie under its own name" [ \
		"$(getfattr -Rh -m '^security[.]NTACL@uid=100000$' root/var/lib/samba/sysvol | grep -c '^security')" -gt 10 ]
	same "and none under the plain one" 0 \
		"$(getfattr -Rh -m '^security[.]NTACL$' root/var/lib/samba 2>/dev/null | grep -c '^security')"
}

if [ ! -x "$NSXATTRD" ]; then
	skip "LXC containers" "there is no $NSXATTRD"
	exit
fi
if ! tarball=$(rootfs_tarball); then
	skip "LXC containers" "mmdebstrap cannot make a root file system: see above"
	exit
fi
# shellcheck disable=SC2064 # now: the handler of this moment
trap "leave \$?; $(trap -p EXIT | sed "s/^trap -- '//; s/' EXIT\$//; s/'\\\\''/'/g")" EXIT
mkdir root
own root
check "a root file system for the container" rootfs_extract root inside <"$tarball"
check "a place where LXC works" lxc_prepare
configure_daemon
start_daemon "nsxattrd starts"
both_sides
a_cookie_names_the_policy
runs
attached
a_shared_folder
a_users_container
killed_in_mid_call
restarted
the_hook
distributions_files
snapshots
outlives_an_outage
provisions
lxc_end started
without_daemon
