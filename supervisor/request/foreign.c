/* SPDX-License-Identifier: Apache-2.0 */
#include "request/foreign.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#ifndef FUSE_SUPER_MAGIC /* linux/magic.h has it since Linux 6.1 */
#define FUSE_SUPER_MAGIC 0x65735546
#endif

/* Where FUSE refuses us, the kernel itself answers fstatfs(2). */
static bool is_fuse(int fd)
{
	struct statfs statfs;

	return fstatfs(fd, &statfs) == 0 && statfs.f_type == FUSE_SUPER_MAGIC;
}

bool foreign_is(int fd)
{
	struct statx stat;

	return statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE, &stat) < 0 &&
	       errno == EACCES && is_fuse(fd);
}

/* EACCES of statx(2) and listxattr(2); EOVERFLOW where our fsuid has no number in the mounter's namespace. */
bool foreign_has_refused(int fd, int error)
{
	return (error == EACCES || error == EOVERFLOW) && is_fuse(fd);
}
