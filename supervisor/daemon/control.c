/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * A connection is a slot with a watch and a deadline. While it reads, what comes goes into a buffer that
 * grows with it; the first newline, or the longest request, ends that, and the answer is made at once.
 * Then it writes. A peer that is silent or does not read costs its slot until the deadline, nobody else
 * anything but that slot.
 *
 * No descriptor belongs in a request, and from Linux 6.16 on none comes in. Before, the kernel closes what comes, which
 * can take as long as the peer likes: when a request is received, which a thread of the closer does, and when the
 * connection is closed with something in its queue.
 *
 * Nobody is accepted while there is no free slot, nor for a moment after accept4(2) has failed for want
 * of descriptors or memory: what cannot be taken stays in the kernel's queue.
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
#include "base/peer.h"
#include "base/unix_socket.h"
#include "daemon/refusals.h"

#ifndef SO_PASSRIGHTS /* Linux 6.16 */
#define SO_PASSRIGHTS 83
#endif

/* Milliseconds to wait after a failed accept4(2). */
#define PAUSE 100
/* Room for a word, and what there is room for at first. */
#define FIRST_ROOM 64

struct connection {
	struct control *control;
	bool is_taken; /* the slot */
	struct loop_watch watch;
	struct chore reading;
	bool is_being_read; /* by a thread, which has @request and @received then */
	bool is_overdue;
	ssize_t received; /* bytes more; -errno */
	struct closing closing;
	int fd; /* when it is being closed */
	struct loop_timer deadline;
	uid_t user;
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
	struct loop_watch listening;
	bool is_listening; /* the watch is in the loop */
	bool has_failed; /* the last accept4(2), of which one message is enough */
	struct loop_timer pause;
	struct connection connections[CONTROL_CONNECTIONS_MAX];
};

/* ---- accepting ---- */

static struct connection *find_slot(struct control *control)
{
	for (size_t i = 0; i < CONTROL_CONNECTIONS_MAX; i++)
		if (!control->connections[i].is_taken)
			return &control->connections[i];
	return NULL;
}

/* Whoever has a range of ids is many users: so that root finds a slot, they do not get all of them. */
static bool is_user_full(const struct control *control, uid_t user)
{
	size_t count = 0, users = 0;

	for (size_t i = 0; i < CONTROL_CONNECTIONS_MAX; i++) {
		const struct connection *connection = &control->connections[i];

		if (!connection->is_taken)
			continue;
		count += connection->user == user;
		users += connection->user != 0;
	}
	return user != 0 && (count >= CONTROL_CONNECTIONS_PER_USER_MAX ||
			     users >= CONTROL_CONNECTIONS_OF_USERS_MAX);
}

static void start_listening(struct control *control)
{
	if (control->is_listening)
		return;
	int r = loop_add(control->loop, &control->listening, EPOLLIN);

	control->is_listening = r == 0;
	if (r < 0)
		loop_start_timer(control->loop, &control->pause, PAUSE);
}

static void stop_listening(struct control *control)
{
	if (control->is_listening)
		loop_remove(control->loop, &control->listening);
	control->is_listening = false;
}

static void pause_is_over(void *place)
{
	struct control *control = place;

	if (find_slot(control))
		start_listening(control);
}

static void free_slot(void *place)
{
	struct connection *connection = place;

	connection->is_taken = false;
	start_listening(connection->control);
}

/* Nobody hears it any more; the slot is still taken. Return: the connection, the caller's. */
static int release(struct connection *connection)
{
	free(connection->request);
	free(connection->answer);
	connection->request = connection->answer = NULL;
	loop_remove(connection->control->loop, &connection->watch);
	loop_stop_timer(connection->control->loop, &connection->deadline);
	return connection->watch.fd;
}

static void close_connection(struct connection *connection)
{
	connection->fd = release(connection);
	if (unix_socket_is_drained(connection->fd)) {
		fd_close(&connection->fd);
		free_slot(connection);
		return;
	}
	connection->closing = (struct closing){
		.fds = &connection->fd, .count = 1, .done = free_slot, .place = connection
	};
	closer_close(connection->control->answers.closer, &connection->closing);
}

static void deadline_is_over(void *place)
{
	struct connection *connection = place;

	log_verbose("control: user %u %s in time", connection->user,
		    connection->answer ? "has not read the answer" : "has not asked anything");
	connection->is_overdue = true;
	if (connection->is_being_read)
		(void)shutdown(connection->watch.fd, SHUT_RDWR);
	else
		close_connection(connection);
}

/* ---- writing ---- */

static void write_answer(struct connection *connection)
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

static struct json_object *answer_to(const struct connection *connection)
{
	static const char may_use[] = "may-use ";
	const struct control_answers *answers = &connection->control->answers;
	const char *word = connection->request;

	if (strncmp(word, may_use, strlen(may_use)) == 0)
		return answers->may_use(answers->context, connection->user, word + strlen(may_use));
	if (strcmp(word, "status") == 0)
		return answers->status(answers->context, connection->user);
	if (strcmp(word, "reload") == 0)
		return connection->user == 0 ? answers->reload(answers->context) :
					       refusal("only root can have policies read anew");
	if (strcmp(word, "ping") == 0) {
		struct json_object *pong = json_object_new_object();

		json_object_object_add(pong, "pong", json_object_new_boolean(1));
		return pong;
	}
	if (strcmp(word, "upgrade") == 0)
		return refusal(connection->user == 0 ?
				       "a service manager has started nsxattrd, and starts another "
				       "one in its place (systemctl restart nsxattrd): containers "
				       "do not notice" :
				       "only root can have nsxattrd replaced");
	return refusal("unknown request; there are: ping, status, may-use, reload, upgrade");
}

