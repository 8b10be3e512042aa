/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An O_PATH descriptor is no ticket for f*xattr(2). The way around is /proc/self/fd/N, which leads to
 * the inode itself, a symbolic link too, and through the mount on which it was found. There is no path
 * to it, for the supervisor has no root directory to speak of: the *xattrat calls take N relative to a
 * descriptor of /proc/self/fd, and where they are missing that is the working directory.
 */
#include "exec/attribute_call.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/syscalls.h"
#include "decimal.h"

int attribute_open_directory(int procfs, int *ret_directory)
{
	_cleanup_fd_ int directory = openat(procfs, "self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (directory < 0)
		return -errno;
	if (xattrat_is_there())
		*ret_directory = TAKE_FD(directory);
	else if (fchdir(directory) == 0)
		*ret_directory = -1;
	else
		return -errno;
	return 0;
}

static long call_on_descriptor(const struct attribute_call *call)
{
	switch (call->operation) {
	case OPERATION_SET:
		return fsetxattr(call->fd, call->name, call->value, call->size, call->flags);
	case OPERATION_GET:
		return fgetxattr(call->fd, call->name, call->buffer, call->size);
	case OPERATION_LIST:
		return flistxattr(call->fd, call->buffer, call->size);
	case OPERATION_REMOVE:
	default:
		return fremovexattr(call->fd, call->name);
	}
}

static long call_on_path(const struct attribute_call *call, const char *path)
{
	switch (call->operation) {
	case OPERATION_SET:
		return setxattr(path, call->name, call->value, call->size, call->flags);
	case OPERATION_GET:
		return getxattr(path, call->name, call->buffer, call->size);
	case OPERATION_LIST:
		return listxattr(path, call->buffer, call->size);
	case OPERATION_REMOVE:
	default:
		return removexattr(path, call->name);
	}
}

static long call_in_directory(const struct attribute_call *call, int directory, const char *path)
{
	const bool is_set = call->operation == OPERATION_SET;
	const struct args_at args = {
		.value = is_set ? (uintptr_t)call->value : (uintptr_t)call->buffer,
		.size = (uint32_t)call->size,
		.flags = is_set ? (uint32_t)call->flags : 0,
	};

	switch (call->operation) {
	case OPERATION_SET:
		return syscall(SYS_setxattrat, directory, path, 0, call->name, &args, sizeof(args));
	case OPERATION_GET:
		return syscall(SYS_getxattrat, directory, path, 0, call->name, &args, sizeof(args));
	case OPERATION_LIST:
		return syscall(SYS_listxattrat, directory, path, 0, call->buffer, call->size);
	case OPERATION_REMOVE:
	default:
		return syscall(SYS_removexattrat, directory, path, 0, call->name);
	}
}

ssize_t attribute_call_make(const struct attribute_call *call, int directory)
{
	char path[DECIMAL_DIGITS + 1];
	long r;

	if (!call->is_opened)
		path[decimal_write((uint32_t)call->fd, path)] = '\0';
	if (call->is_opened)
		r = call_on_descriptor(call);
	else if (directory < 0)
		r = call_on_path(call, path);
	else
		r = call_in_directory(call, directory, path);
	return r < 0 ? -errno : r;
}

ssize_t attribute_list_at(int directory, const char *name, char *list, size_t size)
{
	long r = syscall(SYS_listxattrat, directory, name, AT_SYMLINK_NOFOLLOW, list, size);

	return r < 0 ? -errno : r;
}
