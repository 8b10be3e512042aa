/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_REQUEST_RESOLVE_H
#define NSXATTR_REQUEST_RESOLVE_H

/*
 * From what a call names to an inode that is pinned: path search as the target itself would do it,
 * with its credentials, root, working directory, mounts and descriptors (path_resolution(7)).
 */

#include <stdbool.h>

struct pinned;
struct resolver;

/**
 * resolve_descriptor() - the inode of one of the target's descriptors
 * @resolver: whose
 * @number: the descriptor
 * @ret_inode: the inode, the caller's
 *
 * An O_PATH descriptor is not refused here: the attribute call on it will be.
 *
 * Return: 0; EBADF for the target; -errno of our own failure.
 */
int resolve_descriptor(const struct resolver *resolver, int number, struct pinned *ret_inode);

/** resolve_cwd() - its working directory. Return: 0; -errno of our own failure. */
int resolve_cwd(const struct resolver *resolver, struct pinned *ret_inode);

/**
 * resolve_path() - the inode of a path
 * @resolver: whose search
 * @dirfd: where a relative path begins: a descriptor of the target, or AT_FDCWD
 * @path: the path, not empty
 * @follow: whether a symbolic link at its end is followed
 * @ret_inode: the inode, the caller's
 *
 * Return: 0; the positive errno that the target gets; -errno of our own failure. -ECANCELED: a shy
 * resolver has come to a file system that refuses us (foreign.h), and has stopped.
 */
int resolve_path(const struct resolver *resolver, int dirfd, const char *path, bool follow,
		 struct pinned *ret_inode);

#endif
