/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_DAEMON_WATCHES_H
#define NSXATTR_DAEMON_WATCHES_H

/*
 * Who watches gets a descriptor of a ring of events (base/event_ring.h), and asks again before its lease is over. So nothing
 * is kept of those who watch, and what they do with the ring, or leave undone, delays nobody. When nobody asks for a ring any more,
 * nothing is written to it. It ends with its worker, and the next worker's has another number.
 *
 * The memory of a ring is the daemon's for as long as any process has its descriptor. So a ring whose lease is over is kept, and
 * its user gets the same memory again, with another number. Where every place has a ring, another user's takes the place of
 * the one that was not asked for longest, but only once in WATCH_PAUSE: so slowly grows what users can keep by descriptors.
 */

#include <stdint.h>
#include <sys/types.h>

#include "base/loop.h"
#include "request/watch.h"

struct json_object;

/* Milliseconds for which a ring is written to after it was asked for. */
#define WATCH_LEASE 10000
/* Milliseconds from one ring of a user that took the place of another one's to the next. */
#define WATCH_PAUSE (30 * 60 * 1000)

/** struct watches - the rings; zeroes at first, but for @loop and @procfs */
struct watches {
	struct watch watch; /* of the engine */
	struct loop *loop; /* whose thread calls all of this */
	int procfs; /* of proc_open(), borrowed */
	unsigned int lease; /* milliseconds; 0: WATCH_LEASE */
	uint64_t replaces; /* from then on a ring may take the place of another; as clock_milliseconds() */
	struct loop_timer expiry;
	struct {
		int fd; /* of the ring, if there is one */
		uint64_t number; /* tells it from others: since when it is written to */
		uint64_t until; /* as clock_milliseconds() */
	} leases[WATCH_RINGS_MAX];
};

/**
 * watches_json_new() - answer to one who wants to watch
 * @user: root is told of all containers, others of their own
 * @ret_fd: of the ring, open for reading: the caller's; -1 with {"error": TEXT}
 *
 * {"ring": N, "lease": N}: which ring it is, and for how many milliseconds.
 *
 * Return: the object, the caller's; NULL without memory.
 */
struct json_object *watches_json_new(struct watches *watches, uid_t user, int *ret_fd);

/** watches_done() - release the rings, when no thread serves any more */
void watches_done(struct watches *watches);

#endif
