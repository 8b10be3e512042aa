/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An O_PATH descriptor is no ticket for f*xattr(2). The way around is /proc/self/fd/N, which leads to
 * the inode itself, a symbolic link too, and through the mount on which it was found. There is no path
 * to it, for the supervisor has no root directory to speak of: the *xattrat calls take N relative to a
 * descriptor of /proc/self/fd, and where they are missing that is the working directory.
 */
#include "exec/inode.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/syscalls.h"
#include "exec/effect.h"
#include "exec/helper.h"
#include "exec/standin.h"
#include "policy.h"

/* struct xattr_args of the kernel. */
struct args_at {
	uint64_t value;
	uint32_t size;
	uint32_t flags;
};

/* A name that is nowhere, for nothing of ours makes such ones. */
#define PROBE_NAME "security.nsxattr@"
/* Room for "2147483647". */
#define FD_PATH_SIZE 16

/* The path of a descriptor in /proc/self/fd. */
static const char *fd_path(const struct pinned *inode, char path[FD_PATH_SIZE])
{
	snprintf(path, FD_PATH_SIZE, "%d", inode->fd);
	return path;
}

/*
 * The last check before privilege is used: the name of a namespace's value, in whichever store. Those of
 * the host's root are plain, so that the number 0 is that of a root to whom an idmapped mount gives it.
 */
static bool may_be_changed(const char *name)
{
	size_t length = strnlen(name, NAME_SIZE);
	struct stored_name parts;

	for (enum store store = 0; length < NAME_SIZE && store < STORE_COUNT; store++)
		if (name_split_stored(store, name, length, &parts))
			return true;
	return false;
}

int inode_open_directory(int procfs, int *ret_directory)
{
	int directory = openat(procfs, "self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (directory < 0)
		return -errno;
	if (!xattrat_is_there()) {
		int r = fchdir(directory) < 0 ? -errno : 0;

		close(directory);
		directory = -1;
		if (r < 0)
			return r;
	}
	*ret_directory = directory;
	return 0;
}

/* Ids that are used again are of no use. */
uint64_t inode_mount_in(const struct statx *stat)
{
	return stat->stx_mask & STATX_MNT_ID_UNIQUE ? stat->stx_mnt_id : 0;
}

bool inode_is_namespaces(const struct pinned *inode, struct standin *root)
{
	const struct attribute_call call = {
		.operation = OPERATION_REMOVE,
		.fd = inode->fd,
		.is_opened = inode->is_opened,
		.name = PROBE_NAME,
	};
	size_t length;
	int r = standin_call(root, &call, &length);

	/* A FUSE server has its own opinion of such a name. */
	return r == ENODATA || r == EOPNOTSUPP || r == EINVAL;
}

int inode_stat(const struct pinned *inode, struct inode_stat *ret_stat)
{
	struct statx stat;

	if (statx(inode->fd, "", AT_EMPTY_PATH,
		  STATX_UID | STATX_GID | STATX_INO | STATX_MNT_ID_UNIQUE, &stat) < 0)
		return -errno;
	*ret_stat = (struct inode_stat){
		.owner = { .uid = stat.stx_uid, .gid = stat.stx_gid },
		.device = makedev(stat.stx_dev_major, stat.stx_dev_minor),
		.number = stat.stx_ino,
		.mount = inode_mount_in(&stat),
	};
	return 0;
}

uint64_t inode_mount(const struct pinned *inode)
{
	struct statx stat;

	if (inode->mount != 0)
		return inode->mount;
	if (statx(inode->fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_MNT_ID_UNIQUE, &stat) <
	    0)
		return 0;
	return inode_mount_in(&stat);
}

void inode_show_path(const struct pinned *inode, char *path, size_t size)
{
	int directory = inode->directory < 0 ? AT_FDCWD : inode->directory;
	char number[FD_PATH_SIZE];
	ssize_t length = readlinkat(directory, fd_path(inode, number), path, size - 1);

	if (length < 0)
		snprintf(path, size, "a file");
	else
		path[length] = '\0';
}

bool inode_is_unusable(const struct pinned *inode)
{
	int flags = inode->is_opened ? fcntl(inode->fd, F_GETFL) : 0;

	return flags >= 0 && (flags & O_PATH);
}

/* What refuses to tell us tells the performer. Return: the inode's mode; 0: it cannot be told. */
static mode_t mode_of(const struct pinned *inode)
{
	struct statx stat;

	if (statx(inode->fd, "", AT_EMPTY_PATH, STATX_TYPE, &stat) == 0)
		return stat.stx_mode;
	if (errno != EACCES || !inode->performer ||
	    standin_stat(inode->performer, inode->fd, &stat) != 0)
		return 0;
	return stat.stx_mode;
}

bool inode_holds_user_attributes(const struct pinned *inode)
{
	mode_t mode = mode_of(inode);

	return S_ISREG(mode) || S_ISDIR(mode);
}

/*
 * A tmpfs has no device, and tells which inodes are immutable; FUSE does not, and is not to be asked
 * (base/proc.c).
 */
static bool may_be_on_tmpfs(int fd)
{
	struct statx stat;

	return statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE, &stat) == 0 &&
	       stat.stx_dev_major == 0 && (stat.stx_attributes_mask & STATX_ATTR_IMMUTABLE);
}

