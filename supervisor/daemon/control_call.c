/* SPDX-License-Identifier: Apache-2.0 */
/* Any program may listen at the path: the size of its answer is bounded, and so is the time that it takes. */
#include "daemon/control_call.h"

#include <errno.h>
#include <json-c/json.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/passing.h"
#include "base/room.h"
#include "base/unix_socket.h"

#define PIECE 65536
/* Milliseconds until it is asked again. */
#define PAUSE 20

/** struct question - one that is under way */
struct question {
	int fd;
	uint64_t end; /* CLOCK_MONOTONIC, milliseconds */
	char *text;
	size_t length;
	size_t size;
	int *passed; /* where a descriptor that comes goes to; NULL: none is taken */
};

static int open_connection(const char *path, struct question *question)
{
	/* EAGAIN: the queue of connections that it has not accepted yet is full. */
	while ((question->fd = unix_socket_connect(path, SOCK_STREAM)) == -EAGAIN) {
		if (clock_milliseconds() >= question->end)
			return -ETIMEDOUT;
		(void)poll(NULL, 0, 10);
	}
	return question->fd < 0 ? question->fd : 0;
}

/* A daemon that reads no further may have answered already. Return: 0; -errno. */
static int send_bytes(const struct question *question, const char *bytes, size_t length)
{
	while (length > 0) {
		int r = unix_socket_await(question->fd, POLLOUT, question->end);

		if (r < 0)
			return r;
		ssize_t sent = send(question->fd, bytes, length, MSG_NOSIGNAL);

		if (sent < 0 && (errno == EPIPE || errno == ECONNRESET))
			return 0;
		if (sent < 0 && errno != EAGAIN && errno != EINTR)
			return -errno;
		bytes += sent > 0 ? sent : 0;
		length -= sent > 0 ? (size_t)sent : 0;
	}
	return 0;
}

static int send_request(const struct question *question, const char *request)
{
	_cleanup_free_ char *line = NULL;
	int length = asprintf(&line, "%s\n", request);

	if (length < 0) {
		line = NULL;
		return -ENOMEM;
	}
	return send_bytes(question, line, (size_t)length);
}

/* Return: how many bytes; 0 at the end; -errno. */
static ssize_t receive(struct question *question)
{
	const struct iovec room = { question->text + question->length,
				    question->size - question->length };
	_cleanup_passed_ struct passed passed = { 0 };
	ssize_t count = passing_receive(question->fd, &room, 1, 0, &passed);

	if (count > 0 && question->passed && *question->passed < 0 && passed.count > 0)
		*question->passed = passed_take_only(&passed);
	return count;
}

/* Return: 1 if there may be more; 0 at the end; -errno. */
static int read_piece(struct question *question)
{
	int r = question->length < CONTROL_ANSWER_MAX ?
			room_make(&question->text, question->length, &question->size, PIECE,
				  CONTROL_ANSWER_MAX) :
			-EBADMSG;

	if (r == 0)
		r = unix_socket_await(question->fd, POLLIN, question->end);
	if (r < 0)
		return r;
	ssize_t count = receive(question);

	/* A daemon that closes without having read all of our request resets the connection, after its answer. */
	if (count == -ECONNRESET)
		return 0;
	if (count < 0)
		return count == -EAGAIN || count == -EINTR ? 1 : (int)count;
	question->length += (size_t)count;
	return count > 0;
}

static int parse(const struct question *question, struct json_object **ret_answer)
{
	struct json_object *answer = NULL;
	int r = json_parse(question->text, question->length, JSON_TOKENER_DEFAULT_DEPTH,
			   JSON_TOKENER_ALLOW_TRAILING_CHARS, &answer);

	if (r < 0 || !json_object_is_type(answer, json_type_object)) {
		json_object_put(answer);
		return r == -ENOMEM ? r : -EBADMSG;
	}
	*ret_answer = answer;
	return 0;
}

/* Return: as control_call(); -EBUSY: the connection was closed without a word. */
static int ask(const char *path, const char *request, uint64_t end, struct json_object **ret_answer,
	       int *ret_fd)
{
	struct question question = { .fd = -1, .end = end, .passed = ret_fd };
	int r = open_connection(path, &question);

	if (r == 0)
		r = send_request(&question, request);
	if (r == 0)
		do
			r = read_piece(&question);
		while (r > 0);
	if (r == 0)
		r = question.length > 0 ? parse(&question, ret_answer) : -EBUSY;
	fd_close(&question.fd);
	free(question.text);
	return r;
}

static int ask_until(const char *path, const char *request, int deadline,
		     struct json_object **ret_answer, int *ret_fd)
{
	uint64_t end = clock_milliseconds() + (unsigned int)deadline;
	int r = ask(path, request, end, ret_answer, ret_fd);

	while (r == -EBUSY && clock_milliseconds() + PAUSE < end) {
		(void)poll(NULL, 0, PAUSE);
		r = ask(path, request, end, ret_answer, ret_fd);
	}
	return r;
}

int control_call(const char *path, const char *request, int deadline,
		 struct json_object **ret_answer)
{
	return ask_until(path, request, deadline, ret_answer, NULL);
}

int control_call_fd(const char *path, const char *request, int deadline,
		    struct json_object **ret_answer, int *ret_fd)
{
	_cleanup_fd_ int fd = -1;
	int r = ask_until(path, request, deadline, ret_answer, &fd);

	if (r == 0)
		*ret_fd = TAKE_FD(fd);
	return r;
}

int control_connect(const char *path, int deadline, const char *request, int *ret_connection)
{
	struct question question = { .fd = -1,
				     .end = clock_milliseconds() + (unsigned int)deadline };
	int r = open_connection(path, &question);

	if (r == 0)
		r = send_request(&question, request);
	if (r < 0)
		fd_close(&question.fd);
	else
		*ret_connection = question.fd;
	return r;
}

const char *control_refusal(struct json_object *answer)
{
	return json_object_get_string(json_object_object_get(answer, "error"));
}

const char *control_call_fault(int error)
{
	switch (-error) {
	case ENOENT:
	case ECONNREFUSED:
		return "nsxattrd does not run (systemctl start nsxattrd)";
	case EACCES:
		return "the socket is not for this user";
	case ETIMEDOUT:
		return "there is no answer";
	case EBUSY:
		return "it has as many connections as it takes";
	case EBADMSG:
		return "the answer makes no sense";
	default:
		return strerror(-error);
	}
}
