/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_REQUEST_OWN_ENTRY_H
#define NSXATTR_REQUEST_OWN_ENTRY_H

/*
 * A shortcut for /proc/self/fd/N and what is below: so tar, rsync and many a library name what they have
 * open. Component by component (walk.c) it would take some hundred system calls.
 */

#include <stdbool.h>

struct resolver;

/**
 * own_entry_search() - open a path through /proc/self/fd
 * @resolver: whose path it is
 * @root: the target's root directory
 * @path: any
 * @follow: a symbolic link at the end is followed
 * @ret_fd: an O_PATH descriptor, the caller's
 *
 * Return: whether it was found this way. If not, whatever the reason, the path is to be walked.
 */
bool own_entry_search(const struct resolver *resolver, int root, const char *path, bool follow,
		      int *ret_fd);

/**
 * own_entry_follow() - follow a link in the directory of the target's own descriptors
 * @root: the target's root directory
 * @directory: in which the walk has come to it
 * @name: of the link
 *
 * Return: an O_PATH descriptor, the caller's; -1: it is not that directory, or there is no such link.
 */
int own_entry_follow(const struct resolver *resolver, int root, int directory, const char *name);

#endif
