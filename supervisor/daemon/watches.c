/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/watches.h"

#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/event_ring.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/proc.h"

/* Milliseconds between two looks at leases. */
#define LOOK 1000

/* The first place is root's, so that other users cannot take it. */
static bool is_for(size_t place, uid_t user)
{
	return (place == 0) == (user == 0);
}

/* ---- the end of a lease ---- */

/* Return: whether the ring is written to still. */
static bool look_at(struct watches *watches, size_t i, uint64_t now)
{
	struct watch_place *place = &watches->watch.places[i];

	if (watches->leases[i].until <= now)
		atomic_store(&place->is_on, false);
	return atomic_load(&place->is_on);
}

static void expire(void *place)
{
	struct watches *watches = place;
	uint64_t now = clock_milliseconds();
	bool is_on = false;

	for (size_t i = 0; i < WATCH_RINGS_MAX; i++)
		is_on |= look_at(watches, i, now);
	atomic_store(&watches->watch.is_on, is_on);
	if (is_on)
		loop_start_timer(watches->loop, &watches->expiry, LOOK);
}

/* ---- whose place it is ---- */

static bool is_of(const struct watch_place *place, uid_t user)
{
	return place->ring && atomic_load(&place->user) == user;
}

/* No thread writes to its ring any more, and none will. */
static bool has_lapsed(const struct watch_place *place)
{
	return place->ring && !atomic_load(&place->is_on) && watch_is_idle(place);
}

/* Return: the place of the user's ring, or one without a ring; NULL. */
static struct watch_place *find_own(struct watches *watches, uid_t user)
{
	struct watch_place *places = watches->watch.places, *found = NULL;

	for (size_t i = 0; i < WATCH_RINGS_MAX; i++) {
		if (!is_for(i, user))
			continue;
		if (is_of(&places[i], user))
			return &places[i];
		if (!places[i].ring && !found)
			found = &places[i];
	}
	return found;
}

/* Return: the place of another user's ring, the one whose lease has been over for longest; NULL. */
static struct watch_place *find_lapsed(struct watches *watches, uint64_t now)
{
	size_t found = 0;

	if (now < watches->replaces)
		return NULL;
	for (size_t i = 1; i < WATCH_RINGS_MAX; i++)
		if (has_lapsed(&watches->watch.places[i]) &&
		    (found == 0 || watches->leases[i].until < watches->leases[found].until))
			found = i;
	return found ? &watches->watch.places[found] : NULL;
}

static struct watch_place *find_place(struct watches *watches, uid_t user)
{
	struct watch_place *place = find_own(watches, user);

	return place || user == 0 ? place : find_lapsed(watches, clock_milliseconds());
}

/* ---- rings ---- */

static void free_ring(struct watches *watches, size_t i)
{
	struct watch_place *place = &watches->watch.places[i];

	if (!place->ring)
		return;
	event_ring_free(place->ring);
	place->ring = NULL;
	fd_close(&watches->leases[i].fd);
}

/* In place of another user's, if there is one. */
static int make_ring(struct watches *watches, struct watch_place *place, uid_t user)
{
	size_t i = (size_t)(place - watches->watch.places);
	struct event_ring *ring;
	int fd, r = event_ring_new(&ring, &fd);

	if (r < 0)
		return r;
	if (place->ring)
		watches->replaces = clock_milliseconds() + WATCH_PAUSE;
	free_ring(watches, i);
	place->ring = ring;
	atomic_store(&place->user, user);
	watches->leases[i].fd = fd;
	return 0;
}

/* ---- the beginning of a lease ---- */

static unsigned int lease_of(const struct watches *watches)
{
	return watches->lease ? watches->lease : WATCH_LEASE;
}

/* A reader from before the end of the lease learns by the number that events are missing. */
static int begin(struct watches *watches, struct watch_place *place, uid_t user)
{
	size_t i = (size_t)(place - watches->watch.places);
	int r = is_of(place, user) ? 0 : make_ring(watches, place, user);

	if (r == 0)
		watches->leases[i].number = clock_real_microseconds();
	return r;
}

static void prolong(struct watches *watches, struct watch_place *place)
{
	size_t i = (size_t)(place - watches->watch.places);
	bool is_ticking = atomic_load(&watches->watch.is_on);

	watches->leases[i].until = clock_milliseconds() + lease_of(watches);
	atomic_store(&place->is_on, true);
	atomic_store(&watches->watch.is_on, true);
	watches->expiry.due = expire;
	watches->expiry.place = watches;
	if (!is_ticking)
		loop_start_timer(watches->loop, &watches->expiry, LOOK);
}

static struct json_object *refuse(const char *what, const char *why)
{
	char sentence[128];

	snprintf(sentence, sizeof(sentence), "%s%s", what, why);
	return json_error_new(sentence);
}

static struct json_object *describe(const struct watches *watches, size_t i)
{
	struct json_object *object = json_object_new_object();

	json_add_number(object, "ring", watches->leases[i].number);
	json_add_number(object, "lease", lease_of(watches));
	return object;
}

struct json_object *watches_json_new(struct watches *watches, uid_t user, int *ret_fd)
{
	struct watch_place *place = find_place(watches, user);

	*ret_fd = -1;
	if (!place)
		return json_error_new(
			"as many users watch their containers as can, or have done so "
			"a short while ago: try again later");
	size_t i = (size_t)(place - watches->watch.places);
	int r = atomic_load(&place->is_on) ? 0 : begin(watches, place, user);

	if (r < 0)
		return refuse("there can be no ring of events: ", strerror(-r));
	prolong(watches, place);
	int fd = proc_open_again(watches->procfs, watches->leases[i].fd, O_RDONLY);

	if (fd < 0)
		return refuse("the ring of events cannot be opened: ", strerror(-fd));
	*ret_fd = fd;
	return describe(watches, i);
}

void watches_done(struct watches *watches)
{
	atomic_store(&watches->watch.is_on, false);
	for (size_t i = 0; i < WATCH_RINGS_MAX; i++)
		free_ring(watches, i);
	loop_stop_timer(watches->loop, &watches->expiry);
}
