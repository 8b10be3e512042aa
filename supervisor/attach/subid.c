/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * Lines of OWNER:FIRST:COUNT, the format of shadow's subuid(5); OWNER is a login name or a number.
 * A line that is not ours may look as it likes.
 */
#include "attach/subid.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "attach/idmap_arg.h"
#include "base/fd.h"

/* Return: what comes behind "OWNER:"; NULL if the line is another user's. */
static const char *range_of(const char *line, const char *owner)
{
	size_t length = strlen(owner);

	if (length == 0 || strncmp(line, owner, length) != 0 || line[length] != ':')
		return NULL;
	return line + length + 1;
}

static int read_range(const char *range, struct id_extent *ret_extent)
{
	char text[64];
	int length = snprintf(text, sizeof(text), "0:%s", range);

	if (length < 0 || (size_t)length >= sizeof(text) || idmap_arg_parse(text, ret_extent))
		return SUBID_MALFORMED;
	return SUBID_FOUND;
}

int subid_find(const char *path, const char *name, uint32_t uid, struct id_extent *ret_extent,
	       unsigned int *ret_line)
{
	_cleanup_file_ FILE *file = fopen(path, "re");
	_cleanup_free_ char *line = NULL;
	unsigned int number = 0;
	char uid_text[16];
	size_t size = 0;

	if (!file)
		return errno == ENOENT ? SUBID_NONE : -errno;
	snprintf(uid_text, sizeof(uid_text), "%" PRIu32, uid);
	while (getline(&line, &size, file) >= 0) {
		number++;
		line[strcspn(line, "\r\n")] = '\0';
		const char *range = name ? range_of(line, name) : NULL;

		if (!range)
			range = range_of(line, uid_text);
		if (!range)
			continue;
		*ret_line = number;
		return read_range(range, ret_extent);
	}
	return ferror(file) ? -EIO : SUBID_NONE;
}
