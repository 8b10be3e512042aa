# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What tests share that run beside the host's own IMA.

# is_told() - WORD: is it an argument of the kernel?
is_told() {
	grep -qw -e "$1" /proc/cmdline
}

# host_labels() - where the kernel is told to (ima_appraise=fix): all files of root have a label
host_labels() {
	find / "$REPOSITORY" -xdev -type f -uid 0 -print0 | xargs -0 -n 500 head -qc 1 >/dev/null 2>&1
}
