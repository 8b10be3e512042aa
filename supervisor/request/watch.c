/* SPDX-License-Identifier: Apache-2.0 */
#include "request/watch.h"

#include "base/event_ring.h"

/* Return: would the place's user be told? */
static bool is_told(const struct watch_place *place, uid_t owner)
{
	uid_t user = atomic_load_explicit(&place->user, memory_order_relaxed);

	return user == 0 || user == owner;
}

bool watch_finds(const struct watch *watch, uid_t owner)
{
	for (size_t i = 0; i < WATCH_RINGS_MAX; i++)
		if (atomic_load_explicit(&watch->places[i].is_on, memory_order_relaxed) &&
		    is_told(&watch->places[i], owner))
			return true;
	return false;
}

/* A writer is counted before it looks whether the place is on, and whoever replaces the ring looks the other way round. */
static void tell(struct watch_place *place, uid_t owner, const struct event *event)
{
	atomic_fetch_add(&place->writers, 1);
	if (atomic_load(&place->is_on) && is_told(place, owner))
		event_ring_write(place->ring, event);
	atomic_fetch_sub(&place->writers, 1);
}

void watch_tell(struct watch *watch, uid_t owner, const struct event *event)
{
	for (size_t i = 0; i < WATCH_RINGS_MAX; i++)
		if (atomic_load_explicit(&watch->places[i].is_on, memory_order_relaxed))
			tell(&watch->places[i], owner, event);
}

bool watch_is_idle(const struct watch_place *place)
{
	return atomic_load(&place->writers) == 0;
}