bool inode_lists_by_name(const struct pinned *inode)
{
	struct statfs statfs;

	return may_be_on_tmpfs(inode->fd) && fstatfs(inode->fd, &statfs) == 0 &&
	       statfs.f_type == TMPFS_MAGIC;
}

/* Through a stand-in. What fails on our side is a refusal for the target, but that a helper was given up. */
static ssize_t call_by_performer(const struct pinned *inode, struct attribute_call *call)
{
	size_t length = 0;

	call->fd = inode->fd;
	call->is_opened = inode->is_opened;
	int r = standin_call(inode->performer, call, &length);

	if (r < 0)
		log_verbose("a helper cannot make an attribute call: %s", strerror(-r));
	if (r < 0)
		return r == -ETIMEDOUT && call->performer ? r : -EPERM;
	return r > 0 ? -r : (ssize_t)length;
}

ssize_t inode_get(const struct pinned *inode, const char *name, void *value, size_t size)
{
	struct attribute_call call = { OPERATION_GET, .name = name, .buffer = value, .size = size };
	struct args_at args = { .value = (uintptr_t)value, .size = (uint32_t)size };
	char path[FD_PATH_SIZE];
	ssize_t length;

	if (inode->performer)
		return call_by_performer(inode, &call);
	if (inode->is_opened)
		length = fgetxattr(inode->fd, name, value, size);
	else if (inode->directory < 0)
		length = getxattr(fd_path(inode, path), name, value, size);
	else
		length = syscall(SYS_getxattrat, inode->directory, fd_path(inode, path), 0, name,
				 &args, sizeof(args));
	return length < 0 ? -errno : length;
}

static int make_set(const struct pinned *inode, struct attribute_call *call)
{
	struct args_at args = { (uintptr_t)call->value, (uint32_t)call->size,
				(uint32_t)call->flags };
	char path[FD_PATH_SIZE];
	long r;

	if (inode->performer)
		return (int)call_by_performer(inode, call);
	if (inode->is_opened)
		r = fsetxattr(inode->fd, call->name, call->value, call->size, call->flags);
	else if (inode->directory < 0)
		r = setxattr(fd_path(inode, path), call->name, call->value, call->size,
			     call->flags);
	else
		r = syscall(SYS_setxattrat, inode->directory, fd_path(inode, path), 0, call->name,
			    &args, sizeof(args));
	return r < 0 ? -errno : 0;
}

/* Return: what the target will see, as far as that is known yet. */
static int end_change(const struct pinned *inode, int r)
{
	return effect_end(inode, r) ? r : -EPERM;
}

static int set(const struct pinned *inode, const char *name, const void *value, size_t size,
	       int flags)
{
	struct attribute_call call = {
		OPERATION_SET, .name = name, .value = value, .size = size, .flags = flags,
	};

	effect_begin(inode, &call);
	/* A file system that is asked for a contradiction may do either. */
	int r = flags == (XATTR_CREATE | XATTR_REPLACE) ? -EINVAL : make_set(inode, &call);

	return end_change(inode, r);
}