/* Return: whether there is an answer to write now. */
static bool keep_answer(struct connection *connection, struct json_object *object)
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

static void answer(struct connection *connection)
{
	const struct control_answers *answers = &connection->control->answers;

	if (answers->upgrade && connection->user == 0 &&
	    strcmp(connection->request, "upgrade") == 0) {
		answers->upgrade(answers->context, release(connection));
		free_slot(connection);
		return;
	}
	connection->sent = 0;
	if (!keep_answer(connection, answer_to(connection)) ||
	    loop_change(connection->control->loop, &connection->watch, EPOLLOUT) < 0) {
		log_limited(connection->user, LOG_WARNING, "control: no answer to user %u: %s",
			    connection->user, strerror(ENOMEM));
		close_connection(connection);
		return;
	}
	write_answer(connection);
}

/* ---- reading ---- */

static bool make_room(struct connection *connection)
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
	struct connection *connection = place;
	ssize_t count = recv(connection->watch.fd, connection->request + connection->request_length,
			     connection->room - connection->request_length, MSG_DONTWAIT);

	connection->received = count < 0 ? -errno : count;
}

static void take_in(struct connection *connection, size_t count)
{
	char *begin = connection->request + connection->request_length;

	connection->request_length += count;
	char *end = memchr(begin, '\n', count);

	if (!end && connection->request_length < CONTROL_REQUEST_MAX)
		return;
	/* What is too long is no request that there is, however it ends. */
	end = end ? end : connection->request + connection->request_length - 1;
	*end = '\0';
	answer(connection);
}

static void was_received(void *place)
{
	struct connection *connection = place;
	ssize_t count = connection->received;

	connection->is_being_read = false;
	if (connection->is_overdue || (count <= 0 && count != -EAGAIN && count != -EINTR) ||
	    loop_add(connection->control->loop, &connection->watch, EPOLLIN) < 0)
		close_connection(connection);
	else if (count > 0)
		take_in(connection, (size_t)count);
}

static void read_request(struct connection *connection)
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
	struct connection *connection = place;

	if (connection->answer)
		write_answer(connection);
	else if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		read_request(connection);
}

/* Takes over @fd on success: the slot is taken then. */
static int begin(struct control *control, struct connection *connection, int fd, uid_t user)
{
	*connection = (struct connection){
		.control = control,
		.is_taken = true,
		.watch = { .fd = fd, .ready = connection_is_ready, .place = connection },
		.deadline = { .due = deadline_is_over, .place = connection },
		.user = user,
	};
	int r = loop_add(control->loop, &connection->watch, EPOLLIN);

	if (r < 0) {
		connection->is_taken = false;
		return r;
	}
	loop_start_timer(control->loop, &connection->deadline, control->answers.deadline);
	return 0;
}

/* A peer that has ended awaits no answer. */
static uid_t user_of(const struct control *control, int connection, const struct unix_peer *peer)
{
	if (peer->uid != 0 ||
	    peer_check_administrator(connection, control->answers.procfs, peer->pid) == 0)
		return peer->uid;
	return PEER_NOT_ROOT;
}

static void refuse(struct control *control, int fd, uid_t user)
{
	log_verbose("control: user %u has too many connections", user);
	refusals_add(control->answers.refusals, fd, user);
	if (!refusals_are_many(control->answers.refusals))
		return;
	stop_listening(control);
	loop_start_timer(control->loop, &control->pause, PAUSE);
}

static void welcome(struct control *control, int fd)
{
	struct unix_peer peer;
	uid_t user = PEER_NOT_ROOT;

	if (unix_socket_peer(fd, &peer) == 0)
		user = user_of(control, fd, &peer);
	if (is_user_full(control, user) || begin(control, find_slot(control), fd, user) < 0)
		refuse(control, fd, user);
	else if (!find_slot(control))
		stop_listening(control);
}

static void somebody_connects(void *place, uint32_t events)
{
	struct control *control = place;
	int fd = accept4(control->listening.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)events;
	if (fd >= 0) {
		control->has_failed = false;
		welcome(control, fd);
	} else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
		if (!control->has_failed)
			log_warning("control: cannot accept a connection: %s", strerror(errno));
		control->has_failed = true;
		stop_listening(control);
		loop_start_timer(control->loop, &control->pause, PAUSE);
	}
}

/* ---- the whole ---- */

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
	control->listening = (struct loop_watch){ listening, somebody_connects, control };
	control->pause = (struct loop_timer){ .due = pause_is_over, .place = control };
	/* What is accepted here has the same. */
	(void)setsockopt(listening, SOL_SOCKET, SO_PASSRIGHTS, &(int){ 0 }, sizeof(int));
	int r = loop_add(loop, &control->listening, EPOLLIN);

	if (r < 0) {
		free(control);
		return r;
	}
	control->is_listening = true;
	*ret_control = control;
	return 0;
}
