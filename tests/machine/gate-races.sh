# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# The gate while files change, on three file systems (gate-race-driver); its numbers where many have been given; and what it
# costs, on a machine that may be emulated.
#
# kernels: 6.1 6.12
# arguments: emulated=in-turns

. tests/lib/case.sh
. tests/lib/scene.sh
# shellcheck source=tests/lib/gate.sh
. tests/lib/gate.sh
needs gcc mkfs.ext4
scene_make

gate_begin ext4 tmpfs overlay/merged || exit 0
on ext4 gate-driver numbers
on ext4 gate-race-driver race
on tmpfs gate-race-driver race
on overlay/merged gate-race-driver race
on ext4 gate-race-driver cost
