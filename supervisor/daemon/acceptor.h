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

#include "base/closer.h"
#include "base/log.h"
#include "base/loop.h"

struct acceptor;
struct refusals;

/** struct connection - one that was accepted; the first member of what knows more about it */
struct connection {
	struct acceptor *acceptor;
	uid_t uid;
	struct loop_watch watch; /* of its descriptor */
	struct loop_timer deadline;
	struct chore reading;
	bool is_being_read; /* by a thread, which has what it needs for that */
	bool is_overdue; /* its deadline has passed while it was being read */
	struct closing closing;
	struct connection *next;
};

/** struct connections - those that share their places; begins with the two bounds alone */
struct connections {
	size_t most;
	size_t of_user; /* of one user, but for root */
	struct connection *first;
	size_t count;
};

/** struct connection_calls - what an acceptor does with its connections; all but read() on the loop's thread */
struct connection_calls {
	/* Makes a connection by connection_begin(). Return: false: there is none, and the descriptor is the acceptor's. */
	bool (*accepted)(struct acceptor *acceptor, int fd, uid_t uid);
	void (*ready)(void *connection); /* there is something to read, or room to write */
	void (*read)(void *connection); /* on a thread of the closer */
	void (*was_read)(void *connection); /* by read() */
	void (*overdue)(
		void *connection); /* tell so, for end() follows; NULL: there is no deadline */
	void (*end)(void *connection); /* connection_close() it, with all that it has */
	void (*free)(void *connection); /* it is closed, or the process ends */
};

/** struct acceptor - of one socket; the rest is acceptor.c's from acceptor_open() on */
struct acceptor {
	const struct connection_calls *calls;
	struct loop *loop;
	struct connections *connections;
	struct closer *closer; /* of what peers hand over */
	struct refusals *refusals;
	int listening; /* borrowed, not blocking */
	int procfs; /* of proc_open(), borrowed */
	bool answers; /* a peer waits for an answer: one of uid 0 that has ended is not root */
	enum log_level refused; /* how important it is that a peer is refused */
	struct loop_watch watch;
	struct loop_timer pause;
	bool has_failed; /* the last accept4(2), of which one message is enough */
};

/** acceptor_open() - accept from now on. Return: 0; -errno. */
int acceptor_open(struct acceptor *acceptor);

/**
 * connection_begin() - have a place, and await what the peer says
 * @connection: zeroed
 * @fd: the connection's on success
 * @deadline: milliseconds until end() is called; 0: none
 *
 * Return: 0; -errno.
 */
int connection_begin(struct connection *connection, struct acceptor *acceptor, int fd, uid_t uid,
		     unsigned int deadline);

/** connection_read() - of a struct connection: have a thread of the closer call read(); the loop does not watch the connection meanwhile */
void connection_read(void *place);

/** connection_await() - after a read(): await more. Return: false: it is overdue, or cannot be watched. */
bool connection_await(struct connection *connection);

/** connection_leave() - neither its descriptor nor its time is watched any more. Return: the descriptor. */
int connection_leave(struct connection *connection);

/** connection_close() - have the closer close these; then its place is free. @fds: there until free() */
void connection_close(struct connection *connection, int *fds, size_t count);

/** connection_free() - of a struct connection: its place is free: what its peer has handed over is closed, or has another owner */
void connection_free(void *place);

/** connections_free() - release all of them at the end of the process, which closes their descriptors */
void connections_free(struct connections *connections);

#endif
