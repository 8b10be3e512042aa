/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * While a connection is read, what comes goes into a buffer that grows with it; the first newline, or the longest
 * request, ends that, and the answer is made at once. Then it is written. A peer that is silent or does not read takes
 * its place until the deadline, and delays no other peer.
 *
 * No descriptor belongs in a request, and from Linux 6.16 on none comes in. Before, the kernel closes what comes, which
 * can take as long as the peer likes: when a request is received, which a thread of the closer does, and when the
 * connection is closed with something in its queue.
 */
#include "daemon/control.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "base/json.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/passing.h"
#include "base/room.h"
#include "base/unix_socket.h"
#include "daemon/acceptor.h"

#ifndef SO_PASSRIGHTS /* Linux 6.16 */
#define SO_PASSRIGHTS 83
#endif

/* Room for a word, and what there is room for at first. */
#define FIRST_ROOM 64

_Static_assert(CONTROL_CONNECTIONS_OF_USERS_MAX ==
		       CONTROL_CONNECTIONS_MAX - CONTROL_CONNECTIONS_MAX / 4,
	       "a quarter is root's, as everywhere");

struct control_connection {
	struct connection connection;
	ssize_t received; /* bytes more, by the thread that reads; -errno */
	char *request;
	size_t request_length;
	size_t room; /* in @request */
	char *answer; /* NULL: still reading */
	int answer_fd; /* that goes along with its first byte; -1: none */
	size_t answer_length;
	size_t sent;
};

struct control {
	struct acceptor acceptor; /* the first member */
	struct control_answers answers;
	struct connections connections;
};

static const struct control_answers *answers_of(const struct connection *connection)
{
	return &((const struct control *)connection->acceptor)->answers;
}

/* ---- the end of a connection ---- */

static void release(void *place)
{
	struct control_connection *control = place;

	fd_close(&control->answer_fd);
	free(control->request);
	free(control->answer);
	free(control);
}

static void end(void *place)
{
	struct connection *connection = place;

	if (!unix_socket_is_drained(connection->watch.fd)) {
		connection_close(connection, &connection->watch.fd, 1);
		return;
	}
	(void)connection_leave(connection);
	fd_close(&connection->watch.fd);
	connection_free(connection);
}

static void overdue(void *place)
{
	const struct control_connection *control = place;

	log_verbose("control: user %u %s in time", control->connection.uid,
		    control->answer ? "has not read the answer" : "has not asked anything");
}

/* ---- writing ---- */

/* Return: how many bytes were sent; -errno. */
static ssize_t write_piece(struct control_connection *control)
{
	const struct iovec piece = { control->answer + control->sent,
				     control->answer_length - control->sent };
	ssize_t count = passing_send(control->connection.watch.fd, &piece, 1, &control->answer_fd,
				     control->answer_fd >= 0);

	if (count > 0) {
		control->sent += (size_t)count;
		fd_close(&control->answer_fd);
	}
	return count;
}

static void write_answer(struct control_connection *control)
{
	ssize_t count;

	do
		count = write_piece(control);
	while (count > 0 && control->sent < control->answer_length);
	if (count >= 0 || (count != -EAGAIN && count != -EINTR))
		end(control);
}

static struct json_object *answer_to(struct control_connection *control)
{
	static const char may_use[] = "may-use ", measurements[] = "measurements ",
			  policy[] = "policy ";
	const struct control_answers *answers = answers_of(&control->connection);
	const char *word = control->request;
	uid_t user = control->connection.uid;

	if (strncmp(word, may_use, strlen(may_use)) == 0)
		return answers->may_use(answers->context, user, word + strlen(may_use));
	if (strncmp(word, measurements, strlen(measurements)) == 0)
		return answers->measurements(answers->context, user, word + strlen(measurements),
					     &control->answer_fd);
	if (strncmp(word, policy, strlen(policy)) == 0)
		return answers->policy(answers->context, user, word + strlen(policy));
	if (strcmp(word, "status") == 0)
		return answers->status(answers->context, user);
	if (strcmp(word, "watch") == 0)
		return answers->watch(answers->context, user, &control->answer_fd);
	if (strcmp(word, "reload") == 0)
		return user == 0 ? answers->reload(answers->context) :
				   json_error_new("only root can have policies read anew");
	if (strcmp(word, "ping") == 0) {
		struct json_object *pong = json_object_new_object();

		json_object_object_add(pong, "pong", json_object_new_boolean(1));
		return pong;
	}
	if (strcmp(word, "upgrade") == 0)
		return json_error_new(
			user == 0 ? "a service manager has started nsxattrd, and starts another "
				    "one in its place (systemctl restart nsxattrd): containers "
				    "do not notice" :
				    "only root can have nsxattrd replaced");
	return json_error_new(
		"unknown request; there are: ping, status, measurements, policy, may-use, watch, reload, "
		"upgrade");
}

