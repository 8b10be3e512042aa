/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/refusals.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/closer.h"
#include "base/unix_socket.h"

struct refusal {
	struct refusals *refusals;
	struct closing closing;
	int connection;
	uid_t uid;
	bool is_being_closed;
	struct refusal *next;
};

void refusals_init(struct refusals *refusals, struct closer *closer)
{
	struct rlimit limit = { 0 };

	(void)getrlimit(RLIMIT_NOFILE, &limit);
	/* Half of all descriptors: the other half is for connections with a place. */
	*refusals = (struct refusals){ .closer = closer, .most = limit.rlim_cur / 2 };
	refusals->end = &refusals->first;
}

bool refusals_are_many(const struct refusals *refusals)
{
	return refusals->count >= refusals->most;
}

/* The refusals that are being closed come first in the list, and are few. */
static bool has_room_for(const struct refusals *refusals, uid_t uid)
{
	size_t count = 0, left = refusals->closed;

	for (const struct refusal *refusal = refusals->first; refusal && left > 0;
	     refusal = refusal->next) {
		if (!refusal->is_being_closed)
			continue;
		left--;
		count += refusal->uid == uid;
	}
	return refusals->closed < REFUSALS_CLOSED_MAX && count < REFUSALS_CLOSED_PER_USER_MAX;
}

static void take_out(struct refusals *refusals, struct refusal *refusal)
{
	struct refusal **place = &refusals->first;

	while (*place != refusal)
		place = &(*place)->next;
	*place = refusal->next;
	if (refusals->end == &refusal->next)
		refusals->end = place;
}

static void begin(struct refusal *refusal);

/* Close the one that has waited longest, of a user who has room again. */
static void begin_next(struct refusals *refusals)
{
	struct refusal *refusal = refusals->first;

	while (refusal && (refusal->is_being_closed || !has_room_for(refusals, refusal->uid)))
		refusal = refusal->next;
	if (refusal)
		begin(refusal);
}

static void closed(void *place)
{
	struct refusal *refusal = place;
	struct refusals *refusals = refusal->refusals;

	take_out(refusals, refusal);
	refusals->count--;
	refusals->closed--;
	free(refusal);
	begin_next(refusals);
}

static void begin(struct refusal *refusal)
{
	struct refusals *refusals = refusal->refusals;

	take_out(refusals, refusal);
	refusal->next = refusals->first;
	refusals->first = refusal;
	if (!refusal->next)
		refusals->end = &refusal->next;
	refusal->is_being_closed = true;
	refusals->closed++;
	refusal->closing = (struct closing){
		.fds = &refusal->connection, .count = 1, .done = closed, .place = refusal
	};
	closer_close(refusals->closer, &refusal->closing);
}

void refusals_add(struct refusals *refusals, int connection, uid_t uid)
{
	/* Nothing else would be closed with it. The peer sees the end in either case. */
	if (unix_socket_is_drained(connection)) {
		close(connection);
		return;
	}
	struct refusal *refusal = calloc(1, sizeof(*refusal));

	/* Without memory it stays open. */
	if (!refusal)
		return;
	*refusal = (struct refusal){ .refusals = refusals, .connection = connection, .uid = uid };
	*refusals->end = refusal;
	refusals->end = &refusal->next;
	refusals->count++;
	if (has_room_for(refusals, uid))
		begin(refusal);
}

void refusals_free(struct refusals *refusals)
{
	while (refusals->first) {
		struct refusal *refusal = refusals->first;

		refusals->first = refusal->next;
		free(refusal);
	}
}
