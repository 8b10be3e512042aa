# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# nsxattrd with mode enforce, and containers of an image, of root's podman: their programs are in a layer of an overlay, which
# several containers have in common.
#
# kernels: 6.1 6.12
# arguments: emulated=in-turns

set -u
# shellcheck source=tests/lib/enforced.sh
. tests/lib/enforced.sh
needs podman crun evmctl openssl setfattr tar
scene_make
runtimes_make
enforced_bpffs
install -m 755 "$NSXATTR" bin/nsxattr
podman_hooks
mkdir -p store /var/lib/containers
mount --bind store /var/lib/containers

# pod() - COMMAND ARGUMENT…: root's podman
pod() {
	podman --hooks-dir "$SCENE/hooks.d" --runtime=crun --cgroup-manager=cgroupfs --storage-driver=overlay "$@" </dev/null
}

# begin() - NAME POLICY IMAGE: a container that waits for commands
begin() {
	pod run --detach --rm "--name=$1" "${podman_options[@]}" --annotation="io.nsxattr.policy=$2" \
		--uidmap=0:100000:65536 --gidmap=0:100000:65536 "$3" sleep infinity >>podman.said 2>&1 && await judged_is_known "$1"
}

# layer() - IMAGE: the folder of its uppermost layer
layer() {
	pod image inspect --format '{{.GraphDriver.Data.UpperDir}}' "$1"
}

# image() - NAME: of what is in root/, with the signatures
image() {
	tar -C root --xattrs --xattrs-include=security.ima --owner=0 --group=0 --numeric-owner -c . |
		podman --storage-driver=overlay import --quiet - "$1" >/dev/null
}

enforced_scene
enforced_policy executed own.der "${JUDGED_EXECS[@]}"
enforced_policy mapped own.der "${JUDGED_EXECS[@]}" "${JUDGED_MAPS[@]}"
daemon_start || {
	not_ok "nsxattrd starts" "$(cat daemon.log)"
	exit
}
enforced_or_skip
check "podman makes an image" image small
check "its layer has the signatures" getfattr --absolute-names -n security.ima "$(layer small)/bin/signed"

check "a container of it starts whose programs are signed" begin one mapped small
same "its root is an overlay" overlay "$(
	stat -f -c %T "/proc/$(pod inspect --format '{{.State.Pid}}' one)/root/" | sed 's/fs$//'
)"
same "what is signed runs, and nothing else" "signed - - -" "$(executes pod exec one)"
id=$(pod inspect --format '{{.Id}}' one)
same "the log says why" IMA-signature-required "$(refused_of unsigned "$id")"
check "evmctl accepts its list" judged_list one

check "a second container of the image" begin two executed small
pod exec one sh -c 'echo "# by one" >>/bin/signed'
same "a program is changed in one: it does not run there" "- - - -" "$(executes pod exec one)"
same "the other container has it as it was" "signed - - -" "$(executes pod exec two)"
pod exec two sh -c 'cp /bin/signed /bin/copy'
# shellcheck disable=SC2016 # for the shell inside
same "a copy has no signature" 126 "$(pod exec two sh -c '/bin/copy 2>/dev/null; echo $?')"
podman_kill pod one

check "podman commits what is in the other one" pod commit --quiet two committed
podman_kill pod two
check "a container of that starts" begin three executed committed
# shellcheck disable=SC2016 # for the shell inside
same "a copy has none there, either" "signed 126" "$(pod exec three sh -c \
	'/bin/signed && echo signed; /bin/copy 2>/dev/null; echo $?' | paste -sd' ')"
setfattr -x security.ima "$(layer small)/bin/signed"
same "the host takes the signature away, and no more runs" "- - - -" "$(executes pod exec three)"
podman_kill pod three
check "containers are forgotten" await judged_are_forgotten
daemon_stop
same "SIGTERM ends the daemon in order, and no pin is left" "0 0" "$? $(enforced_pins)"
