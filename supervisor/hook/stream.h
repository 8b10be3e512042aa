/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_HOOK_STREAM_H
#define NSXATTR_HOOK_STREAM_H

/* What a runtime tells a hook, and a hook it: on standard input and output, to the end. */

#include <stddef.h>

/**
 * stream_read() - read to the end
 * @fd: blocking
 * @limit: how many bytes at most; what is behind is not read
 * @ret_bytes: the caller's to free(3)
 * @ret_length: how many
 *
 * Return: 0; -errno.
 */
int stream_read(int fd, size_t limit, char **ret_bytes, size_t *ret_length);

/** stream_write() - write all of it. Return: 0; -errno, which has been said. */
int stream_write(int fd, const char *bytes, size_t length);

#endif
