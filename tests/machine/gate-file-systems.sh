# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What machine/gate tries, on XFS and on an overlay of the host's; and overlays above files that a container may execute.
#
# kernels: 6.1 6.12
# arguments: emulated=in-turns

. tests/lib/case.sh
. tests/lib/scene.sh
# shellcheck source=tests/lib/gate.sh
. tests/lib/gate.sh
needs gcc mkfs.ext4 mkfs.xfs
scene_make

gate_begin ext4 tmpfs xfs overlay/merged || exit 0
together gate-driver "try" xfs overlay/merged
# It has the kernel forget inodes, of whichever file system, and so what is noted of them.
on ext4 gate-driver overlay
on tmpfs gate-driver overlay
