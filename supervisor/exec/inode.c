/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/inode.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/proc.h"
#include "exec/attribute_call.h"
#include "exec/effect.h"
#include "exec/standin.h"
#include "file_capability.h"
#include "policy.h"

/* A name that is nowhere, for nothing of ours makes such ones. */
#define PROBE_NAME "security.nsxattr@"

/*
 * The last check before privilege is used: the name of a namespace's value, in whichever store. Those of
 * the host's root are plain, so that the number 0 is that of a root which has it by an idmapped mount.
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

/* Ids that are used again are of no use. */
uint64_t inode_mount_in(const struct statx *stat)
{
	return stat->stx_mask & STATX_MNT_ID_UNIQUE ? stat->stx_mnt_id : 0;
}

bool inode_is_namespaces(const struct pinned *inode, struct standin *root)
{
	const struct performer performer = { .inode = inode, .standin = root };
	struct attribute_call call = { OPERATION_REMOVE, .name = PROBE_NAME };
	ssize_t r = performer_call(&performer, &call);

	/* A FUSE server has its own opinion of such a name. */
	return r == -ENODATA || r == -EOPNOTSUPP || r == -EINVAL;
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

void inode_show_path(const struct performer *performer, char *text, size_t size)
{
	int directory = performer->directory < 0 ? AT_FDCWD : performer->directory;
	char path[sizeof("2147483647")];

	snprintf(path, sizeof(path), "%d", performer->inode->fd);
	ssize_t length = readlinkat(directory, path, text, size - 1);

	if (length < 0)
		snprintf(text, size, "a file");
	else
		text[length] = '\0';
}

bool inode_is_unusable(const struct pinned *inode)
{
	int flags = inode->is_opened ? fcntl(inode->fd, F_GETFL) : 0;

	return flags >= 0 && (flags & O_PATH);
}

/* What refuses to tell us tells the performer. Return: the inode's mode; 0: it cannot be told. */
static mode_t mode_of(const struct performer *performer)
{
	int fd = performer->inode->fd;
	struct statx stat;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_TYPE, &stat) == 0)
		return stat.stx_mode;
	if (errno != EACCES || !performer->standin ||
	    standin_stat(performer->standin, fd, &stat) != 0)
		return 0;
	return stat.stx_mode;
}

