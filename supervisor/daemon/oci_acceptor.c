/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop sees that there is something to read from a connection; a thread of the closer reads it, for the kernel
 * closes what finds no place when it is received. All descriptors that came along but the listener of a correct
 * message are closed by the closer, too.
 *
 *	a connection is		until
 *	awaited			there is something to read, or its time is over
 *	being read		the thread has read it; if its time is over meanwhile, it is shut down
 *	closing			all of its descriptors are closed
 */
#include "daemon/oci_acceptor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "attach/oci_receive.h"
#include "base/closer.h"
#include "base/fd.h"
#include "base/log.h"

/* Milliseconds that a message may take; a runtime sends it at once. */
#define DEADLINE 5000

struct oci_connection {
	struct connection connection;
	struct oci_acceptor *owner;
	struct oci_receive receive; /* while it is being read, the thread's */
	struct loop_watch watch;
	struct loop_timer deadline;
	struct chore reading;
	bool is_being_read;
	bool is_overdue;
	/* What the reading has come to. */
	int result;
	const char *reason;
	struct oci_message *message;
	int listener;
	struct closing closing;
	int fds[OCI_RECEIVE_FDS_MAX];
};

static void closed(void *place)
{
	struct oci_connection *connection = place;

	connections_remove(connection->owner->acceptor.connections, &connection->connection);
	free(connection);
}

/* The loop does not watch it any more. */
static void drop(struct oci_connection *connection)
{
	struct oci_acceptor *owner = connection->owner;

	owner->count--;
	loop_stop_timer(owner->acceptor.loop, &connection->deadline);
	connection->closing = (struct closing){
		.fds = connection->fds,
		.count = oci_receive_let_go(&connection->receive, connection->fds),
		.done = closed,
		.place = connection,
	};
	closer_close(owner->acceptor.closer, &connection->closing);
}

static void complain(const struct oci_connection *connection, const char *reason)
{
	log_limited(connection->receive.peer.uid, LOG_WARNING,
		    "process %d of uid %u is refused: it has sent a message that %s",
		    connection->receive.peer.pid, connection->receive.peer.uid, reason);
}

/* ---- on a thread of the closer ---- */

static int take(struct oci_connection *connection)
{
	struct oci_message *message = malloc(sizeof(*message));
	int r = message ? oci_receive_take(&connection->receive, message, &connection->listener,
					   &connection->reason) :
			  -ENOMEM;

	if (r == OCI_RECEIVE_COMPLETE)
		connection->message = message;
	else
		free(message);
	return r;
}

static void read_on(void *place)
{
	struct oci_connection *connection = place;

	connection->result = oci_receive_read(&connection->receive, &connection->reason);
	if (connection->result == OCI_RECEIVE_COMPLETE)
		connection->result = take(connection);
}

/* ---- on the loop's ---- */

static void deliver(const struct oci_connection *connection)
{
	const struct oci_acceptor *owner = connection->owner;
	int listener = connection->listener;

	/* A listener of seccomp, which no peer can keep from being closed. */
	if (connection->is_overdue)
		fd_close(&listener);
	else
		owner->delivered(owner->place, connection->connection.uid, connection->message,
				 listener);
	oci_message_done(connection->message);
	free(connection->message);
}

static void was_read(void *place)
{
	struct oci_connection *connection = place;

	connection->is_being_read = false;
	if (connection->result == OCI_RECEIVE_MORE && !connection->is_overdue &&
	    loop_add(connection->owner->acceptor.loop, &connection->watch, EPOLLIN) == 0)
		return;
	if (connection->result == OCI_RECEIVE_COMPLETE)
		deliver(connection);
	else if (connection->result == OCI_RECEIVE_REFUSED && !connection->is_overdue)
		complain(connection, connection->reason);
	else if (connection->result < 0)
		log_error("cannot take a listener: %s", strerror(-connection->result));
	drop(connection);
}

static void is_readable(void *place, uint32_t events)
{
	struct oci_connection *connection = place;
	struct acceptor *acceptor = &connection->owner->acceptor;

	(void)events;
	loop_remove(acceptor->loop, &connection->watch);
	connection->is_being_read = true;
	connection->reading =
		(struct chore){ .work = read_on, .done = was_read, .place = connection };
	closer_do(acceptor->closer, &connection->reading);
}

static void deadline_is_over(void *place)
{
	struct oci_connection *connection = place;

	complain(connection, "was not whole within five seconds");
	connection->is_overdue = true;
	if (connection->is_being_read) {
		(void)shutdown(connection->watch.fd, SHUT_RDWR);
		return;
	}
	loop_remove(connection->owner->acceptor.loop, &connection->watch);
	drop(connection);
}

static bool accepted(void *place, int fd, uid_t uid)
{
	struct oci_acceptor *owner = place;
	struct oci_connection *connection = calloc(1, sizeof(*connection));

	if (!connection || oci_receive_init(&connection->receive, fd) < 0) {
		free(connection);
		return false;
	}
	connection->owner = owner;
	connection->watch = (struct loop_watch){ fd, is_readable, connection };
	connection->deadline = (struct loop_timer){ .due = deadline_is_over, .place = connection };
	owner->count++;
	connections_add(owner->acceptor.connections, &connection->connection, uid);
	loop_start_timer(owner->acceptor.loop, &connection->deadline, DEADLINE);
	if (loop_add(owner->acceptor.loop, &connection->watch, EPOLLIN) < 0)
		drop(connection);
	return true;
}

int oci_acceptor_open(struct oci_acceptor *acceptor)
{
	acceptor->acceptor.accepted = accepted;
	acceptor->acceptor.place = acceptor;
	return acceptor_open(&acceptor->acceptor);
}
