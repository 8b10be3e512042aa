/* SPDX-License-Identifier: Apache-2.0 */
#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"

#define ST_NOSYMFOLLOW_BIT 0x2000 /* Linux 5.10 */
#define ROOT_INODE 1 /* PROC_ROOT_INO of the kernel */
#define PROC_BLOCK_SIZE 1024 /* of proc_fill_super() of the kernel */

/* A /proc of another pid namespace would show us other processes under the targets' numbers. */
static int check_is_ours(int proc)
{
	char link[16], self[16];
	ssize_t length = readlinkat(proc, "self", link, sizeof(link) - 1);

	if (length < 0)
		return -errno;
	link[length] = '\0';
	snprintf(self, sizeof(self), "%d", getpid());
	return proc_is_root(proc) && strcmp(link, self) == 0 ? 0 : -EXDEV;
}

/* A filter of seccomp cannot look into what openat2(2) is told, so some refuse it altogether. */
static int check_is_usable(int proc)
{
	_cleanup_fd_ int version = proc_open_within(proc, "version", O_PATH);

	return version < 0 ? version : 0;
}

int proc_open(void)
{
	_cleanup_fd_ int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (proc < 0)
		return -errno;
	int r = check_is_ours(proc);

	if (r == 0)
		r = check_is_usable(proc);
	return r < 0 ? r : TAKE_FD(proc);
}

/*
 * statfs(2) is a question to the server of a FUSE or network file system, and some answer it by following
 * a symbolic link into their own mount. So it is asked only of what looks like a procfs: without a device,
 * in blocks of 1 KiB.
 */
static bool may_be_on(const struct statx *stat)
{
	return stat->stx_dev_major == 0 && stat->stx_blksize == PROC_BLOCK_SIZE;
}

bool proc_is_on(int fd, struct statx *ret_stat)
{
	const unsigned int mask = STATX_TYPE | STATX_MNT_ID_UNIQUE;
	struct statfs statfs;
	struct statx stat = { .stx_mask = 0 };
	int r = statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, mask, &stat);

	if (ret_stat)
		*ret_stat = stat;
	return (r < 0 || may_be_on(&stat)) && fstatfs(fd, &statfs) == 0 &&
	       statfs.f_type == PROC_SUPER_MAGIC;
}

bool proc_forbids_links(int fd)
{
	struct statfs statfs;

	return fstatfs(fd, &statfs) == 0 && (statfs.f_flags & ST_NOSYMFOLLOW_BIT);
}

bool proc_is_root(int fd)
{
	struct stat stat;

	return proc_is_on(fd, NULL) && fstat(fd, &stat) == 0 && stat.st_ino == ROOT_INODE;
}

int proc_open_within(int directory, const char *path, uint64_t flags)
{
	struct open_how how = {
		.flags = flags | O_CLOEXEC,
		.resolve = RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS |
			   RESOLVE_BENEATH,
	};
	long fd = syscall(SYS_openat2, directory, path, &how, sizeof(how));

	return fd < 0 ? -errno : (int)fd;
}

int proc_open_parent(int directory)
{
	struct open_how how = {
		.flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
		.resolve = RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS,
	};
	long fd = syscall(SYS_openat2, directory, "..", &how, sizeof(how));

	return fd < 0 ? -errno : (int)fd;
}

static ssize_t read_to_end(int fd, char *buffer, size_t size)
{
	size_t length = 0;
	ssize_t piece;

	while ((piece = read(fd, buffer + length, size - 1 - length)) > 0)
		length += (size_t)piece;
	if (piece < 0)
		return -errno;
	buffer[length] = '\0';
	return (ssize_t)length;
}

ssize_t proc_read(int directory, const char *path, char *buffer, size_t size)
{
	_cleanup_fd_ int fd = proc_open_within(directory, path, O_RDONLY);

	return fd < 0 ? fd : read_to_end(fd, buffer, size);
}