bool inode_holds_user_attributes(const struct performer *performer)
{
	mode_t mode = mode_of(performer);

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

static int change(const struct performer *performer, struct attribute_call *call)
{
	/* A file system that is asked for a contradiction may do either. */
	bool is_contradiction = call->flags == (XATTR_CREATE | XATTR_REPLACE);

	effect_begin(performer, call);
	int r = is_contradiction ? performer_note(performer, -EINVAL, REASON_ARGUMENT) :
				   (int)performer_call(performer, call);

	/* What a deputy has made of it that was given up is not known yet: until then it is refused. */
	return effect_end(performer->effect, r) ? r : -EPERM;
}

/* It is not made: our own mistake would be one. */
static int refuse(const struct performer *performer)
{
	return performer_note(performer, -EPERM, REASON_FAILURE);
}

static int set(const struct performer *performer, const char *name, const void *value, size_t size,
	       int flags)
{
	struct attribute_call call = {
		OPERATION_SET, .name = name, .value = value, .size = size, .flags = flags,
	};

	return change(performer, &call);
}

static int remove_attribute(const struct performer *performer, const char *name)
{
	struct attribute_call call = { OPERATION_REMOVE, .name = name };

	return change(performer, &call);
}

int inode_set(const struct performer *performer, const char *name, const void *value, size_t size,
	      int flags)
{
	return may_be_changed(name) ? set(performer, name, value, size, flags) : refuse(performer);
}

int inode_remove(const struct performer *performer, const char *name)
{
	return may_be_changed(name) ? remove_attribute(performer, name) : refuse(performer);
}

/* A name that nothing of ours makes. */
static bool is_never_stored(const char *name)
{
	size_t length = strnlen(name, NAME_SIZE);

	return name_is_class(name, length) ||
	       (length > 0 && name_split(name, length).base_length == length - 1);
}

int inode_remove_absent(const struct performer *performer, const char *name)
{
	struct attribute_call call = { OPERATION_REMOVE, .name = name };
	ssize_t length = performer_get(performer, name, NULL, 0);
	bool is_absent = length == -ENODATA || length == -EINVAL || length == -EOPNOTSUPP;

	if (!is_never_stored(name))
		return refuse(performer);
	if (!is_absent)
		return length < 0 ? (int)length : 0;
	ssize_t r = performer_call(performer, &call);

	return r == -ENODATA ? 0 : (int)r;
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

int inode_set_host(const struct performer *performer, const struct rule *rule, const char *name,
		   const void *value, size_t size, int flags)
{
	return is_lent(rule, name, value, size) ? set(performer, name, value, size, flags) :
						  performer_note(performer, -EPERM, REASON_VALUES);
}

int inode_remove_host(const struct performer *performer, const struct rule *rule, const char *name)
{
	char value[HOST_VALUE_MAX];
	ssize_t length = performer_get(performer, name, value, sizeof(value));

	if (length < 0 && length != -ERANGE)
		return (int)length;
	return length >= 0 && is_lent(rule, name, value, (size_t)length) ?
		       remove_attribute(performer, name) :
		       performer_note(performer, -EPERM, REASON_VALUES);
}

/* Return: whose it is; else -errno. */
static int get_root(const struct performer *performer, uint8_t value[FILE_CAPABILITY_SIZE],
		    ssize_t *ret_length, uint32_t *ret_root, bool *ret_is_plain)
{
	*ret_length = performer_get(performer, FILE_CAPABILITY_NAME, value, FILE_CAPABILITY_SIZE);
	if (*ret_length < 0)
		return (int)*ret_length;
	*ret_is_plain = !file_capability_root(value, (size_t)*ret_length, ret_root);
	return 0;
}

/* What it may do on a file of a container's is the container's choice. */
static bool is_hosts_root(uint32_t root)
{
	return root == 0;
}

int inode_give_capability(const struct performer *performer, uint32_t from, bool is_plain,
			  uint32_t to)
{
	uint8_t value[FILE_CAPABILITY_SIZE];
	ssize_t length;
	uint32_t root = 0;
	bool has_no_root;
	int r = get_root(performer, value, &length, &root, &has_no_root);

	if (r < 0)
		return r;
	if (has_no_root != is_plain || (!is_plain && root != from))
		return -ENODATA;
	if (is_hosts_root(to) || !file_capability_give(value, (size_t)length, to, value))
		return -EINVAL;
	return set(performer, FILE_CAPABILITY_NAME, value, sizeof(value), XATTR_REPLACE);
}

int inode_set_capability(const struct performer *performer, const void *value, size_t size,
			 int flags)
{
	uint32_t root;

	return file_capability_root(value, size, &root) && !is_hosts_root(root) ?
		       set(performer, FILE_CAPABILITY_NAME, value, size, flags) :
		       -EINVAL;
}

int inode_remove_capability(const struct performer *performer, uint32_t root)
{
	uint8_t value[FILE_CAPABILITY_SIZE];
	ssize_t length;
	uint32_t found = 0;
	bool has_no_root;
	int r = get_root(performer, value, &length, &found, &has_no_root);

	if (r < 0)
		return r;
	return has_no_root || found != root ? -ENODATA :
					      remove_attribute(performer, FILE_CAPABILITY_NAME);
}

static bool is_stored_of(const char *name, const char *stored)
{
	size_t length = strnlen(stored, NAME_SIZE);
	struct stored_name parts;

	for (enum store store = 0; length < NAME_SIZE && store < STORE_COUNT; store++)
		if (name_split_stored(store, stored, length, &parts))
			return strlen(name) == parts.base_length &&
			       memcmp(name, parts.base, parts.base_length) == 0;
	return false;
}

int inode_remove_copied(const struct performer *performer, const char *name, const char *stored)
{
	_cleanup_free_ char *values = malloc(2 * (size_t)XATTR_SIZE_MAX);

	if (!values)
		return -ENOMEM;
	if (!is_stored_of(name, stored))
		return -EPERM;
	ssize_t length = performer_get(performer, name, values, XATTR_SIZE_MAX);
	ssize_t other = performer_get(performer, stored, values + XATTR_SIZE_MAX, XATTR_SIZE_MAX);

	if (length < 0 || other < 0)
		return (int)(length < 0 ? length : other);
	if (length != other || memcmp(values, values + XATTR_SIZE_MAX, (size_t)length) != 0)
		return -EPERM;
	return remove_attribute(performer, name);
}

int inode_find_objection(const struct performer *performer)
{
	return inode_remove_absent(performer, PROBE_NAME);
}

/* statfs(2) would tell, but is not to be asked of FUSE (base/proc.c). */
bool inode_is_readonly(const struct performer *performer)
{
	return inode_find_objection(performer) == -EROFS;
}
