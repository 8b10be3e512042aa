/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * The new text goes into a new file beside the old one, which then takes its name: a runtime, or a reader that comes in
 * between, has the one or the other. A process that is killed in between leaves the new file, whose name no other
 * process will want.
 *
 * The bundle is believed, as the runtime believes it: the user who can write there decides what the runtime starts, with
 * the rights of the user who starts it. There is no fsync(2): a bundle does not outlive the boot of its container.
 */
#include "hook/bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/fd.h"
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

/* Where owners cannot be changed, and need not be, that is no failure. */
static int give_owner(int fd, const struct stat *old)
{
	struct stat new;

	if (fstat(fd, &new) < 0)
		return -errno;
	if ((new.st_uid != old->st_uid || new.st_gid != old->st_gid) &&
	    fchown(fd, old->st_uid, old->st_gid) < 0)
		return -errno;
	return fchmod(fd, old->st_mode & 07777) < 0 ? -errno : 0;
}

static int write_all(int fd, const char *text, size_t length)
{
	while (length > 0) {
		ssize_t written = TEMP_FAILURE_RETRY(write(fd, text, length));

		if (written < 0)
			return -errno;
		text += written;
		length -= (size_t)written;
	}
	return 0;
}

static int fill(const char *path, const struct stat *old, const char *text, size_t length)
{
	_cleanup_fd_ int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return -errno;
	int r = give_owner(fd, old);

	if (r == 0)
		r = write_all(fd, text, length);
	if (r < 0)
		(void)unlink(path);
	return r;
}

int bundle_replace(const struct bundle_config *config, const char *text, size_t length)
{
	_cleanup_free_ char *path = NULL;
	uint64_t number;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return -EIO;
	if (asprintf(&path, "%s.nsxattr-%016" PRIx64, config->path, number) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	int r = fill(path, &config->status, text, length);

	if (r < 0)
		return r;
	if (rename(path, config->path) == 0)
		return 0;
	r = -errno;
	(void)unlink(path);
	return r;
}
