#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# An ordinary user who means the daemon no good: what they say is refused, and the log tells why; the
# daemon does not grow; it serves others meanwhile; and it answers only their own calls.

set -u
# shellcheck source=tests/lib/runtimes.sh
. tests/lib/runtimes.sh
# shellcheck source=tests/lib/case.sh
. tests/lib/case.sh
# shellcheck source=tests/lib/scene.sh
. tests/lib/scene.sh
needs crun
driver=$(realpath "${BUILD:-build}/tests/live/peer-driver")
scene_make
runtimes_make
runtimes_make_user
install -m 755 "$driver" "${driver%/*}/stubborn-driver" bin/ || exit 1
mknod -m 666 fuse c 10 229

declare -A sockets=([stream]=/run/nsxattr/oci.sock [packet]=/run/nsxattr/lxc.sock
	[forge]=/run/nsxattr/lxc.sock [question]=/run/nsxattr/control.sock)
patience=20

# peer() - KIND ATTACK [VICTIM]: what the daemon does about it
peer() {
	local kind=$1
	shift
	PATIENCE=$patience "${as_peer[@]}" "$SCENE/bin/peer-driver" "$kind" "${sockets[$kind]}" "$@"
}

as_peer=(setpriv "--reuid=$USER_ID" "--regid=$USER_ID" "--groups=$USER_ID,100,2000" --)

# refused() - KIND ATTACK [VICTIM]: the connection is closed, and the log has a line more about it
refused() {
	local before said
	before=$(wc -l <daemon.log)
	said=$(peer "$@" 2>&1)
	same "$1: $2: the connection is closed" closed "$said"
	check "$1: $2: the log says why" await logged "$before"
}

logged() {
	[ "$(wc -l <daemon.log)" -gt "$1" ]
}

# served() - WHEN: a container of root's, which is there, and a new one
served() {
	same "a container is served $1" hosts \
		"$(timeout 120 crun exec other getfattr \
			--absolute-names --only-values -n security.demo /mnt/file 2>&1)"
}

start_container() {
	mkdir root shared other
	runtimes_root root sh sleep getfattr
	echo content >shared/file
	setfattr -n security.demo -v hosts shared/file
	own root shared
	(cd other && crun spec && mv config.json spec.json)
	/usr/bin/python3 "$REPOSITORY/tests/lib/bundle.py" root="$SCENE/root" mount="$SCENE/shared:/mnt" \
		annotation=io.nsxattr.policy=default -- sleep infinity <other/spec.json |
		"$NSXATTR" hook oci-precreate --runtime=crun --policies="$SCENE/policies" >other/config.json
	crun --cgroup-manager=disabled run --detach --bundle other other </dev/null >output 2>&1 ||
		not_ok "root starts a container" "$(cat output)"
}

# ---- one after the other ----

# Those who say nothing more have to be waited for: they begin first.
silent_peers() {
	local attack
	for attack in silence half-and-silence; do
		peer stream "$attack" >"$attack.said" 2>&1 &
		silent+=($!)
	done
}

silent_peers_end() {
	wait "${silent[@]}"
	same "it does not wait for a peer that says nothing" closed "$(<silence.said)"
	same "nor who does not end" closed "$(<half-and-silence.said)"
}

# question() - ATTACK: it is answered, or the peer has ended; and others are answered afterwards
question() {
	local said
	said=$(peer question "$1" 2>&1)
	check "question: $1: it is answered, or closed" grep -qE '^(answered|closed)' <<<"$said"
	check "question: $1: others are answered" daemon_status containers
}

