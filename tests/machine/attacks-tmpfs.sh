# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Attacks on 'mode: enforce' on tmpfs: see tests/lib/attacks.sh.
#
# kernels: 6.1 6.12
# arguments: emulated=in-turns

. tests/lib/case.sh
. tests/lib/attacks.sh
scene_make
enforcement_begin || exit 0
mount -t tmpfs tmpfs in && own in
attacks_run
