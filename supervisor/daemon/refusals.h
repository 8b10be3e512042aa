/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_DAEMON_REFUSALS_H
#define NSXATTR_DAEMON_REFUSALS_H

/*
 * Connections for which there is no place. Only once a connection is accepted is it known whose it is, and what its
 * peer has sent by then is closed with it. That can take as long as the peer likes (base/closer.h), and no place bounds
 * it. So only a few of a user are closed at a time; the others stay open, and take a descriptor each. If that are too
 * many, nothing is accepted until there are fewer.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* That are closed at a time. */
#define REFUSALS_CLOSED_MAX 64
#define REFUSALS_CLOSED_PER_USER_MAX 4

struct closer;
struct refusal;

/** struct refusals - those of all sockets */
struct refusals {
	struct closer *closer;
	size_t most; /* of those that are open */
	struct refusal *first; /* the one that has waited longest, or is being closed */
	struct refusal **end;
	size_t count;
	size_t closed; /* are being closed */
};

/** refusals_init() - none yet; they live as long as the process. @closer: outlives them */
void refusals_init(struct refusals *refusals, struct closer *closer);

/** refusals_add() - close a connection, whenever that is. @connection: taken over; its peer sees it closed */
void refusals_add(struct refusals *refusals, int connection, uid_t uid);

/** refusals_are_many() - so many that nothing may be accepted? */
bool refusals_are_many(const struct refusals *refusals);

#endif
