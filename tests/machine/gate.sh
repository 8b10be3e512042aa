# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# The gate (supervisor/integrity/gate.bpf.c), by itself: gate-driver is its judge, and tries to execute without a verdict.
# Debian's kernels have bpf among their modules.
#
# kernels: 6.1 6.12
# arguments: emulated=in-turns

. tests/lib/case.sh
. tests/lib/scene.sh
# shellcheck source=tests/lib/gate.sh
. tests/lib/gate.sh
needs gcc setpriv setfattr mkfs.ext4
scene_make

gate_begin ext4 tmpfs || exit 0
together gate-driver "try" ext4 tmpfs

# ---- who may change security.* ----

touch file && chown 1000:1000 file
kernel_checks || echo "# without a gate, this kernel does not check who changes security.*"
mkfifo begun over
"$drivers/gate-driver" hold sh -c ': >begun; : <over' &
: <begun
fails "with a gate, a plain user sets no security.*" "Operation not permitted" \
	"${as_user[@]}" setfattr -n security.demo -v x file
check "but user.*" "${as_user[@]}" setfattr -n user.demo -v x file
check "root of the host sets it" setfattr -n security.demo -v x file
fails "a plain user does not remove it" "Operation not permitted" \
	"${as_user[@]}" setfattr -x security.demo file
check "root of the host removes it" setfattr -x security.demo file
check "root of a namespace sets it on a tmpfs of its own" "${as_user[@]}" unshare -rm sh -c \
	'mount -t tmpfs tmpfs /mnt && touch /mnt/file && setfattr -n security.demo -v x /mnt/file'
fails "but not on a file of the host" "Operation not permitted" \
	"${as_user[@]}" unshare -rm setfattr -n security.demo -v x file
: >over
wait $!
