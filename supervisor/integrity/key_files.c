/* SPDX-License-Identifier: Apache-2.0 */
#include "integrity/key_files.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/text_file.h"
#include "base/trust.h"

int key_complain(struct key_complaint *complaint, int error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(complaint->text, sizeof(complaint->text), format, arguments);
	va_end(arguments);
	return error;
}

int key_complain_errno(struct key_complaint *complaint, int error)
{
	return key_complain(complaint, error, "%s", strerror(-error));
}

static int open_file(const struct trust_root *root, const char *path,
		     struct key_complaint *complaint)
{
	struct trust_fault fault;
	int fd = trust_open(root, path, &fault);

	if (fd >= 0)
		return fd;
	return key_complain(complaint, fd, "%s: %s", path,
			    fd == -EPERM  ? fault.text :
			    fd == -EINVAL ? "it is no regular file" :
					    strerror(-fd));
}

static int read_file(const struct trust_root *root, const char *path, struct key_file *file,
		     struct key_complaint *complaint)
{
	char *bytes = NULL;
	_cleanup_fd_ int fd = open_file(root, path, complaint);

	if (fd < 0)
		return fd;
	/* One byte more than it can have, so that a longer file is seen to be one. */
	int result = text_file_read_fd(fd, KEY_FILE_SIZE_MAX + 1, &bytes, &file->length);

	if (result != TEXT_FILE_READ)
		return key_complain(complaint, result < 0 ? result : -EINVAL, "%s: %s", path,
				    result < 0 ? strerror(-result) : "it is no regular file");
	file->bytes = (uint8_t *)bytes;
	if (file->length > KEY_FILE_SIZE_MAX)
		return key_complain(complaint, -E2BIG, "%s: it has more than %d bytes", path,
				    KEY_FILE_SIZE_MAX);
	file->path = strdup(path);
	return file->path ? 0 : key_complain_errno(complaint, -ENOMEM);
}

struct key_files *key_files_new(size_t count)
{
	struct key_files *files;

	return calloc(1, sizeof(*files) + count * sizeof(files->files[0]));
}

int key_files_read(const struct trust_root *root, const char *const *paths, size_t count,
		   struct key_files **ret_files, struct key_complaint *ret_complaint)
{
	_cleanup_key_files_ struct key_files *files = key_files_new(count);
	int error = files ? 0 : key_complain_errno(ret_complaint, -ENOMEM);

	for (size_t i = 0; error == 0 && i < count; i++) {
		files->count++;
		error = read_file(root, paths[i], &files->files[i], ret_complaint);
	}
	if (error == 0)
		*ret_files = TAKE_PTR(files);
	return error;
}

void key_files_free(struct key_files *files)
{
	if (!files)
		return;
	for (size_t i = 0; i < files->count; i++) {
		free(files->files[i].path);
		free(files->files[i].bytes);
	}
	free(files);
}
