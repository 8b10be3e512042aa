# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What the kernel has of that which nsxattr uses, or answers for: each feature is there from the version on that the
# documents name. tests/lib/machine-table makes a table of the answers.

. tests/lib/case.sh

# is_since() - VERSION: is this kernel of that version, or younger? never: no kernel of Debian's has it.
is_since() {
	[ "$1" != never ] && [ "$(printf '%s\n' "$1" "$MACHINE" | sort -V | head -n 1)" = "$1" ]
}

answers=$(python3 tests/machine/features.py)
sed 's/^/# feature: /' <<<"$answers"

while IFS=$'\t' read -r name since; do
	expected=no
	! is_since "$since" || expected=yes
	check "$name: $expected" grep -qFx -e "$name	$expected" <<<"$answers"
done <<'END'
personalities of io_uring	5.6
`PR_SET_MDWE`	6.3
`F_SEAL_EXEC`	6.3
`SO_PEERPIDFD`, `SO_PASSPIDFD`	6.5
`kernel.io_uring_disabled`	6.6
`SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP`	6.6
`PIDFD_THREAD`	6.9
a check of `security.*`, with `bpf` active	6.10
`PIDFD_GET_INFO`	6.13
`setxattrat` and its sisters	6.13
a probe	6.1
programs of 32 bits	6.1
programs of x32	never
fs-verity	6.1
Smack	never
TOMOYO	6.1
END
