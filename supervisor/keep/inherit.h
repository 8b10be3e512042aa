/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_KEEP_INHERIT_H
#define NSXATTR_KEEP_INHERIT_H

/*
 * The descriptors that a worker which has died leaves to the next one. The table of descriptors is the same, so
 * all of them are open still.
 */

#include <stddef.h>

struct journal;

/**
 * inherit_descriptors() - what a new worker does first, before it opens anything
 * @procfs: of proc_open(), borrowed
 * @ret_rest: descriptors that the dead worker has left open, and for which close(2) may wait (of files and
 *            sockets, which may be a peer's); the caller's, as is the memory
 * @ret_count: how many
 *
 * Closes all other descriptors but those with an entry in the journal, and those that requests in hand need: the
 * inodes of changes that may be made, and listeners.
 *
 * Return: how many requests are in hand; -errno.
 */
int inherit_descriptors(struct journal *journal, int procfs, int **ret_rest, size_t *ret_count);

#endif
