/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BASE_NEW_FILE_H
#define NSXATTR_BASE_NEW_FILE_H

/* Files that take the place of others: who reads them finds the old one or the new one, whole. */

#include <stddef.h>
#include <sys/stat.h>

/** new_file_write() - write all of it. @fd: blocking. Return: 0; -errno. */
int new_file_write(int fd, const char *bytes, size_t length);

/**
 * new_file_replace() - have a new file at a path, at once
 * @bytes: of the file, @length of them
 * @mode: of the file, whatever the umask
 * @owner: who has it; NULL: whom the kernel gives it to
 *
 * A symbolic link is replaced, and not what it leads to. A process that is killed in between leaves a file beside it, whose name
 * no other process will want.
 *
 * Return: 0; -errno: all is as before.
 */
int new_file_replace(const char *path, const char *bytes, size_t length, mode_t mode,
		     const struct stat *owner);

#endif
