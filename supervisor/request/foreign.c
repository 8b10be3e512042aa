/* SPDX-License-Identifier: Apache-2.0 */
#include "request/foreign.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#ifndef AT_HANDLE_FID /* Linux 6.5: for a file system, too, that cannot find an inode by it */
#define AT_HANDLE_FID 0x200
#endif
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

union handle {
	struct file_handle handle;
	char bytes[sizeof(struct file_handle) + MAX_HANDLE_SZ];
};

static int read_handle(int fd, union handle *ret_handle)
{
	struct file_handle *handle = &ret_handle->handle;
	int mount;

	memset(ret_handle, 0, sizeof(*ret_handle));
	handle->handle_bytes = MAX_HANDLE_SZ;
	if (name_to_handle_at(fd, "", handle, &mount, AT_EMPTY_PATH | AT_HANDLE_FID) == 0 ||
	    (errno == EINVAL && name_to_handle_at(fd, "", handle, &mount, AT_EMPTY_PATH) == 0))
		return 0;
	return -errno;
}

static bool is_equal(const struct file_handle *left, const struct file_handle *right)
{
	return left->handle_type == right->handle_type &&
	       left->handle_bytes == right->handle_bytes &&
	       memcmp(left->f_handle, right->f_handle, left->handle_bytes) == 0;
}

int foreign_compare(int left, int right, bool *ret_is_same)
{
	union handle handles[2];
	int r = read_handle(left, &handles[0]);

	*ret_is_same = false;
	if (r == 0)
		r = read_handle(right, &handles[1]);
	if (r == 0)
		*ret_is_same = is_equal(&handles[0].handle, &handles[1].handle);
	return r;
}
