/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Format: the Engine API of Docker, "GET /version" by HTTP/1.0, whose answer ends with the connection. Any program may
 * listen at the path: the size of its answer is bounded, and so is the time that it takes.
 */
#include "cli/docker_version.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/unix_socket.h"
#include "hook/json_value.h"

#define QUESTION "GET /version HTTP/1.0\r\nHost: docker\r\n\r\n"
#define ANSWER_MAX 65536
/* Milliseconds. */
#define DEADLINE 5000

int docker_version_of(const char *answer, size_t length, char ret_version[DOCKER_VERSION_SIZE])
{
	static const char end[] = "\r\n\r\n";
	_cleanup_json_value_ struct json_object *object = NULL;
	const char *body = memmem(answer, length, end, strlen(end));

	if (!body)
		return -EPROTO;
	body += strlen(end);
	const struct json_text text = { body, length - (size_t)(body - answer) };
	const char *version =
		json_value_read(&text, &object) < 0 ? NULL : json_value_text(object, "Version");

	if (!version || strlen(version) >= DOCKER_VERSION_SIZE)
		return -EPROTO;
	snprintf(ret_version, DOCKER_VERSION_SIZE, "%s", version);
	return 0;
}

/* Return: how many bytes, 0 at the end; -errno. */
static ssize_t receive(int fd, char *to, size_t size, uint64_t end)
{
	int r = unix_socket_await(fd, POLLIN, end);
	ssize_t count = r < 0 ? r : recv(fd, to, size, MSG_DONTWAIT);

	return r == 0 && count < 0 ? -errno : count;
}

int docker_version_ask(const char *path, char ret_version[DOCKER_VERSION_SIZE])
{
	const uint64_t end = clock_milliseconds() + DEADLINE;
	_cleanup_fd_ int fd = unix_socket_connect(path, SOCK_STREAM);
	char answer[ANSWER_MAX];
	size_t length = 0;
	ssize_t count;

	if (fd < 0)
		return fd;
	/* It is less than the room of any socket. */
	if (send(fd, QUESTION, strlen(QUESTION), MSG_NOSIGNAL) != (ssize_t)strlen(QUESTION))
		return -EPROTO;
	while ((count = receive(fd, answer + length, sizeof(answer) - length, end)) > 0) {
		length += (size_t)count;
		if (length == sizeof(answer))
			return -EPROTO;
	}
	return count < 0 ? (int)count : docker_version_of(answer, length, ret_version);
}
