/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_DAEMON_WATCHES_H
#define NSXATTR_DAEMON_WATCHES_H

/*
 * Who watches gets a descriptor of a ring of events (base/event_ring.h), and asks again before its lease is over. So nothing
 * is kept of those who watch, and what they do with the ring, or leave undone, delays nobody. A ring nobody asks for any more is gone.
 * It ends with its worker, and the next worker's has another number.
 */

#include <stdint.h>
#include <sys/types.h>

#include "base/loop.h"
#include "request/watch.h"

struct json_object;

/* Milliseconds for which a ring is written to after it was asked for. */
#define WATCH_LEASE 10000

/** struct watches - the rings; zeroes at first, but for @loop and @procfs */
struct watches {
	struct watch watch; /* of the engine */
	struct loop *loop; /* whose thread calls all of this */
	int procfs; /* of proc_open(), borrowed */
	unsigned int lease; /* milliseconds; 0: WATCH_LEASE */
	struct loop_timer expiry;
	struct {
		int fd; /* of the ring, if there is one */
		uint64_t number; /* tells it from others: when it was made */
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
