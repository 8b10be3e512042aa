# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Where bpf is not among the kernel's security modules, a command with mode enforce does not start, and its user is told
# what to start the kernel with. What only logs runs.
#
# arguments: lsm=landlock,lockdown,yama,integrity,apparmor

. tests/lib/case.sh
. tests/lib/scene.sh
scene_make

# run_with() - MODE COMMAND…
run_with() {
	printf '%s\n' 'version: 1' 'attributes: []' "integrity: { mode: $1, rule-set: tcb }" >policy.yaml
	shift
	"$NSXATTR" run -p policy.yaml --map-users="0:$INSIDE_ROOT:$INSIDE_COUNT" \
		--map-groups="0:$INSIDE_ROOT:$INSIDE_COUNT" -- "$@"
}

check "mode log" run_with log true
fails "mode enforce" "lsm=" run_with enforce touch started
check "the command has not started" [ ! -e started ]
