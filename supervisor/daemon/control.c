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

#include "base/closer.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/loop.h"
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
	struct control *control;
	struct loop_watch watch;
	struct chore reading;
	bool is_being_read; /* by a thread, which has @request and @received then */
	bool is_overdue;
	ssize_t received; /* bytes more; -errno */
	struct closing closing;
	int fd; /* when it is being closed */
	struct loop_timer deadline;
	char *request;
	size_t request_length;
	size_t room; /* in @request */
	char *answer; /* NULL: still reading */
	size_t answer_length;
	size_t sent;
};

struct control {
	struct loop *loop;
	struct control_answers answers;
	struct connections connections;
	struct acceptor acceptor;
};

/* ---- the end of a connection ---- */

static void give_place_back(void *place)
{
	struct control_connection *connection = place;

	connections_remove(&connection->control->connections, &connection->connection);
	free(connection->request);
	free(connection->answer);
	free(connection);
}

/* It still has its place. Return: the descriptor, the caller's. */
static int let_go(struct control_connection *connection)
{
	loop_remove(connection->control->loop, &connection->watch);
	loop_stop_timer(connection->control->loop, &connection->deadline);
	return connection->watch.fd;
}

static void close_connection(struct control_connection *connection)
{
	connection->fd = let_go(connection);
	if (unix_socket_is_drained(connection->fd)) {
		fd_close(&connection->fd);
		give_place_back(connection);
		return;
	}
	connection->closing = (struct closing){
		.fds = &connection->fd, .count = 1, .done = give_place_back, .place = connection
	};
	closer_close(connection->control->answers.closer, &connection->closing);
}

static void deadline_is_over(void *place)
{
	struct control_connection *connection = place;

	log_verbose("control: user %u %s in time", connection->connection.uid,
		    connection->answer ? "has not read the answer" : "has not asked anything");
	connection->is_overdue = true;
	if (connection->is_being_read)
		(void)shutdown(connection->watch.fd, SHUT_RDWR);
	else
		close_connection(connection);
}

/* ---- writing ---- */

static void write_answer(struct control_connection *connection)
{
	ssize_t count;

	do {
		count = send(connection->watch.fd, connection->answer + connection->sent,
			     connection->answer_length - connection->sent,
			     MSG_NOSIGNAL | MSG_DONTWAIT);
		if (count > 0)
			connection->sent += (size_t)count;
	} while (count > 0 && connection->sent < connection->answer_length);
	if (count >= 0 || (errno != EAGAIN && errno != EINTR))
		close_connection(connection);
}

static struct json_object *refusal(const char *sentence)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(object, "error", json_object_new_string(sentence));
	return object;
}

static struct json_object *answer_to(const struct control_connection *connection)
{
	static const char may_use[] = "may-use ";
	const struct control_answers *answers = &connection->control->answers;
	const char *word = connection->request;

	if (strncmp(word, may_use, strlen(may_use)) == 0)
		return answers->may_use(answers->context, connection->connection.uid,
					word + strlen(may_use));
	if (strcmp(word, "status") == 0)
		return answers->status(answers->context, connection->connection.uid);
	if (strcmp(word, "reload") == 0)
		return connection->connection.uid == 0 ?
			       answers->reload(answers->context) :
			       refusal("only root can have policies read anew");
	if (strcmp(word, "ping") == 0) {
		struct json_object *pong = json_object_new_object();

		json_object_object_add(pong, "pong", json_object_new_boolean(1));
		return pong;
	}
	if (strcmp(word, "upgrade") == 0)
		return refusal(connection->connection.uid == 0 ?
				       "a service manager has started nsxattrd, and starts another "
				       "one in its place (systemctl restart nsxattrd): containers "
				       "do not notice" :
				       "only root can have nsxattrd replaced");
	return refusal("unknown request; there are: ping, status, may-use, reload, upgrade");
}

/* Return: whether there is an answer to write now. */
static bool keep_answer(struct control_connection *connection, struct json_object *object)
{
	size_t length = 0;
	const char *text = object ? json_object_to_json_string_length(
					    object,
					    JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE,
					    &length) :
				    NULL;

	connection->answer = text ? malloc(length + 1) : NULL;
	if (connection->answer) {
		memcpy(connection->answer, text, length);
		connection->answer[length] = '\n';
		connection->answer_length = length + 1;
	}
	json_object_put(object);
	return connection->answer != NULL;
}

