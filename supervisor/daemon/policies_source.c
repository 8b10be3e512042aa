/* SPDX-License-Identifier: Apache-2.0 */
/* Policies are read through descriptors, for paths lead nowhere later on. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "daemon/policies.h"

/**
 * open_nearest() - open a folder, or the nearest one above it that is there
 * @ret_rest: from there to the folder, a part of @path; ".": it is the folder
 *
 * Return: the descriptor; -errno.
 */
static int open_nearest(const char *path, const char **ret_rest)
{
	_cleanup_free_ char *above = strdup(path);
	const char *rest = ".";
	int fd = -ENOMEM;

	while (above) {
		char *slash = strrchr(above, '/');

		fd = open(*above ? above : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (fd >= 0 || errno != ENOENT || !slash)
			break;
		*slash = '\0';
		rest = path + (slash - above) + 1;
	}
	if (above && fd < 0)
		fd = -errno;
	*ret_rest = rest;
	return fd;
}

int policies_source_open(const char *folder, const char *share, struct policies_source *ret_source)
{
	const char *rest = ".";
	int fd = folder ? open_nearest(folder, &rest) : -1;

	if (folder && fd < 0)
		return fd;
	*ret_source = (struct policies_source){
		.folder = fd,
		.rest = rest,
		.path = folder ? folder : "(no folder)",
		.share = share ? open(share, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1,
		.share_path = share,
		.etc = open("/etc", O_PATH | O_DIRECTORY | O_CLOEXEC),
		.default_policy = "default",
		.refuses_not_allowed = true,
	};
	return 0;
}

void policies_source_done(struct policies_source *source)
{
	fd_close(&source->folder);
	fd_close(&source->share);
	fd_close(&source->etc);
}
