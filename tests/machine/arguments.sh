# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Does a machine have what a test in this folder asks for?
#
# arguments: lsm=landlock,yama,apparmor
# arguments: lsm=capability

. tests/lib/case.sh
. tests/lib/scene.sh
scene_make

wanted=$(sed -n 's/^# arguments: //p' "$REPOSITORY/tests/machine/arguments.sh")
given=$(tr ' ' '\n' </proc/cmdline | grep -Fx -e "$wanted")

# modules() - LIST: its security modules, but for those that Debian's kernels always have: from Linux 6.8 on IMA and EVM, too
modules() {
	tr , '\n' <<<"$1" | grep -vxE 'capability|lockdown|ima|evm'
}

check "the kernel is $MACHINE" grep -q "^$MACHINE\." /proc/sys/kernel/osrelease
check "it was started with one of the arguments" [ "$(wc -w <<<"$given")" = 1 ]
check "which has come into effect" [ "$(modules "$(cat /sys/kernel/security/lsm)")" = "$(modules "${given#lsm=}")" ]
check "the kernel checks who changes security.*, without bpf among them" kernel_checks
same "and nothing is said of it" 0 "$("$NSXATTR" run -v -- true 2>&1 | grep -c "lets every user")"
