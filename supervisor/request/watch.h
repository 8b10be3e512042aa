/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_REQUEST_WATCH_H
#define NSXATTR_REQUEST_WATCH_H

/*
 * Who is told of each request: root of all, other users of those of their own containers. Each such user has one ring of
 * events (base/event_ring.h), however many processes read it. While nobody watches, a request costs a load and a branch; while
 * only others watch, a load for each place more, and no event is made.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

struct event;
struct event_ring;

/* Rings at a time, the first of which is for root. */
#define WATCH_RINGS_MAX 8

/** struct watch_place - a ring, or room for one; @ring is for others only while it is on */
struct watch_place {
	atomic_bool is_on;
	atomic_uint writers; /* threads that may write to the ring at the moment */
	_Atomic(uid_t) user;
	struct event_ring *ring;
};

/** struct watch - of a worker; zeroes at first */
struct watch {
	atomic_bool is_on; /* any of the places is */
	struct watch_place places[WATCH_RINGS_MAX];
};

/** watch_is_on() - is there anyone to tell? @watch: NULL: there can be none */
static inline bool watch_is_on(const struct watch *watch)
{
	return watch && atomic_load_explicit(&watch->is_on, memory_order_relaxed);
}

/** watch_finds() - while it is on: is any of the places root's or @owner's, and on? For any thread */
bool watch_finds(const struct watch *watch, uid_t owner);

/** watch_is_for() - does root watch, or the owner of the container? @watch: as before */
static inline bool watch_is_for(const struct watch *watch, uid_t owner)
{
	return watch_is_on(watch) && watch_finds(watch, owner);
}

/** watch_tell() - tell root, and the owner of the container; for any thread */
void watch_tell(struct watch *watch, uid_t owner, const struct event *event);

/** watch_is_idle() - of a place that is not on: does no thread use its ring any more? Then none will. */
bool watch_is_idle(const struct watch_place *place);

#endif