attacks() {
	local kind attack
	while read -r kind attack; do
		case $kind/$attack in
		forge/* | */*silence) ;;
		question/*) question "$attack" ;;
		# The log has no complaint of a peer that only looks whether a daemon listens.
		stream/nothing) same "nothing: the connection is closed" closed \
			"$(peer stream nothing 2>&1)" ;;
		*) refused "$kind" "$attack" ;;
		esac
	done < <(bin/peer-driver list)
}

# ---- in the name of another ----

start_victim() {
	coproc VICTIM { exec bin/enter-userns "0 $INSIDE_ROOT $INSIDE_COUNT" \
		"$SCENE/bin/peer-driver" victim "$SCENE/shared/file"; }
	victim=$VICTIM_PID input=${VICTIM[1]}
	read -r addresses <&"${VICTIM[0]}"
}

forgeries() {
	local kind forgery input
	start_victim
	same "a call of one's own is answered" "answered 136" \
		"$(peer forge honest "$victim" <<<"$addresses" 2>&1)"
	while read -r kind forgery; do
		case $kind/$forgery in
		forge/honest) ;;
		# To answer that the call is not there any more does no harm.
		forge/*other-id) check "forge: $forgery: is not waited for" \
			[ "$(peer forge "$forgery" "$victim" <<<"$addresses" 2>&1)" != open ] ;;
		forge/*) refused forge "$forgery" "$victim" <<<"$addresses" ;;
		esac
	done < <(bin/peer-driver list)
	same "nothing was done in the victim's name" security.demo "$(names shared/file)"
	exec {input}>&-
	wait "$victim"
}

# ---- many ----

# hold() - KIND ARGUMENT…: start peers that stay, and wait until they are there; release() ends them
hold() {
	coproc HELD { exec "${as_peer[@]}" "$SCENE/bin/peer-driver" "$@"; }
	read -r held <&"${HELD[0]}"
}

release() {
	local input=${HELD[1]} holder=$HELD_PID
	exec {input}>&-
	wait "$holder"
}

flood() {
	hold hold /run/nsxattr/oci.sock 10000
	check "10,000 connections were made, or refused" [ "$held" -gt 0 ]
	check "the daemon holds few of them" [ "$(daemon_descriptors)" -lt $((descriptors + 100)) ]
	served "meanwhile"
	release
	check "and none afterwards" await holds_descriptors "$descriptors"
}

# Those who are many: each as many connections as one may have, at a socket, until release_crowd().
hold_crowd() {
	local user
	rm -f crowd held.*
	mkfifo crowd
	exec {crowd_input}<>crowd
	for ((user = 20000; user < 20040; user++)); do
		setpriv --reuid=$user --regid=$user --groups=$user,100,2000 -- \
			"$SCENE/bin/peer-driver" hold "$1" 32 <crowd {crowd_input}>&- >"held.$user" &
		crowd+=($!)
	done
	for ((user = 20000; user < 20040; user++)); do
		await test -s "held.$user"
	done
}

release_crowd() {
	kill "${crowd[@]}"
	wait "${crowd[@]}" 2>/dev/null
	exec {crowd_input}>&-
	crowd=()
}

crowds() {
	hold_crowd /run/nsxattr/lxc.sock
	served "while forty users have all connections that they may"
	release_crowd
	hold_crowd /run/nsxattr/control.sock
	check "so is root who asks for the status" daemon_status containers
	release_crowd
}

mute_peers() {
	hold mute /run/nsxattr/control.sock $'status\n'
	served "while a peer does not read"
	check "so is another who asks for the status" daemon_status containers
	release
}

# ---- what cannot be closed ----

# Everybody may open it, as on a machine with udev.
with_fuse=(unshare --mount --propagation private sh -c 'mount --bind fuse /dev/fuse && exec "$@"' -)

# stubborn() - PEER WHAT WAY COUNT: a user hands over what does not let itself be closed; release_stubborn() ends it
stubborn() {
	coproc STUBBORN {
		exec "${with_fuse[@]}" "${as_peer[@]}" "$SCENE/bin/stubborn-driver" "/run/nsxattr/$1.sock" "$@"
	}
	read -r handed <&"${STUBBORN[0]}"
	[ -n "$handed" ] || not_ok "$*: is handed over" "the driver has ended"
}

release_stubborn() {
	local input=${STUBBORN[1]} driver=$STUBBORN_PID
	exec {input}>&-
	wait "$driver"
}

# What is closed waits until release_stubborn(): whatever is answered before does not wait for it.
stubborn_peers() {
	local peer what way
	while read -r peer what way; do
		stubborn "$peer" "$what" "$way" 1
		check "$peer: a $what, $way: root is told the status" timeout 60 "$NSXATTR" status
		check "$peer: a $what, $way: so is another user" \
			timeout 60 "${as_other[@]}" "$NSXATTR" status
		served "while $peer: a $what, $way ($handed) does not let itself be closed"
		release_stubborn
	done <<-END
		oci socket told
		oci socket many
		oci socket unread
		oci file told
		oci file many
		lxc socket told
		lxc socket many
		lxc socket unread
		lxc file told
		lxc file many
		control socket told
		control socket unread
		control file told
	END
}

as_other=(setpriv --reuid=20000 --regid=20000 --clear-groups --)

# All the connections that a user may have, each of which hangs; and more, for which there is no place.
stubborn_crowd() {
	stubborn lxc file told 32
	same "as many as a user may have hang" 32 "$handed"
	"${as_peer[@]}" "$SCENE/bin/stubborn-driver" /run/nsxattr/oci.sock oci socket told 40 \
		</dev/null >many.said 2>&1
	same "40 more were handed over" 40 "$(<many.said)"
	check "root is told the status" timeout 60 "$NSXATTR" status
	check "so is that very user" timeout 60 "${as_peer[@]}" "$NSXATTR" status
	served "while 32 connections hang"
	release_stubborn
}

daemon_start || {
	not_ok "nsxattrd starts" "$(cat daemon.log)"
	exit
}
start_container
served "at first"
descriptors=$(daemon_descriptors)
memory=$(daemon_memory)
stubborn_peers
stubborn_crowd
check "the daemon holds no more descriptors afterwards" await holds_descriptors "$descriptors"
silent_peers
attacks
served "after all that"
forgeries
flood
crowds
mute_peers
silent_peers_end
check "the daemon holds no more descriptors than before" \
	await holds_descriptors "$descriptors"
# In KiB. A sanitizer keeps what is freed for a while.
growth=8192
! ldd "$NSXATTRD" | grep -q 'lib[at]san' || growth=65536
check "nor much more memory" [ "$(daemon_memory)" -lt $((memory + growth)) ]
crun kill other KILL
crun delete --force other
daemon_stop
same "SIGTERM ends the daemon in order" 0 $?
