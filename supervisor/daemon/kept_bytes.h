/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_DAEMON_KEPT_BYTES_H
#define NSXATTR_DAEMON_KEPT_BYTES_H

/* Bytes that outlive a worker, and do not change any more: in a memfd, for an entry of the journal (daemon/entries.h). */

#include <stddef.h>

/** struct kept_part - one after the other they are what is kept */
struct kept_part {
	const void *bytes;
	size_t length; /* 0: nothing */
};

/** kept_bytes_new() - @name: of the memfd. Return: its descriptor, the caller's; -errno. */
int kept_bytes_new(const char *name, const struct kept_part *parts, size_t count);

/**
 * kept_bytes_read() - read them
 * @ret_bytes: with a NUL behind them; the caller's to free(3)
 *
 * Return: 0; -EBADMSG: it is no such descriptor; -ENOMEM; -errno.
 */
int kept_bytes_read(int fd, char **ret_bytes, size_t *ret_length);

#endif
