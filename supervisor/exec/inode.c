/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An O_PATH descriptor is no ticket for f*xattr(2). The way around is /proc/self/fd/N, which leads to
 * the inode itself, a symbolic link too, and through the mount on which it was found.
 */
#include "exec/inode.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>

/* Room for "/proc/self/fd/2147483647". */
#define FD_PATH_SIZE 32

static const char *fd_path(const struct pinned *inode, char path[FD_PATH_SIZE])
{
	snprintf(path, FD_PATH_SIZE, "/proc/self/fd/%d", inode->fd);
	return path;
}

/* The last check before privilege is used: never a plain name, never the host's root. */
static bool may_be_changed(const char *name)
{
	size_t length = strnlen(name, NAME_SIZE);
	struct name_parts parts = name_split(name, length);

	return length < NAME_SIZE && parts.form == NAME_VARIANT && parts.uid > 0;
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
	char path[FD_PATH_SIZE];
	ssize_t length = inode->is_opened ? fgetxattr(inode->fd, name, value, size) :
					    getxattr(fd_path(inode, path), name, value, size);

	return length < 0 ? -errno : length;
}

int inode_set(const struct pinned *inode, const char *name, const void *value, size_t size,
	      int flags)
{
	char path[FD_PATH_SIZE];

	if (!may_be_changed(name))
		return -EPERM;
	int r = inode->is_opened ? fsetxattr(inode->fd, name, value, size, flags) :
				   setxattr(fd_path(inode, path), name, value, size, flags);

	return r < 0 ? -errno : 0;
}

int inode_remove(const struct pinned *inode, const char *name)
{
	char path[FD_PATH_SIZE];

	if (!may_be_changed(name))
		return -EPERM;
	int r = inode->is_opened ? fremovexattr(inode->fd, name) :
				   removexattr(fd_path(inode, path), name);

	return r < 0 ? -errno : 0;
}

ssize_t inode_list(const struct pinned *inode, char *list, size_t size)
{
	char path[FD_PATH_SIZE];
	ssize_t length = inode->is_opened ? flistxattr(inode->fd, list, size) :
					    listxattr(fd_path(inode, path), list, size);

	return length < 0 ? -errno : length;
}
