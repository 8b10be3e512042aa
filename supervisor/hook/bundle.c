/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * The bundle is believed, as the runtime believes it: the user who can write there decides what the runtime starts, with
 * the rights of the user who starts it. There is no fsync(2): a bundle does not outlive the boot of its container.
 */
#include "hook/bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/new_file.h"
#include "base/text_file.h"

static char *path_of(const char *bundle, const char *file)
{
	char *path = NULL;

	if (file)
		return strdup(file);
	return asprintf(&path, "%s/config.json", bundle) < 0 ? NULL : path;
}

int bundle_read(const char *bundle, const char *file, size_t limit,
		struct bundle_config *ret_config)
{
	_cleanup_free_ char *path = path_of(bundle, file), *bytes = NULL;
	struct bundle_config config = { 0 };

	if (!path)
		return -ENOMEM;
	_cleanup_fd_ int fd = open(path, TEXT_FILE_FLAGS);

	if (fd < 0 || fstat(fd, &config.status) < 0)
		return -errno;
	if (!S_ISREG(config.status.st_mode))
		return -ESPIPE;
	int r = text_file_read_fd(fd, limit, &bytes, &config.length);

	if (r != TEXT_FILE_READ)
		return r < 0 ? r : -EINVAL;
	config.path = TAKE_PTR(path);
	config.bytes = TAKE_PTR(bytes);
	*ret_config = config;
	return 0;
}

void bundle_config_done(struct bundle_config *config)
{
	free(config->path);
	free(config->bytes);
	*config = (struct bundle_config){ 0 };
}

int bundle_replace(const struct bundle_config *config, const char *text, size_t length)
{
	return new_file_replace(config->path, text, length, config->status.st_mode & 07777,
				&config->status);
}
