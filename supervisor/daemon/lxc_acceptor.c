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

#include "attach/lxc_source.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/unix_socket.h"
#include "daemon/attachments.h"
#include "daemon/entries.h"
#include "daemon/refusals.h"

struct lxc_connection {
	struct connection connection;
	struct source *source; /* while it is being read, the thread's; NULL: the attachment's */
	uint64_t serial; /* of its entry; 0: it is not kept */
	/* What the reading has come to. */
	int result;
	struct lxc_greeting greeting;
	char reason[LXC_REASON_SIZE];
};

static const struct lxc_acceptor *owner_of(const struct lxc_connection *lxc)
{
	return (const struct lxc_acceptor *)lxc->connection.acceptor;
}

static void release(void *place)
{
	struct lxc_connection *lxc = place;

	if (lxc->source)
		(void)source_let_go(lxc->source);
	fd_close(&lxc->greeting.life);
	free(lxc);
}

static void end(void *place)
{
	struct lxc_connection *lxc = place;

	entries_forget(owner_of(lxc)->entries, lxc->serial);
	connection_close(&lxc->connection, &lxc->connection.watch.fd, 1);
}

static void complain(const struct lxc_connection *lxc)
{
	uid_t uid = lxc->connection.uid;

	if (lxc->result == LXC_REFUSED)
		log_limited(uid, LOG_WARNING, "an LXC monitor of uid %u is refused: %s", uid,
			    lxc->reason);
	else if (lxc->result < 0)
		log_limited(uid, LOG_WARNING, "cannot receive from an LXC monitor of uid %u: %s",
			    uid, strerror(-lxc->result));
}

static void read_greeting(void *place)
{
	struct lxc_connection *lxc = place;

	lxc->result = lxc_source_greet(lxc->source, &lxc->greeting, lxc->reason);
}

/* Return: whether it is served. */
static bool deliver(struct lxc_connection *lxc)
{
	if (!attachments_add_lxc(owner_of(lxc)->attachments, &lxc->greeting, lxc->source))
		return false;
	lxc->source = NULL;
	return true;
}

static void was_read(void *place)
{
	struct lxc_connection *lxc = place;

	if (lxc->result == LXC_RECEIVED && deliver(lxc)) {
		connection_free(lxc);
		return;
	}
	if (lxc->result == LXC_NOTHING && connection_await(&lxc->connection))
		return;
	complain(lxc);
	end(lxc);
}

/* @serial: of an entry that is inherited; 0: there is none. Return: whether it has a place. */
static bool add(struct lxc_acceptor *owner, int fd, uid_t uid, uint64_t serial)
{
	struct lxc_connection *lxc = calloc(1, sizeof(*lxc));
	int r = lxc ? lxc_source_new(fd, owner->acceptor.procfs, &lxc->source) : -ENOMEM;

	if (lxc)
		lxc->greeting.life = -1;
	if (r == 0)
		r = connection_begin(&lxc->connection, &owner->acceptor, fd, uid, 0);
	/* -ESRCH: it was the connection of a hook, which has only tried whether the daemon runs. */
	if (r < 0 && r != -ESRCH)
		log_limited(uid, LOG_WARNING, "an LXC monitor of uid %u is refused: %s", uid,
			    r == -EPERM ? "it is in another user namespace" : strerror(-r));
	if (r < 0) {
		if (lxc)
			release(lxc);
		return false;
	}
	lxc->serial = serial;
	if (!serial)
		(void)entries_keep(owner->entries, fd, ENTRY_CONNECTION, NULL, 0, &lxc->serial);
	return true;
}

static bool accepted(struct acceptor *acceptor, int fd, uid_t uid)
{
	return add((struct lxc_acceptor *)acceptor, fd, uid, 0);
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
	static const struct connection_calls calls = {
		.accepted = accepted,
		.ready = connection_read,
		.read = read_greeting,
		.was_read = was_read,
		.end = end,
		.free = release,
	};
	const struct entry *entry = NULL;

	acceptor->acceptor.calls = &calls;
	while ((entry = journal_next_of(acceptor->entries->journal, ENTRY_CONNECTION, entry)) !=
	       NULL)
		inherit(acceptor, entry->fd, entry->serial);
	return acceptor_open(&acceptor->acceptor);
}
