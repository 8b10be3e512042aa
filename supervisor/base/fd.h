/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BASE_FD_H
#define NSXATTR_BASE_FD_H

/*
 * Ownership by the cleanup attribute: a variable declared _cleanup_fd_ closes its descriptor, one
 * declared _cleanup_free_ frees its pointer, when it goes out of scope. TAKE_FD and TAKE_PTR move
 * the resource out on the line of success.
 */

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/**
 * fd_close() - close a descriptor and forget it
 * @fd: where it is held; -1 (nothing held) is accepted, and is what stays there.
 *
 * The result of close(2) is of no use to us: we never write file contents.
 */
static inline void fd_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/** fd_take() - move a descriptor out of where it is held. Return: the descriptor; -1 stays there. */
static inline int fd_take(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

/** fd_is_same_inode() - do both lead to one inode? Both have to be open, or it is not known, and "no". */
static inline bool fd_is_same_inode(int left, int right)
{
	struct stat a, b;

	return fstat(left, &a) == 0 && fstat(right, &b) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

static inline void cleanup_free(void *pointer)
{
	free(*(void **)pointer);
}

static inline void cleanup_file(FILE **file)
{
	if (*file)
		fclose(*file);
}

#define _cleanup_fd_ __attribute__((cleanup(fd_close)))
#define _cleanup_free_ __attribute__((cleanup(cleanup_free)))
#define _cleanup_file_ __attribute__((cleanup(cleanup_file)))

#define TAKE_FD(fd) fd_take(&(fd))
#define TAKE_PTR(ptr)                       \
	({                                  \
		__typeof__(ptr) _p = (ptr); \
		(ptr) = NULL;               \
		_p;                         \
	})

#endif
