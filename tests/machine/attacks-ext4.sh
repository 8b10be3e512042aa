# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Attacks on 'mode: enforce' on ext4: see tests/lib/attacks.sh.
#
# kernels: 6.1 6.12
# arguments: emulated=in-turns

. tests/lib/case.sh
. tests/lib/attacks.sh
needs mkfs.ext4
scene_make
enforcement_begin || exit 0
truncate -s 100M image && mkfs.ext4 -q image && mount -o loop image in && own in
attacks_run
