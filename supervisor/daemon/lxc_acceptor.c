/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A monitor may be silent for as long as its container makes no call, so there is no deadline.
 *
 * The loop sees that a monitor has sent something. A thread of the closer reads it, and closes the descriptors that
 * came along.
 */
#include "daemon/lxc_acceptor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "attach/lxc_source.h"
#include "base/closer.h"
#include "base/log.h"
#include "base/unix_socket.h"
#include "daemon/entries.h"
#include "daemon/refusals.h"

struct lxc_connection {
	struct connection connection;
	struct lxc_acceptor *owner;
	struct source *source; /* while it is being read, the thread's */
	uint64_t serial; /* of its entry; 0: it is not kept */
	struct loop_watch watch;
	struct chore reading;
	/* What the reading has come to. */
	int result;
	struct lxc_greeting greeting;
	char reason[LXC_REASON_SIZE];
	struct closing closing;
	int fd; /* when it is closing */
};

static void closed(void *place)
{
	struct lxc_connection *connection = place;

	connections_remove(connection->owner->acceptor.connections, &connection->connection);
	free(connection);
}

/* The loop does not watch it any more. */
static void drop(struct lxc_connection *connection)
{
	const struct lxc_acceptor *owner = connection->owner;

	entries_forget(owner->entries, connection->serial);
	connection->fd = source_let_go(connection->source);
	connection->closing = (struct closing){
		.fds = &connection->fd, .count = 1, .done = closed, .place = connection
	};
	closer_close(owner->acceptor.closer, &connection->closing);
}

static void complain(const struct lxc_connection *connection)
{
	uid_t uid = connection->connection.uid;

	if (connection->result == LXC_UNWELCOME)
		log_limited(uid, LOG_WARNING, "an LXC monitor of uid %u is refused: %s", uid,
			    connection->reason);
	else if (connection->result < 0)
		log_limited(uid, LOG_WARNING, "cannot receive from an LXC monitor of uid %u: %s",
			    uid, strerror(-connection->result));
}

static void read_greeting(void *place)
{
	struct lxc_connection *connection = place;

	connection->result =
		lxc_source_greet(connection->source, &connection->greeting, connection->reason);
}

/* Return: whether it is served. */
static bool deliver(struct lxc_connection *connection)
{
	const struct lxc_acceptor *owner = connection->owner;

	return owner->delivered(owner->place, &connection->greeting, connection->source);
}

static void was_read(void *place)
{
	struct lxc_connection *connection = place;

	if (connection->result == LXC_GREETED && deliver(connection)) {
		closed(connection);
		return;
	}
	if (connection->result == LXC_SILENT &&
	    loop_add(connection->owner->acceptor.loop, &connection->watch, EPOLLIN) == 0)
		return;
	complain(connection);
	drop(connection);
}

static void is_readable(void *place, uint32_t events)
{
	struct lxc_connection *connection = place;
	struct acceptor *acceptor = &connection->owner->acceptor;

	(void)events;
	loop_remove(acceptor->loop, &connection->watch);
	connection->reading =
		(struct chore){ .work = read_greeting, .done = was_read, .place = connection };
	closer_do(acceptor->closer, &connection->reading);
}

static int connection_new(struct lxc_acceptor *owner, int fd, struct lxc_connection **ret)
{
	struct lxc_connection *connection = calloc(1, sizeof(*connection));
	int r = connection ? lxc_source_new(fd, owner->acceptor.procfs, &connection->source) :
			     -ENOMEM;

	if (r < 0) {
		free(connection);
		return r;
	}
	connection->owner = owner;
	connection->watch = (struct loop_watch){ fd, is_readable, connection };
	*ret = connection;
	return 0;
}

/* @serial: of an entry that is inherited; 0: there is none. Return: whether it has a place. */
static bool add(struct lxc_acceptor *owner, int fd, uid_t uid, uint64_t serial)
{
	struct lxc_connection *connection = NULL;
	int r = connection_new(owner, fd, &connection);

	/* -ESRCH: it was the connection of a hook, which has only tried whether the daemon runs. */
	if (r < 0 && r != -ESRCH)
		log_limited(uid, LOG_WARNING, "an LXC monitor of uid %u is refused: %s", uid,
			    r == -EPERM ? "it is in another user namespace" : strerror(-r));
	if (r < 0)
		return false;
	connection->serial = serial;
	if (!serial)
		(void)entries_keep(owner->entries, fd, ENTRY_CONNECTION, NULL, 0,
				   &connection->serial);
	connections_add(owner->acceptor.connections, &connection->connection, uid);
	if (loop_add(owner->acceptor.loop, &connection->watch, EPOLLIN) < 0)
		drop(connection);
	return true;
}

static bool accepted(void *place, int fd, uid_t uid)
{
	return add(place, fd, uid, 0);
}

static void inherit(struct lxc_acceptor *acceptor, int fd, uint64_t serial)
{
	struct unix_peer peer = { 0 };

	if (unix_socket_peer(fd, &peer) == 0 && add(acceptor, fd, peer.uid, serial))
		return;
	entries_forget(acceptor->entries, serial);
	refusals_add(acceptor->acceptor.refusals, fd, peer.uid);
}

int lxc_acceptor_open(struct lxc_acceptor *acceptor)
{
	const struct entry *entry = NULL;

	acceptor->acceptor.accepted = accepted;
	acceptor->acceptor.place = acceptor;
	while ((entry = journal_next_entry(acceptor->entries->journal, entry)) != NULL)
		if (atomic_load(&entry->kind) == ENTRY_CONNECTION)
			inherit(acceptor, entry->fd, entry->serial);
	return acceptor_open(&acceptor->acceptor);
}
