/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BASE_PATH_H
#define NSXATTR_BASE_PATH_H

/* A path, taken apart at its last slash. */

#include <string.h>

/** path_last() - Return: what is behind the last slash; all of a path without one. */
static inline const char *path_last(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/**
 * path_open_folder() - the folder of which path_last() is a name
 *
 * It is opened once: a path may lead elsewhere a moment later.
 *
 * Return: a descriptor of O_PATH; -errno.
 */
int path_open_folder(const char *path);

#endif
