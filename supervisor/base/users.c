/* SPDX-License-Identifier: Apache-2.0 */
#include "base/users.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/fd.h"
#include "decimal.h"

/* None too many digits, and the last number means no user to the kernel. */
static bool parse_uid(const char *text, size_t length, uid_t *ret_uid)
{
	uint32_t number;

	if (length > 10 || !decimal_parse(text, length, &number) || number == UINT32_MAX)
		return false;
	*ret_uid = number;
	return true;
}

/* A line: NAME:PASSWORD:UID:... Return: whether it is the user's, and makes sense. */
static bool is_line_of(const char *line, const char *user, uid_t *ret_uid)
{
	size_t length = strlen(user);

	if (strncmp(line, user, length) != 0 || line[length] != ':')
		return false;
	const char *password_end = strchr(line + length + 1, ':');

	if (!password_end)
		return false;
	return parse_uid(password_end + 1, strcspn(password_end + 1, ":\n"), ret_uid);
}

static int search(int etc, const char *user, uid_t *ret_uid)
{
	_cleanup_fd_ int fd = openat(etc, "passwd", O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	_cleanup_file_ FILE *file = fd < 0 ? NULL : fdopen(fd, "re");
	_cleanup_free_ char *line = NULL;
	size_t size = 0;

	if (!file)
		return -errno;
	(void)TAKE_FD(fd); /* the stream's */
	while (getline(&line, &size, file) >= 0)
		if (is_line_of(line, user, ret_uid))
			return USERS_FOUND;
	return ferror(file) ? -EIO : USERS_UNKNOWN;
}

int users_find(int etc, const char *user, uid_t *ret_uid)
{
	if (strcmp(user, "root") == 0) {
		*ret_uid = 0;
		return USERS_FOUND;
	}
	if (parse_uid(user, strlen(user), ret_uid))
		return USERS_FOUND;
	return etc < 0 ? USERS_UNKNOWN : search(etc, user, ret_uid);
}
