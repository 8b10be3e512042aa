/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_EXEC_ATTRIBUTE_CALL_H
#define NSXATTR_EXEC_ATTRIBUTE_CALL_H

/* The attribute calls of the kernel on a descriptor, also on one of O_PATH. No other file makes them. */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "access.h"

/** struct attribute_call - one attribute call on an inode; the pointers are the caller's */
struct attribute_call {
	enum operation operation;
	int fd; /* the inode */
	bool is_opened; /* fd is no O_PATH descriptor: the call is made on it as it is */
	const char *name; /* but for a list */
	const void *value; /* of a set: @size bytes */
	void *buffer; /* of a get or list: room for @size bytes */
	size_t size;
	int flags; /* of a set */
	_Atomic pid_t *
		performer; /* where a deputy that makes it writes its number before; NULL: nowhere */
};

/**
 * attribute_open_directory() - the directory in which our descriptors have names
 * @procfs: of proc_open()
 * @ret_directory: a descriptor, the caller's; -1 where the *xattrat calls of Linux 6.13 are missing:
 *                 there it becomes the working directory of the process
 *
 * Return: 0; -errno.
 */
int attribute_open_directory(int procfs, int *ret_directory);

/**
 * attribute_call_make() - make a call, as the calling process
 * @directory: of attribute_open_directory(); -1: the working directory is that directory
 *
 * Return: the call's result; -errno.
 */
ssize_t attribute_call_make(const struct attribute_call *call, int directory);

/**
 * attribute_list_at() - listxattr(2) of an entry that is not pinned, by its name in a directory
 *
 * A symbolic link means itself.
 *
 * Return: the list's length; -errno, -ENOSYS before Linux 6.13.
 */
ssize_t attribute_list_at(int directory, const char *name, char *list, size_t size);

#endif