/* Return: whether there is an answer to write now. */
static bool keep_answer(struct control_connection *control, struct json_object *object)
{
	size_t length = 0;
	const char *text = object ? json_object_to_json_string_length(
					    object,
					    JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE,
					    &length) :
				    NULL;

	control->answer = text ? malloc(length + 1) : NULL;
	if (control->answer) {
		memcpy(control->answer, text, length);
		control->answer[length] = '\n';
		control->answer_length = length + 1;
	}
	json_object_put(object);
	return control->answer != NULL;
}

static void answer(struct control_connection *control)
{
	struct connection *connection = &control->connection;
	const struct control_answers *answers = answers_of(connection);

	if (answers->upgrade && connection->uid == 0 && strcmp(control->request, "upgrade") == 0) {
		answers->upgrade(answers->context, connection_leave(connection));
		connection_free(connection);
		return;
	}
	control->sent = 0;
	if (!keep_answer(control, answer_to(control)) ||
	    loop_change(connection->acceptor->loop, &connection->watch, EPOLLOUT) < 0) {
		log_limited(connection->uid, LOG_WARNING, "control: no answer to user %u: %s",
			    connection->uid, strerror(ENOMEM));
		end(connection);
		return;
	}
	write_answer(control);
}

/* ---- reading ---- */

/* On a thread of the closer. */
static void receive(void *place)
{
	struct control_connection *control = place;
	ssize_t count = recv(control->connection.watch.fd,
			     control->request + control->request_length,
			     control->room - control->request_length, MSG_DONTWAIT);

	control->received = count < 0 ? -errno : count;
}

static void take_in(struct control_connection *control, size_t count)
{
	char *begin = control->request + control->request_length;

	control->request_length += count;
	char *newline = memchr(begin, '\n', count);

	if (!newline && control->request_length < CONTROL_REQUEST_MAX)
		return;
	/* A request that is too long is refused as an unknown one. */
	newline = newline ? newline : control->request + control->request_length - 1;
	*newline = '\0';
	answer(control);
}

static void was_received(void *place)
{
	struct control_connection *control = place;
	ssize_t count = control->received;

	if ((count <= 0 && count != -EAGAIN && count != -EINTR) ||
	    !connection_await(&control->connection))
		end(control);
	else if (count > 0)
		take_in(control, (size_t)count);
}

static void is_ready(void *place)
{
	struct control_connection *control = place;

	if (control->answer)
		write_answer(control);
	else if (room_make(&control->request, control->request_length, &control->room, FIRST_ROOM,
			   CONTROL_REQUEST_MAX) == 0)
		connection_read(control);
	else
		end(control);
}

/* ---- accepting ---- */

static bool accepted(struct acceptor *acceptor, int fd, uid_t uid)
{
	struct control_connection *control = calloc(1, sizeof(*control));
	unsigned int deadline = ((struct control *)acceptor)->answers.deadline;

	if (control)
		control->answer_fd = -1;
	if (control && connection_begin(&control->connection, acceptor, fd, uid,
					deadline ? deadline : CONTROL_DEADLINE) == 0)
		return true;
	free(control);
	return false;
}

static const struct connection_calls calls = {
	.accepted = accepted,
	.ready = is_ready,
	.read = receive,
	.was_read = was_received,
	.overdue = overdue,
	.end = end,
	.free = release,
};

int control_new(const struct acceptor *acceptor, const struct control_answers *answers,
		struct control **ret_control)
{
	struct control *control = calloc(1, sizeof(*control));

	if (!control)
		return -ENOMEM;
	control->answers = *answers;
	control->connections = (struct connections){
		.most = CONTROL_CONNECTIONS_MAX,
		.of_user = CONTROL_CONNECTIONS_PER_USER_MAX,
	};
	control->acceptor = *acceptor;
	control->acceptor.calls = &calls;
	control->acceptor.connections = &control->connections;
	control->acceptor.answers = true;
	control->acceptor.refused = LOG_VERBOSE;
	/* What is accepted here has the same. */
	(void)setsockopt(acceptor->listening, SOL_SOCKET, SO_PASSRIGHTS, &(int){ 0 }, sizeof(int));
	int r = acceptor_open(&control->acceptor);

	if (r < 0) {
		free(control);
		return r;
	}
	*ret_control = control;
	return 0;
}

void control_free(struct control *control)
{
	if (control)
		connections_free(&control->connections);
	free(control);
}
