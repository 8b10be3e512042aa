#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What containers of root's podman execute and map is judged by nsxattrd, under podman's own seccomp profile.

set -u
# shellcheck source=tests/lib/runtimes.sh
. tests/lib/runtimes.sh
# shellcheck source=tests/lib/case.sh
. tests/lib/case.sh
# shellcheck source=tests/lib/scene.sh
. tests/lib/scene.sh
# shellcheck source=tests/lib/judged.sh
. tests/lib/judged.sh
needs podman crun getfattr evmctl openssl
scene_make
runtimes_make
install -m 755 "$NSXATTR" bin/nsxattr
podman_hooks

# pod() - COMMAND ARGUMENT…: podman, by root
pod() {
	podman --hooks-dir "$SCENE/hooks.d" --runtime=crun --cgroup-manager=cgroupfs "$@" </dev/null
}

# start() - NAME POLICY: a container that waits for commands
start() {
	pod run --detach --rm "--name=$1" "${podman_options[@]}" --annotation="io.nsxattr.policy=$2" \
		--uidmap=0:100000:65536 --gidmap=0:100000:65536 --rootfs "$SCENE/root" sleep infinity &&
		await judged_is_known "$1"
}

mkdir store
mkdir -p /var/lib/containers && mount --bind store /var/lib/containers
judged_scene
judged_policy executed own "${JUDGED_EXECS[@]}"
judged_policy mapped own "${JUDGED_EXECS[@]}" "${JUDGED_MAPS[@]}"
daemon_start || {
	not_ok "nsxattrd starts" "$(cat daemon.log)"
	exit
}

check "a container starts" start one executed
for program in signed unsigned changed foreign; do
	check "$program runs" pod exec one $program
done
id=$(pod inspect --format '{{.Id}}' one)
same "status says what became of them" "log IMA-signature-required=1 invalid-signature=2 valid=2" "$(verdicts one)"
same "an unsigned program is named in the log" IMA-signature-required "$(said_of unsigned "$id")"
same "a changed one" invalid-signature "$(said_of changed "$id")"
same "a signed one is not" "" "$(said_of signed "$id")"
check "evmctl accepts the list, by podman's name" judged_list one
same "it has what was executed" "boot_aggregate /bin/sleep /bin/signed /bin/unsigned /bin/changed /bin/foreign" \
	"$(judged_entries one)"
"$NSXATTR" measurements "${id:0:12}" >by.id
check "the list by the id that status shows" cmp by.id one.list/ascii_runtime_measurements
podman_kill pod one

check "a container whose maps are judged starts" start two mapped
check "a signed program runs in it" pod exec two signed
id=$(pod inspect --format '{{.Id}}' two)
check "its library is named in the log" \
	grep -q "container $id: .*/libc.so.6 would not be mapped executable: IMA-signature-required" daemon.log
check "evmctl accepts the list" judged_list two
check "it has the library" grep -q "/libc.so.6" two.list/ascii_runtime_measurements
podman_kill pod two
check "containers are forgotten" await judged_are_forgotten
daemon_stop
same "SIGTERM ends the daemon in order" 0 $?
