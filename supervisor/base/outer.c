/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first namespace of the system has a fixed inode number (USER_NS_INIT_INO in linux/nsfs.h, since Linux 3.8
 * PROC_USER_INIT_INO). Its map says nothing: a namespace can have one that looks the same.
 *
 * That an id of ours is 0 in the namespace around does not make it root of the host, for that namespace can lie
 * in another one. But the root directory of any procfs belongs to root of the host, and stat(2) shows its owner
 * in our numbers.
 */
#include "base/outer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/proc.h"

#define FIRST_USERNS_INODE 0xEFFFFFFDU

#define OVERFLOW_ID 65534 /* DEFAULT_OVERFLOWUID of the kernel */

/* Three numbers of ten digits in columns of eleven, a line. */
#define MAP_TEXT_SIZE (ID_MAP_EXTENTS_MAX * 36)

int outer_read_may_set_groups(int process, bool *ret_may)
{
	char text[8];
	ssize_t length = proc_read(process, "setgroups", text, sizeof(text));

	if (length < 0)
		return (int)length;
	*ret_may = strcmp(text, "allow\n") == 0;
	return 0;
}

static int read_map(int process, const char *name, struct id_map *ret_map)
{
	char text[MAP_TEXT_SIZE];
	ssize_t length = proc_read(process, name, text, sizeof(text));

	return length < 0 ? (int)length : id_map_parse(text, (size_t)length, ret_map);
}

static void find_host_root(int procfs, struct outer *outer)
{
	struct stat stat;
	uint32_t uid;

	outer->has_host_root = id_map_to_inside(&outer->uids, 0, &uid) &&
			       fstat(procfs, &stat) == 0 && stat.st_uid == uid;
	if (outer->has_host_root)
		outer->host_root = uid;
}

/* Where it is not told it is what it is unless an administrator has changed it. */
static uint32_t read_overflow_id(int procfs, const char *path)
{
	char text[16];

	return proc_read(procfs, path, text, sizeof(text)) > 0 ? (uint32_t)strtoul(text, NULL, 10) :
								 OVERFLOW_ID;
}

int outer_read(int procfs, struct outer *ret_outer)
{
	_cleanup_fd_ int self = openat(procfs, "self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct outer outer = { 0 };
	struct stat userns;

	if (self < 0 || fstatat(self, "ns/user", &userns, 0) < 0)
		return -errno;
	int r = read_map(self, "uid_map", &outer.uids);

	if (r == 0)
		r = read_map(self, "gid_map", &outer.gids);
	if (r == 0)
		r = outer_read_may_set_groups(self, &outer.may_set_groups);
	if (r < 0)
		return r;
	outer.overflow_uid = read_overflow_id(procfs, "sys/kernel/overflowuid");
	outer.overflow_gid = read_overflow_id(procfs, "sys/kernel/overflowgid");
	outer.is_host = userns.st_ino == FIRST_USERNS_INODE;
	find_host_root(procfs, &outer);
	*ret_outer = outer;
	return 0;
}
