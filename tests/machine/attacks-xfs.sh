# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Attacks on 'mode: enforce' on xfs: see tests/lib/attacks.sh.
#
# kernels: 6.1 6.12
# arguments: emulated=in-turns

. tests/lib/case.sh
. tests/lib/attacks.sh
needs mkfs.xfs
scene_make
enforcement_begin || exit 0
truncate -s 400M image && mkfs.xfs -q image && mount -o loop image in && own in
attacks_run
