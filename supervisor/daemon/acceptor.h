/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_DAEMON_ACCEPTOR_H
#define NSXATTR_DAEMON_ACCEPTOR_H

/*
 * Accepts connections at one listening socket of the daemon. A connection has a place from the accept until its peer
 * has said what it wants, and all that the peer has handed over is closed: so the places bound what hangs in close(2)
 * (base/closer.h). Acceptors that share their places, a struct connections, have only so many, and each user a few of
 * them. When all are taken, nothing is accepted until one is free. A user who has all of theirs is refused, and so
 * are all users but root when they have three quarters of the places.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/log.h"
#include "base/loop.h"

struct closer;
struct refusals;

/** struct connection - one that was accepted; a member of what knows more about it */
struct connection {
	uid_t uid;
	struct connection *next;
};

/** struct connections - those that share their places; begins with the two bounds alone */
struct connections {
	size_t most;
	size_t of_user; /* of one user, but for root */
	struct connection *first;
	size_t count;
};

/** connections_add() - for accepted(): @connection, of this user, has a place */
void connections_add(struct connections *connections, struct connection *connection, uid_t uid);

/** connections_remove() - it has no place any more; all that its peer has handed over is closed */
void connections_remove(struct connections *connections, struct connection *connection);

/** struct acceptor - of one socket; the rest is acceptor.c's from acceptor_open() on */
struct acceptor {
	struct loop *loop;
	struct connections *connections;
	struct closer *closer; /* of what peers hand over */
	struct refusals *refusals;
	int listening; /* borrowed, not blocking */
	int procfs; /* of proc_open(), borrowed */
	bool answers; /* a peer waits for an answer: one of uid 0 that has ended is not root */
	enum log_level refused; /* how important it is that a peer is refused */
	/*
	 * Makes a connection of this user, which has the descriptor from then on, and adds it to the
	 * connections. Return: false: it has not, and the descriptor is still the acceptor's.
	 */
	bool (*accepted)(void *place, int fd, uid_t uid);
	void *place;
	struct loop_watch watch;
	struct loop_timer pause;
	bool has_failed; /* the last accept4(2), of which one message is enough */
};

/** acceptor_open() - accept from now on. Return: 0; -errno. */
int acceptor_open(struct acceptor *acceptor);

#endif
