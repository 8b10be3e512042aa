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
#include <sys/socket.h>

#include "attach/oci_receive.h"
#include "base/fd.h"
#include "base/log.h"
#include "daemon/attachments.h"

/* Milliseconds that a message may take; a runtime sends it at once. */
#define DEADLINE 5000

struct oci_connection {
	struct connection connection;
	struct oci_receive receive; /* while it is being read, the thread's */
	/* What the reading has come to. */
	int result;
	const char *reason;
	struct oci_message *message;
	int listener;
	int fds[OCI_RECEIVE_FDS_MAX]; /* when it is being closed */
};

static struct oci_acceptor *owner_of(const struct connection *connection)
{
	return (struct oci_acceptor *)connection->acceptor;
}

static void release(void *place)
{
	struct oci_connection *oci = place;

	(void)oci_receive_let_go(&oci->receive, oci->fds);
	if (oci->message)
		oci_message_done(oci->message);
	free(oci->message);
	free(oci);
}

static void end(void *place)
{
	struct oci_connection *oci = place;

	owner_of(&oci->connection)->count--;
	connection_close(&oci->connection, oci->fds, oci_receive_let_go(&oci->receive, oci->fds));
}

static void complain(const struct oci_connection *oci, const char *reason)
{
	const struct ucred *peer = &oci->receive.peer;

	log_limited(peer->uid, LOG_WARNING,
		    "process %d of uid %u is refused: it has sent a message that %s", peer->pid,
		    peer->uid, reason);
}

static void overdue(void *place)
{
	complain(place, "was not whole within five seconds");
}

/* ---- on a thread of the closer ---- */

static int take(struct oci_connection *oci)
{
	struct oci_message *message = malloc(sizeof(*message));
	int r = message ? oci_receive_take(&oci->receive, message, &oci->listener, &oci->reason) :
			  -ENOMEM;

	if (r == OCI_RECEIVE_COMPLETE)
		oci->message = message;
	else
		free(message);
	return r;
}

static void read_on(void *place)
{
	struct oci_connection *oci = place;

	oci->result = oci_receive_read(&oci->receive, &oci->reason);
	if (oci->result == OCI_RECEIVE_COMPLETE)
		oci->result = take(oci);
}

/* ---- on the loop's ---- */

static void deliver(struct oci_connection *oci)
{
	/* A listener of seccomp, which no peer can keep from being closed. */
	if (oci->connection.is_overdue)
		fd_close(&oci->listener);
	else
		attachments_add_oci(owner_of(&oci->connection)->attachments, oci->connection.uid,
				    oci->message, oci->listener);
}

static void was_read(void *place)
{
	struct oci_connection *oci = place;

	if (oci->result == OCI_RECEIVE_MORE && connection_await(&oci->connection))
		return;
	if (oci->result == OCI_RECEIVE_COMPLETE)
		deliver(oci);
	else if (oci->result == OCI_RECEIVE_REFUSED && !oci->connection.is_overdue)
		complain(oci, oci->reason);
	else if (oci->result < 0)
		log_error("cannot take a listener: %s", strerror(-oci->result));
	end(oci);
}

static bool accepted(struct acceptor *acceptor, int fd, uid_t uid)
{
	struct oci_connection *oci = calloc(1, sizeof(*oci));

	if (!oci || oci_receive_init(&oci->receive, fd) < 0 ||
	    connection_begin(&oci->connection, acceptor, fd, uid, DEADLINE) < 0) {
		free(oci);
		return false;
	}
	owner_of(&oci->connection)->count++;
	return true;
}

int oci_acceptor_open(struct oci_acceptor *acceptor)
{
	static const struct connection_calls calls = {
		.accepted = accepted,
		.ready = connection_read,
		.read = read_on,
		.was_read = was_read,
		.overdue = overdue,
		.end = end,
		.free = release,
	};

	acceptor->acceptor.calls = &calls;
	return acceptor_open(&acceptor->acceptor);
}
