/* SPDX-License-Identifier: Apache-2.0 */
#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text_file.h"

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

static int open_by(int directory, const char *path, uint64_t flags, uint64_t resolve)
{
	struct open_how how = {
		.flags = flags | O_CLOEXEC,
		.resolve = resolve | RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS,
	};
	long fd = syscall(SYS_openat2, directory, path, &how, sizeof(how));

	return fd < 0 ? -errno : (int)fd;
}

int proc_open_within(int directory, const char *path, uint64_t flags)
{
	return open_by(directory, path, flags, RESOLVE_NO_MAGICLINKS | RESOLVE_BENEATH);
}

int proc_open_parent(int directory)
{
	return open_by(directory, "..", O_PATH | O_DIRECTORY, 0);
}

int proc_open_again(int procfs, int fd, int flags)
{
	char name[sizeof("self/fd/2147483647")];

	snprintf(name, sizeof(name), "self/fd/%d", fd);
	int again = openat(procfs, name, flags | O_CLOEXEC);

	return again < 0 ? -errno : again;
}

/* Return: a stream of its own; NULL, with errno. */
static FILE *open_stream(int fd)
{
	_cleanup_fd_ int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	FILE *stream = copy < 0 || lseek(copy, 0, SEEK_SET) < 0 ? NULL : fdopen(copy, "re");

	if (stream)
		(void)TAKE_FD(copy);
	return stream;
}

int proc_find_mount(int mounts, uint64_t mount, char **ret_line)
{
	_cleanup_file_ FILE *stream = open_stream(mounts);
	_cleanup_free_ char *line = NULL;
	size_t size = 0;

	*ret_line = NULL;
	if (!stream)
		return -errno;
	while (getline(&line, &size, stream) >= 0) {
		if (strtoull(line, NULL, 10) != mount)
			continue;
		*ret_line = TAKE_PTR(line);
		return 0;
	}
	return ferror(stream) ? -EIO : 0;
}

ssize_t proc_read(int directory, const char *path, char *buffer, size_t size)
{
	_cleanup_fd_ int fd = proc_open_within(directory, path, O_RDONLY);
	ssize_t length = fd < 0 ? fd : text_file_read_bytes(fd, buffer, size - 1);

	if (length >= 0)
		buffer[length] = '\0';
	return length;
}
