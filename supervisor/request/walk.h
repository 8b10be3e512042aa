/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_REQUEST_WALK_H
#define NSXATTR_REQUEST_WALK_H

/*
 * Path search one component at a time, for paths that one openat2(2) of ours cannot search as the
 * target would: those through the magic links of procfs, and those that leave a relative start.
 */

#include <stdbool.h>

struct resolver;

/** struct walk_space - room for what is left of a path while symbolic links are expanded */
struct walk_space;

/** walk_space_new() - NULL when there is no memory */
struct walk_space *walk_space_new(void);

/**
 * walk_path() - search a path
 * @resolver: whose path; /proc/self is this target's
 * @root: the target's root directory, borrowed
 * @start: where a relative path begins, borrowed
 * @path: the path, not empty
 * @follow: whether a symbolic link at its end is followed
 * @ret_fd: an O_PATH descriptor, the caller's
 *
 * Return: 0; the positive errno that the target gets; -errno of our own failure. -ECANCELED as
 * resolve_path().
 */
int walk_path(const struct resolver *resolver, int root, int start, const char *path, bool follow,
	      int *ret_fd);

#endif
