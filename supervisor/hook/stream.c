/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/stream.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/new_file.h"
#include "base/room.h"

#define FIRST_ROOM 65536

int stream_read(int fd, size_t limit, char **ret_bytes, size_t *ret_length)
{
	_cleanup_free_ char *bytes = NULL;
	size_t length = 0, room = 0;
	ssize_t added = 1;

	while (added > 0 && length < limit) {
		if (room_make(&bytes, length, &room, FIRST_ROOM, limit) < 0)
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
	int r = new_file_write(fd, bytes, length);

	if (r < 0)
		log_error("cannot write to standard output: %s", strerror(-r));
	return r;
}
