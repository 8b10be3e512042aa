/* SPDX-License-Identifier: Apache-2.0 */
#include "integrity/key_files.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/text_file.h"

int key_complain(struct key_complaint *complaint, int error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(complaint->text, sizeof(complaint->text), format, arguments);
	va_end(arguments);
	return error;
}

static int read_file(const char *path, struct key_file *file, struct key_complaint *complaint)
{
	char *bytes = NULL;
	/* One byte more than it can have, so that a longer file is seen to be one. */
	int result = text_file_read(path, KEY_FILE_SIZE_MAX + 1, &bytes, &file->length);

	if (result < 0)
		return key_complain(complaint, result, "%s: %s", path, strerror(-result));
	if (result == TEXT_FILE_NOT_REGULAR)
		return key_complain(complaint, -EINVAL, "%s: it is no regular file", path);
	file->bytes = (uint8_t *)bytes;
	if (file->length > KEY_FILE_SIZE_MAX)
		return key_complain(complaint, -E2BIG, "%s: it has more than %d bytes", path,
				    KEY_FILE_SIZE_MAX);
	file->path = strdup(path);
	return file->path ? 0 : key_complain(complaint, -ENOMEM, "%s", strerror(ENOMEM));
}

int key_files_read(const char *const *paths, size_t count, struct key_files **ret_files,
		   struct key_complaint *ret_complaint)
{
	_cleanup_key_files_ struct key_files *files =
		calloc(1, sizeof(*files) + count * sizeof(files->files[0]));
	int error = files ? 0 : key_complain(ret_complaint, -ENOMEM, "%s", strerror(ENOMEM));

	for (size_t i = 0; error == 0 && i < count; i++) {
		files->count++;
		error = read_file(paths[i], &files->files[i], ret_complaint);
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
