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

/* How many are being closed at a time, of all users and of one. */
#define REFUSALS_CLOSED_MAX 64
#define REFUSALS_CLOSED_PER_USER_MAX 4

struct closer;
struct refusal;

/** struct refusals - the refused connections of all sockets */
struct refusals {
	struct closer *closer;
	size_t most; /* how many may be open */
	struct refusal *first; /* the one that has waited longest, or is being closed */
	struct refusal **end;
	size_t count;
	size_t closed; /* how many of them are being closed */
};

/** refusals_init() - begin without any. @closer: outlives them */
void refusals_init(struct refusals *refusals, struct closer *closer);

/** refusals_add() - refuse a connection, and close it when there is room. @connection: the refusals'; shut down at once */
void refusals_add(struct refusals *refusals, int connection, uid_t uid);

/** refusals_are_many() - so many that nothing may be accepted? */
bool refusals_are_many(const struct refusals *refusals);

/** refusals_free() - release them at the end of the process, which closes them */
void refusals_free(struct refusals *refusals);

#endif
