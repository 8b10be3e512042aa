# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What a kernel lacks is said at the start, by nsxattr run -v and in nsxattrd's log, and by nsxattr status: each of what
# Debian's kernels lack, and nothing that they have.

# shellcheck source=tests/lib/runtimes.sh
. tests/lib/runtimes.sh
. tests/lib/case.sh
# shellcheck source=tests/lib/scene.sh
. tests/lib/scene.sh
scene_make
runtimes_make

# is_said() - WANTED TEXT: by all three, or by none (no)
is_said() {
	local place
	for place in run.said daemon.log status.said; do
		same "$place: $2" "$1" "$(grep -qF -e "$2" $place && echo yes || echo no)"
	done
}

# before() - VERSION: yes where the kernel is older
before() {
	is_linux "$1" && echo no || echo yes
}

"$NSXATTR" run -v --map-users=0:100000:65536 --map-groups=0:100000:65536 -- true 2>run.said
mkdir policies
daemon_start || not_ok "nsxattrd starts" "$(<daemon.log)"
"$NSXATTR" status >status.said

is_said yes "this kernel does not tell the id maps of mounts, Linux 6.18 does"
is_said "$(before 6.12)" "by its version this kernel may restart a call that was answered"
is_said yes "fs-verity protects what a file contains, and no attributes"
is_said "$(before 6.10)" "this kernel lets every user set and remove security.* attributes"
is_said no "the kernel cannot be probed"
is_said no "io_uring is forbidden"
"${as_user[@]}" "$NSXATTR" run -v -- true 2>users.said
check "a plain user's supervisor has no probe, and says so" grep -q "the kernel cannot be probed, for bpf(2) is refused" users.said
daemon_stop
