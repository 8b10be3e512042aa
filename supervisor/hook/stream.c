/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/stream.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"

#define FIRST_ROOM 65536

/* Return: false without memory. */
static _Bool make_room(char **bytes, size_t length, size_t limit, size_t *room)
{
	size_t wanted = *room ? *room * 2 : FIRST_ROOM;

	if (length < *room)
		return 1;
	if (wanted > limit)
		wanted = limit;
	char *more = realloc(*bytes, wanted);

	if (!more)
		return 0;
	*bytes = more;
	*room = wanted;
	return 1;
}

int stream_read(int fd, size_t limit, char **ret_bytes, size_t *ret_length)
{
	_cleanup_free_ char *bytes = NULL;
	size_t length = 0, room = 0;
	ssize_t added = 1;

	while (added > 0 && length < limit) {
		if (!make_room(&bytes, length, limit, &room))
			return -ENOMEM;
		added = TEMP_FAILURE_RETRY(read(fd, bytes + length, room - length));
		if (added < 0)
			return -errno;
		length += (size_t)added;
	}
	*ret_bytes = TAKE_PTR(bytes);
	*ret_length = length;
	return 0;
}

int stream_write(int fd, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t written = TEMP_FAILURE_RETRY(write(fd, bytes, length));

		if (written < 0) {
			int r = -errno;

			log_error("cannot write to standard output: %s", strerror(-r));
			return r;
		}
		bytes += written;
		length -= (size_t)written;
	}
	return 0;
}
