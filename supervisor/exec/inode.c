/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An O_PATH descriptor is no ticket for f*xattr(2). The way around is /proc/self/fd/N, which leads to
 * the inode itself, a symbolic link too, and through the mount on which it was found. The path search
 * from the root is saved where the *xattrat calls are: they take N relative to /proc/self/fd.
 */
#include "exec/inode.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#ifndef SYS_setxattrat /* Linux 6.13; one number on every ABI */
#define SYS_setxattrat 463
#define SYS_getxattrat 464
#define SYS_listxattrat 465
#define SYS_removexattrat 466
#endif

/* struct xattr_args of the kernel. */
struct args_at {
	uint64_t value;
	uint32_t size;
	uint32_t flags;
};

/* Room for "/proc/self/fd/2147483647". */
#define FD_PATH_SIZE 32

/* The path of a descriptor: N below inode->directory, or absolute. */
static const char *fd_path(const struct pinned *inode, char path[FD_PATH_SIZE])
{
	snprintf(path, FD_PATH_SIZE, inode->directory >= 0 ? "%d" : "/proc/self/fd/%d", inode->fd);
	return path;
}

/* The last check before privilege is used: never a plain name, never the host's root. */
static bool may_be_changed(const char *name)
{
	size_t length = strnlen(name, NAME_SIZE);
	struct name_parts parts = name_split(name, length);

	return length < NAME_SIZE && parts.form == NAME_VARIANT && parts.uid > 0;
}

int inode_open_directory(void)
{
	if (syscall(SYS_removexattrat, -1, "", 0, "") < 0 && errno == ENOSYS)
		return -1;
	return open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

int inode_owner(const struct pinned *inode, struct object *ret_object)
{
	struct stat stat;

	if (fstat(inode->fd, &stat) < 0)
		return -errno;
	*ret_object = (struct object){ .uid = stat.st_uid, .gid = stat.st_gid };
	return 0;
}

bool inode_is_readonly(const struct pinned *inode)
{
	struct statvfs statvfs;

	return fstatvfs(inode->fd, &statvfs) == 0 && (statvfs.f_flag & ST_RDONLY);
}

ssize_t inode_get(const struct pinned *inode, const char *name, void *value, size_t size)
{
	struct args_at args = { .value = (uintptr_t)value, .size = (uint32_t)size };
	char path[FD_PATH_SIZE];
	ssize_t length;

	if (inode->is_opened)
		length = fgetxattr(inode->fd, name, value, size);
	else if (inode->directory < 0)
		length = getxattr(fd_path(inode, path), name, value, size);
	else
		length = syscall(SYS_getxattrat, inode->directory, fd_path(inode, path), 0, name,
				 &args, sizeof(args));
	return length < 0 ? -errno : length;
}

int inode_set(const struct pinned *inode, const char *name, const void *value, size_t size,
	      int flags)
{
	struct args_at args = { (uintptr_t)value, (uint32_t)size, (uint32_t)flags };
	char path[FD_PATH_SIZE];
	long r;

	if (!may_be_changed(name))
		return -EPERM;
	if (inode->is_opened)
		r = fsetxattr(inode->fd, name, value, size, flags);
	else if (inode->directory < 0)
		r = setxattr(fd_path(inode, path), name, value, size, flags);
	else
		r = syscall(SYS_setxattrat, inode->directory, fd_path(inode, path), 0, name, &args,
			    sizeof(args));
	return r < 0 ? -errno : 0;
}

int inode_remove(const struct pinned *inode, const char *name)
{
	char path[FD_PATH_SIZE];
	long r;

	if (!may_be_changed(name))
		return -EPERM;
	if (inode->is_opened)
		r = fremovexattr(inode->fd, name);
	else if (inode->directory < 0)
		r = removexattr(fd_path(inode, path), name);
	else
		r = syscall(SYS_removexattrat, inode->directory, fd_path(inode, path), 0, name);
	return r < 0 ? -errno : 0;
}

ssize_t inode_list(const struct pinned *inode, char *list, size_t size)
{
	char path[FD_PATH_SIZE];
	ssize_t length;

	if (inode->is_opened)
		length = flistxattr(inode->fd, list, size);
	else if (inode->directory < 0)
		length = listxattr(fd_path(inode, path), list, size);
	else
		length = syscall(SYS_listxattrat, inode->directory, fd_path(inode, path), 0, list,
				 size);
	return length < 0 ? -errno : length;
}
