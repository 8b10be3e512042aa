/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

ssize_t text_file_read_bytes(int fd, char *bytes, size_t size)
{
	size_t length = 0;

	while (length < size) {
		ssize_t count = read(fd, bytes + length, size - length);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return -errno;
		if (count == 0)
			break;
		length += (size_t)count;
	}
	return (ssize_t)length;
}

int text_file_read_fd(int fd, size_t limit, char **ret_text, size_t *ret_length)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return TEXT_FILE_NOT_REGULAR;
	_cleanup_free_ char *text = malloc(limit);

	if (!text)
		return -ENOMEM;
	ssize_t length = text_file_read_bytes(fd, text, limit);

	if (length < 0)
		return (int)length;
	*ret_text = TAKE_PTR(text);
	*ret_length = (size_t)length;
	return TEXT_FILE_READ;
}

/* To open a device can do something to it: so the inode is looked at first, and nothing else than it opened then. */
static int open_regular(const char *path, int *ret_fd)
{
	_cleanup_fd_ int file = open(path, O_PATH | O_CLOEXEC);
	char name[sizeof("/proc/self/fd/2147483647")];
	struct stat status;

	if (file < 0 || fstat(file, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return TEXT_FILE_NOT_REGULAR;
	snprintf(name, sizeof(name), "/proc/self/fd/%d", file);
	*ret_fd = open(name, TEXT_FILE_FLAGS);
	return *ret_fd < 0 ? -errno : 0;
}

int text_file_read(const char *path, size_t limit, char **ret_text, size_t *ret_length)
{
	_cleanup_fd_ int fd = -1;
	int r = open_regular(path, &fd);

	return r != 0 ? r : text_file_read_fd(fd, limit, ret_text, ret_length);
}

ssize_t text_file_read_start(const char *path, char *ret_text, size_t size)
{
	_cleanup_fd_ int fd = open(path, TEXT_FILE_FLAGS);
	ssize_t length = fd < 0 ? -errno : text_file_read_bytes(fd, ret_text, size - 1);

	if (length >= 0)
		ret_text[length] = '\0';
	return length;
}
