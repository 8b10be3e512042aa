# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What tests of nsxattrd's mode enforce share: policies that refuse, and what the daemon's log, status and pins say of
# it. It brings what the containers take, so it is sourced alone.

# shellcheck source=tests/lib/runtimes.sh
. tests/lib/runtimes.sh
# shellcheck source=tests/lib/case.sh
. tests/lib/case.sh
# shellcheck source=tests/lib/scene.sh
. tests/lib/scene.sh
# shellcheck source=tests/lib/judged.sh
. tests/lib/judged.sh

# enforced_policy() - NAME KEYS RULE…: a policy of the daemon's that refuses; KEYS as "own.der, other.der"
enforced_policy() {
	local name=$1 keys=$2 rule
	shift 2
	mkdir -p policies
	cp ./*.der policies/
	{
		echo "version: 1"
		echo "attributes: [{ name: security.ima, scheme: suffix, inherit: chain }]"
		echo "integrity:"
		echo "  mode: enforce"
		echo "  keys: [$keys]"
		echo "  rules:"
		for rule; do echo "    - $rule"; done
	} >"policies/$name.yaml"
}

# enforced_bpffs() - in a mount namespace of our own: what systemd has mounted
enforced_bpffs() {
	mountpoint -q /sys/fs/bpf || mount -t bpf -o mode=700 bpf /sys/fs/bpf
}

# enforced_userns() - PROCESS: the number of its user namespace
enforced_userns() {
	stat -L -c %i "/proc/$1/ns/user"
}

# enforced_gates_of() - NUMBER: how many of the gates that are pinned have to be passed in this user namespace
enforced_gates_of() {
	"$enforced_gates" | grep -cx "$1"
}
enforced_gates=$(realpath "${BUILD:-build}/tests/live/gate-pins-driver")

# enforced_pins() - how many gates are pinned
enforced_pins() {
	find /sys/fs/bpf/nsxattr -mindepth 1 -maxdepth 1 2>/dev/null | wc -l
}

# ---- processes inside that wait ----

# pipes() - NAME…: in /tmp of all containers
pipes() {
	local name
	for name; do
		rm -f "root/tmp/$name"
		mkfifo -m 666 "root/tmp/$name"
		chmod 666 "root/tmp/$name"
	done
}

# release() - NAME: whoever waits at the pipe
release() {
	timeout $((60 * ${TEST_SLOWER:-1})) bash -c ': >"$1"' bash "root/tmp/$1"
}

# has_said() - FILE LINES: so many
has_said() {
	[ "$(grep -c . "$1")" -ge "$2" ]
}

# answered() - FILE PIPE: what a process says that waits at the pipe, and writes into FILE
answered() {
	local before
	before=$(grep -c . "$1")
	release "$2" && await has_said "$1" $((before + 1)) && tail -n 1 "$1"
}

# ---- what becomes of programs ----

# refused_of() - PROGRAM CONTAINER: why it is not executed, as the daemon's log says it
refused_of() {
	sed -n "s|^nsxattr: container $2: .*/bin/$1 is not executed: \([^,]*\).*|\1|p" daemon.log | sort -u | paste -sd' '
}

# executes() - PREFIX…: what becomes of the programs of judged_programs() within a container, by its shell
#
# PREFIX is what to put before a command to have it run there.
executes() {
	local program said=
	for program in signed unsigned changed foreign; do
		"$@" sh -c "/bin/$program" 2>/dev/null
		case $? in
		0) said+=" $program" ;;
		126) said+=" -" ;;
		*) said+=" ?" ;;
		esac
	done
	echo "${said# }"
}

# enforced_scene() - NAME=PROGRAM…: two keys, own and other, and a root file system in root/ with what judged_programs()
# makes, what runtimes need, and PROGRAMs of the build; all of it is signed by the host with own, but what must not be
enforced_scene() {
	local program names=() folder=$SCENE/built
	judged_key own
	judged_key other
	mkdir root "$folder"
	for program; do
		cp "${program#*=}" "$folder/${program%%=*}"
		names+=("${program%%=*}")
	done
	PATH=$folder:$PATH runtimes_root root "${RUNTIMES_PROGRAMS[@]}" bash mktemp "${names[@]}"
	own root
	judged_programs root own other
	check "all programs of the root file system are signed" sh -c \
		'find root/bin root/lib* root/usr -type f ! -name unsigned ! -name changed ! -name foreign -print0 2>/dev/null |
			xargs -0 -n 1 evmctl ima_sign --key own.pem >/dev/null 2>&1'
}

# enforced_daemon() - start nsxattrd without a service manager; $daemon is its process. What it says is added to daemon.log
enforced_daemon() {
	[ -e nsxattrd.yaml ] || printf 'version: 1\npolicies: %s\n' "$SCENE/policies" >nsxattrd.yaml
	"$NSXATTRD" -c nsxattrd.yaml </dev/null >/dev/null 2>>daemon.log &
	daemon=$!
	await daemon_status pid
}

# enforced_or_skip() - ends the script where nsxattr was built without a gate
enforced_or_skip() {
	grep -q 'left out' daemon.log || return 0
	skip "enforce with nsxattrd" "the gate was left out when nsxattr was built"
	daemon_stop
	exit 0
}
