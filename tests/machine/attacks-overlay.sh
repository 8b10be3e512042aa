# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Attacks on 'mode: enforce' on an overlay of the host's: see tests/lib/attacks.sh.
#
# kernels: 6.1 6.12
# arguments: emulated=in-turns

. tests/lib/case.sh
. tests/lib/attacks.sh
scene_make
enforcement_begin || exit 0
mkdir lower upper work
mount -t overlay -o lowerdir=lower,upperdir=upper,workdir=work overlay in && own in
attacks_run
