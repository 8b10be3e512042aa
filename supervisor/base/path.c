/* SPDX-License-Identifier: Apache-2.0 */
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>

#include "base/fd.h"

int path_open_folder(const char *path)
{
	size_t length = (size_t)(path_last(path) - path);
	_cleanup_free_ char *folder = length > 0 ? strndup(path, length) : strdup(".");

	if (!folder)
		return -ENOMEM;
	int fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}
