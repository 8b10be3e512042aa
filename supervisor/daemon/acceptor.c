/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/acceptor.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/peer.h"
#include "base/unix_socket.h"
#include "daemon/refusals.h"

/* Milliseconds until the next try, when nothing can be accepted. */
#define PAUSE 100

/* ---- connections ---- */

static void is_ready(void *place, uint32_t events)
{
	struct connection *connection = place;

	(void)events;
	connection->acceptor->calls->ready(connection);
}

static void deadline_is_over(void *place)
{
	struct connection *connection = place;

	connection->acceptor->calls->overdue(connection);
	connection->is_overdue = true;
	if (connection->is_being_read)
		(void)shutdown(connection->watch.fd, SHUT_RDWR);
	else
		connection->acceptor->calls->end(connection);
}

int connection_begin(struct connection *connection, struct acceptor *acceptor, int fd, uid_t uid,
		     unsigned int deadline)
{
	struct connections *connections = acceptor->connections;

	*connection = (struct connection){
		.acceptor = acceptor,
		.uid = uid,
		.watch = { fd, is_ready, connection },
		.deadline = { .due = deadline_is_over, .place = connection },
		.next = connections->first,
	};
	int r = loop_add(acceptor->loop, &connection->watch, EPOLLIN);

	if (r < 0)
		return r;
	connections->first = connection;
	connections->count++;
	if (deadline > 0)
		loop_start_timer(acceptor->loop, &connection->deadline, deadline);
	return 0;
}

static void was_read(void *place)
{
	struct connection *connection = place;

	connection->is_being_read = false;
	connection->acceptor->calls->was_read(connection);
}

void connection_read(void *place)
{
	struct connection *connection = place;
	const struct acceptor *acceptor = connection->acceptor;

	loop_remove(acceptor->loop, &connection->watch);
	connection->is_being_read = true;
	connection->reading = (struct chore){ .work = acceptor->calls->read,
					      .done = was_read,
					      .place = connection };
	closer_do(acceptor->closer, &connection->reading);
}

bool connection_await(struct connection *connection)
{
	return !connection->is_overdue &&
	       loop_add(connection->acceptor->loop, &connection->watch, EPOLLIN) == 0;
}

int connection_leave(struct connection *connection)
{
	loop_remove(connection->acceptor->loop, &connection->watch);
	loop_stop_timer(connection->acceptor->loop, &connection->deadline);
	return connection->watch.fd;
}

void connection_free(void *place)
{
	struct connection *connection = place, **link;
	struct connections *connections = connection->acceptor->connections;

	for (link = &connections->first; *link != connection; link = &(*link)->next)
		;
	*link = connection->next;
	connections->count--;
	connection->acceptor->calls->free(connection);
}

void connection_close(struct connection *connection, int *fds, size_t count)
{
	(void)connection_leave(connection);
	connection->closing = (struct closing){
		.fds = fds, .count = count, .done = connection_free, .place = connection
	};
	closer_close(connection->acceptor->closer, &connection->closing);
}

void connections_free(struct connections *connections)
{
	while (connections->first)
		connection_free(connections->first);
}

/* ---- accepting ---- */

/* A person with a range of ids is many users: a quarter is left to root. */
static bool has_room_for(const struct connections *connections, uid_t uid)
{
	size_t count = 0, users = 0;

	for (const struct connection *other = connections->first; other; other = other->next) {
		count += other->uid == uid;
		users += other->uid != 0;
	}
	return uid == 0 ||
	       (count < connections->of_user && users < connections->most - connections->most / 4);
}

static void pause_accepting(struct acceptor *acceptor)
{
	(void)loop_change(acceptor->loop, &acceptor->watch, 0);
	loop_start_timer(acceptor->loop, &acceptor->pause, PAUSE);
}

static void pause_is_over(void *place)
{
	struct acceptor *acceptor = place;

	(void)loop_change(acceptor->loop, &acceptor->watch, EPOLLIN);
}

/*
 * A runtime does not wait for an answer, and may have ended by now: what it has sent counts as sent by the uid that
 * it had.
 */
static uid_t user_of(const struct acceptor *acceptor, int fd, const struct unix_peer *peer)
{
	if (peer->uid != 0)
		return peer->uid;
	int r = peer_check_administrator(fd, acceptor->procfs, peer->pid);

	return r == -EPERM || (r < 0 && acceptor->answers) ? PEER_NOT_ROOT : 0;
}

static void take_in(struct acceptor *acceptor, int fd)
{
	struct unix_peer peer = { .uid = PEER_NOT_ROOT };
	uid_t uid = PEER_NOT_ROOT;
	bool is_accepted = false;

	if (unix_socket_peer(fd, &peer) == 0)
		uid = user_of(acceptor, fd, &peer);
	if (has_room_for(acceptor->connections, uid))
		is_accepted = acceptor->calls->accepted(acceptor, fd, uid);
	else
		log_limited(uid, acceptor->refused,
			    "process %d of uid %u is refused: that user, or all but root together, "
			    "have as many connections as the limits allow",
			    peer.pid, uid);
	if (!is_accepted)
		refusals_add(acceptor->refusals, fd, uid);
}

static void tell_failure(struct acceptor *acceptor, int error)
{
	if (!acceptor->has_failed)
		log_warning("cannot accept a connection: %s", strerror(error));
	acceptor->has_failed = true;
	pause_accepting(acceptor);
}

static void accept_one(void *place, uint32_t events)
{
	struct acceptor *acceptor = place;

	(void)events;
	if (acceptor->connections->count >= acceptor->connections->most ||
	    refusals_are_many(acceptor->refusals)) {
		pause_accepting(acceptor);
		return;
	}
	int fd = accept4(acceptor->listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd >= 0) {
		acceptor->has_failed = false;
		take_in(acceptor, fd);
	} else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
		tell_failure(acceptor, errno);
	}
}

int acceptor_open(struct acceptor *acceptor)
{
	acceptor->watch = (struct loop_watch){ acceptor->listening, accept_one, acceptor };
	acceptor->pause = (struct loop_timer){ .due = pause_is_over, .place = acceptor };
	return loop_add(acceptor->loop, &acceptor->watch, EPOLLIN);
}