static int make_remove(const struct pinned *inode, struct attribute_call *call)
{
	char path[FD_PATH_SIZE];
	long r;

	if (inode->performer)
		return (int)call_by_performer(inode, call);
	if (inode->is_opened)
		r = fremovexattr(inode->fd, call->name);
	else if (inode->directory < 0)
		r = removexattr(fd_path(inode, path), call->name);
	else
		r = syscall(SYS_removexattrat, inode->directory, fd_path(inode, path), 0,
			    call->name);
	return r < 0 ? -errno : 0;
}

static int remove_attribute(const struct pinned *inode, const char *name)
{
	struct attribute_call call = { OPERATION_REMOVE, .name = name };

	effect_begin(inode, &call);
	int r = make_remove(inode, &call);

	return end_change(inode, r);
}

int inode_set(const struct pinned *inode, const char *name, const void *value, size_t size,
	      int flags)
{
	return may_be_changed(name) ? set(inode, name, value, size, flags) : -EPERM;
}

int inode_remove(const struct pinned *inode, const char *name)
{
	return may_be_changed(name) ? remove_attribute(inode, name) : -EPERM;
}

/* A name that nothing of ours makes. */
static bool is_never_stored(const char *name)
{
	size_t length = strnlen(name, NAME_SIZE);

	return name_is_class(name, length) ||
	       (length > 0 && name_split(name, length).base_length == length - 1);
}

int inode_remove_absent(const struct pinned *inode, const char *name)
{
	struct attribute_call call = { OPERATION_REMOVE, .name = name };
	ssize_t length = inode_get(inode, name, NULL, 0);
	bool is_absent = length == -ENODATA || length == -EINVAL || length == -EOPNOTSUPP;

	if (!is_never_stored(name))
		return -EPERM;
	if (!is_absent)
		return length < 0 ? (int)length : 0;
	int r = make_remove(inode, &call);

	return r == -ENODATA ? 0 : r;
}

static bool is_lent(const struct rule *rule, const char *name, const void *value, size_t size)
{
	if (rule->scheme != SCHEME_HOST || strchr(name, '@') ||
	    name_is_below_store(STORE_TRUSTED, name, strnlen(name, NAME_SIZE)) ||
	    !rule_matches(rule, name, strnlen(name, NAME_SIZE)))
		return false;
	for (size_t i = 0; i < rule->value_count; i++)
		if (rule->values[i].length == size &&
		    memcmp(rule->values[i].bytes, value, size) == 0)
			return true;
	return false;
}

int inode_set_host(const struct pinned *inode, const struct rule *rule, const char *name,
		   const void *value, size_t size, int flags)
{
	return is_lent(rule, name, value, size) ? set(inode, name, value, size, flags) : -EPERM;
}

int inode_remove_host(const struct pinned *inode, const struct rule *rule, const char *name)
{
	char value[HOST_VALUE_MAX];
	ssize_t length = inode_get(inode, name, value, sizeof(value));

	if (length < 0)
		return length == -ERANGE ? -EPERM : (int)length;
	return is_lent(rule, name, value, (size_t)length) ? remove_attribute(inode, name) : -EPERM;
}

int inode_find_objection(const struct pinned *inode)
{
	return inode_remove_absent(inode, PROBE_NAME);
}

/* statfs(2) would tell, but is not to be asked of FUSE (base/proc.c). */
bool inode_is_readonly(const struct pinned *inode)
{
	return inode_find_objection(inode) == -EROFS;
}

ssize_t inode_list(const struct pinned *inode, char *list, size_t size)
{
	struct attribute_call call = { OPERATION_LIST, .buffer = list, .size = size };
	char path[FD_PATH_SIZE];
	ssize_t length;

	if (inode->performer)
		return call_by_performer(inode, &call);
	if (inode->is_opened)
		length = flistxattr(inode->fd, list, size);
	else if (inode->directory < 0)
		length = listxattr(fd_path(inode, path), list, size);
	else
		length = syscall(SYS_listxattrat, inode->directory, fd_path(inode, path), 0, list,
				 size);
	return length < 0 ? -errno : length;
}
