# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# A kernel that runs programs of x32, as Debian's does when it is told to: their calls come to the supervisor as those of
# all others do, and they have no io_uring either.
#
# kernels: 6.1 6.12
# arguments: syscall.x32=y

. tests/lib/case.sh
. tests/lib/scene.sh
# shellcheck source=tests/lib/any_client.sh
. tests/lib/any_client.sh
needs cc setfattr getfattr perl python3
scene_make

# error() - NUMBER [PREFIX…]: how a call of x32 with nonsense for arguments ends
error() {
	local number=$1
	shift
	"$@" perl -MErrno -e '
		syscall(0x40000000 | $ARGV[0], 1, -1) < 0 or print "done";
		print grep { $!{$_} } keys %!;' "$number"
}

same "the kernel has the calls of x32" EFAULT "$(error 425)"
same "inside there is no io_uring of x32" ENOSYS "$(error 425 inside)"
another_client "of x32" -mx32
check "it is executed" bin/client set clients_of_x32/host_side/file user.seen x
another_client "static and of x32" -mx32 -static
