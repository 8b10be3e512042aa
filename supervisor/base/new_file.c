/* SPDX-License-Identifier: Apache-2.0 */
#include "base/new_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"

int new_file_write(int fd, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t written = TEMP_FAILURE_RETRY(write(fd, bytes, length));

		if (written < 0)
			return -errno;
		bytes += written;
		length -= (size_t)written;
	}
	return 0;
}

/* Where the owner cannot be changed, and need not be, that is no failure. */
static int give(int fd, mode_t mode, const struct stat *owner)
{
	struct stat new;

	if (fstat(fd, &new) < 0)
		return -errno;
	if (owner && (new.st_uid != owner->st_uid || new.st_gid != owner->st_gid) &&
	    fchown(fd, owner->st_uid, owner->st_gid) < 0)
		return -errno;
	return fchmod(fd, mode) < 0 ? -errno : 0;
}

/* A name that no other process can know before. Return: the caller's; NULL. */
static char *temporary_new(const char *name)
{
	uint64_t number;
	char *temporary;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number) ||
	    asprintf(&temporary, "%s.nsxattr-%016" PRIx64, name, number) < 0)
		return NULL;
	return temporary;
}

static int fill(int fd, const char *bytes, size_t length, mode_t mode, const struct stat *owner)
{
	int r = give(fd, mode, owner);

	return r < 0 ? r : new_file_write(fd, bytes, length);
}

int new_file_replace(const char *path, const char *bytes, size_t length, mode_t mode,
		     const struct stat *owner)
{
	const char *name = path_last(path);
	_cleanup_free_ char *temporary = temporary_new(name);
	_cleanup_fd_ int folder = path_open_folder(path);

	if (!temporary || folder < 0)
		return temporary ? folder : -ENOMEM;
	_cleanup_fd_ int fd =
		openat(folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return -errno;
	int r = fill(fd, bytes, length, mode, owner);

	if (r == 0 && renameat(folder, temporary, folder, name) < 0)
		r = -errno;
	if (r < 0)
		(void)unlinkat(folder, temporary, 0);
	return r;
}
