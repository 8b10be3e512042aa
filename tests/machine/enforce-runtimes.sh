# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# nsxattrd with mode enforce, and the other runtimes: runc, LXC, and podman of root. What is not signed by a key of the
# policy is not executed in their containers, from the first program on. enforce-nsxattrd.sh has the rest, with crun.
#
# kernels: 6.1 6.12
# arguments: emulated=in-turns

set -u
# shellcheck source=tests/lib/enforced.sh
. tests/lib/enforced.sh
# shellcheck source=tests/lib/lxc.sh
. tests/lib/lxc.sh
needs runc lxc-start podman evmctl openssl setfattr
scene_make
runtimes_make
enforced_bpffs
LXC_IDS=65536
LXC_SOCKET=/run/nsxattr/lxc.sock

enforced_scene
enforced_policy executed own.der "${JUDGED_EXECS[@]}"
enforced_policy mapped own.der "${JUDGED_EXECS[@]}" "${JUDGED_MAPS[@]}"
lxc_prepare
daemon_start || {
	not_ok "nsxattrd starts" "$(cat daemon.log)"
	exit
}
enforced_or_skip

# ---- runc ----

# shellcheck disable=SC2034 # enforced.sh uses it
runtime=(runc)
check "runc: a container starts whose programs are signed" start one mapped
same "runc: what is signed runs, and nothing else" "signed - - -" "$(executes within one)"
same "runc: the log says why" IMA-signature-required "$(refused_of unsigned one)"
end one
bundle none annotation=io.nsxattr.policy=executed -- unsigned
check "runc: a container whose program is not signed does not start" eval '! runc run --bundle none none </dev/null >none/output 2>&1'
same "runc: the log says why" IMA-signature-required "$(refused_of unsigned none)"
end none >/dev/null 2>&1

# ---- LXC ----

lxc_judged two executed
lxc_make_init two
check "LXC: a container starts whose programs are signed" lxc_judged_starts two
same "LXC: what is signed runs, and nothing else" "signed - - -" "$(executes lxc_in two)"
same "LXC: the log says why" IMA-signature-required "$(refused_of unsigned two)"
same "LXC: its init is judged, too" "enforce IMA-signature-required invalid-signature valid" \
	"$(verdicts two | sed 's/=[0-9]*//g')"
kill -KILL "$(pgrep --parent "$daemon" --exact nsxattrd | head -n 1)"
same "LXC: a worker has died: all is as before" "signed - - -" "$(executes lxc_in two)"
lxc_end two
lxc_judged three executed
lxc_make_init three
check "LXC: a container whose init is not signed does not start" eval '! lxc_judged_starts three /bin/unsigned'
same "LXC: the log says why" IMA-signature-required "$(refused_of unsigned three)"
lxc_done

# ---- podman ----

install -m 755 "$NSXATTR" bin/nsxattr
podman_hooks
mkdir -p store /var/lib/containers
mount --bind store /var/lib/containers

# in_podman() - COMMAND…
in_podman() {
	podman --runtime=crun --cgroup-manager=cgroupfs --hooks-dir "$SCENE/hooks.d" run --rm "${podman_options[@]}" \
		--annotation=io.nsxattr.policy=executed --annotation=io.nsxattr.name=four --uidmap=0:100000:65536 --gidmap=0:100000:65536 \
		--rootfs "$SCENE/root" "$@" </dev/null
}

# shellcheck disable=SC2016 # for the shell inside
same "podman: what is signed runs, and nothing else" "0 126 126 126" "$(in_podman sh -c \
	'for program in signed unsigned changed foreign; do /bin/$program 2>/dev/null; echo $?; done' 2>podman.said | paste -sd' ')"
check "podman: a container whose program is not signed does not start" eval '! in_podman unsigned 2>>podman.said'
daemon_stop
same "SIGTERM ends the daemon in order, and no pin is left" "0 0" "$? $(enforced_pins)"
