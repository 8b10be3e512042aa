/* SPDX-License-Identifier: Apache-2.0 */
#include "base/trust.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_ours_alone(const struct stat *stat)
{
	bool is_guarded = S_ISDIR(stat->st_mode) && (stat->st_mode & S_ISVTX);

	return (stat->st_uid == 0 || stat->st_uid == geteuid()) &&
	       (is_guarded || !(stat->st_mode & (S_IWGRP | S_IWOTH)));
}

static int check(const char *path)
{
	struct stat stat;

	if (lstat(path, &stat) < 0)
		return -errno;
	return is_ours_alone(&stat) ? 0 : -EPERM;
}

/* From the end up: cuts @path at each slash. */
int trust_path(const char *path)
{
	char resolved[PATH_MAX];

	if (path[0] != '/')
		return -EPERM;
	if (!realpath(path, resolved))
		return -errno;
	int r = check(resolved);

	for (char *slash = strrchr(resolved, '/'); r == 0 && slash;
	     slash = strrchr(resolved, '/')) {
		*slash = '\0';
		r = check(slash == resolved ? "/" : resolved);
	}
	return r;
}