static void answer(struct control_connection *connection)
{
	const struct control_answers *answers = &connection->control->answers;

	if (answers->upgrade && connection->connection.uid == 0 &&
	    strcmp(connection->request, "upgrade") == 0) {
		answers->upgrade(answers->context, let_go(connection));
		give_place_back(connection);
		return;
	}
	connection->sent = 0;
	if (!keep_answer(connection, answer_to(connection)) ||
	    loop_change(connection->control->loop, &connection->watch, EPOLLOUT) < 0) {
		log_limited(connection->connection.uid, LOG_WARNING,
			    "control: no answer to user %u: %s", connection->connection.uid,
			    strerror(ENOMEM));
		close_connection(connection);
		return;
	}
	write_answer(connection);
}

/* ---- reading ---- */

static bool make_room(struct control_connection *connection)
{
	size_t room = connection->room ? connection->room * 2 : FIRST_ROOM;

	if (connection->request_length < connection->room)
		return true;
	char *request = realloc(connection->request, room);

	if (!request)
		return false;
	connection->request = request;
	connection->room = room;
	return true;
}

/* On a thread of the closer. */
static void receive(void *place)
{
	struct control_connection *connection = place;
	ssize_t count = recv(connection->watch.fd, connection->request + connection->request_length,
			     connection->room - connection->request_length, MSG_DONTWAIT);

	connection->received = count < 0 ? -errno : count;
}

static void take_in(struct control_connection *connection, size_t count)
{
	char *begin = connection->request + connection->request_length;

	connection->request_length += count;
	char *end = memchr(begin, '\n', count);

	if (!end && connection->request_length < CONTROL_REQUEST_MAX)
		return;
	/* A request that is too long is refused as an unknown one. */
	end = end ? end : connection->request + connection->request_length - 1;
	*end = '\0';
	answer(connection);
}

static void was_received(void *place)
{
	struct control_connection *connection = place;
	ssize_t count = connection->received;

	connection->is_being_read = false;
	if (connection->is_overdue || (count <= 0 && count != -EAGAIN && count != -EINTR) ||
	    loop_add(connection->control->loop, &connection->watch, EPOLLIN) < 0)
		close_connection(connection);
	else if (count > 0)
		take_in(connection, (size_t)count);
}

static void read_request(struct control_connection *connection)
{
	if (!make_room(connection)) {
		close_connection(connection);
		return;
	}
	loop_remove(connection->control->loop, &connection->watch);
	connection->is_being_read = true;
	connection->reading =
		(struct chore){ .work = receive, .done = was_received, .place = connection };
	closer_do(connection->control->answers.closer, &connection->reading);
}

static void connection_is_ready(void *place, uint32_t events)
{
	struct control_connection *connection = place;

	if (connection->answer)
		write_answer(connection);
	else if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		read_request(connection);
}

/* ---- accepting ---- */

static bool accepted(void *place, int fd, uid_t uid)
{
	struct control *control = place;
	struct control_connection *connection = calloc(1, sizeof(*connection));

	if (!connection)
		return false;
	connection->control = control;
	connection->watch = (struct loop_watch){ fd, connection_is_ready, connection };
	connection->deadline = (struct loop_timer){ .due = deadline_is_over, .place = connection };
	if (loop_add(control->loop, &connection->watch, EPOLLIN) < 0) {
		free(connection);
		return false;
	}
	connections_add(&control->connections, &connection->connection, uid);
	loop_start_timer(control->loop, &connection->deadline, control->answers.deadline);
	return true;
}

int control_new(struct loop *loop, int listening, const struct control_answers *answers,
		struct control **ret_control)
{
	struct control *control = calloc(1, sizeof(*control));

	if (!control)
		return -ENOMEM;
	control->loop = loop;
	control->answers = *answers;
	if (control->answers.deadline == 0)
		control->answers.deadline = CONTROL_DEADLINE;
	control->connections = (struct connections){
		.most = CONTROL_CONNECTIONS_MAX,
		.of_user = CONTROL_CONNECTIONS_PER_USER_MAX,
	};
	control->acceptor = (struct acceptor){
		.loop = loop,
		.connections = &control->connections,
		.closer = answers->closer,
		.refusals = answers->refusals,
		.listening = listening,
		.procfs = answers->procfs,
		.answers = true,
		.refused = LOG_VERBOSE,
		.accepted = accepted,
		.place = control,
	};
	/* What is accepted here has the same. */
	(void)setsockopt(listening, SOL_SOCKET, SO_PASSRIGHTS, &(int){ 0 }, sizeof(int));
	int r = acceptor_open(&control->acceptor);

	if (r < 0) {
		free(control);
		return r;
	}
	*ret_control = control;
	return 0;
}
