/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/watches.h"

#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

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

/* ---- the end of a ring ---- */

static void free_ring(struct watches *watches, size_t i)
{
	struct watch_place *place = &watches->watch.places[i];

	if (!place->ring)
		return;
	event_ring_free(place->ring);
	place->ring = NULL;
	fd_close(&watches->leases[i].fd);
}

/* Return: whether there is a ring still. */
static bool look_at(struct watches *watches, size_t i, uint64_t now)
{
	struct watch_place *place = &watches->watch.places[i];

	if (place->ring && watches->leases[i].until <= now) {
		atomic_store(&place->is_on, false);
		if (watch_is_idle(place))
			free_ring(watches, i);
	}
	return place->ring;
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

/* ---- the beginning of one ---- */

static uint64_t new_number(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* Return: the place of the user's ring, or one that is free; NULL. */
static struct watch_place *find_place(struct watches *watches, uid_t user)
{
	struct watch_place *places = watches->watch.places, *found = NULL;

	for (size_t i = 0; i < WATCH_RINGS_MAX; i++) {
		if (!is_for(i, user))
			continue;
		if (places[i].ring && places[i].user == user)
			return &places[i];
		if (!places[i].ring && !found)
			found = &places[i];
	}
	return found;
}

static int begin(struct watches *watches, struct watch_place *place, uid_t user)
{
	size_t i = (size_t)(place - watches->watch.places);
	int r = event_ring_new(&place->ring, &watches->leases[i].fd);

	if (r < 0)
		return r;
	watches->leases[i].number = new_number();
	place->user = user;
	return 0;
}

static void prolong(struct watches *watches, struct watch_place *place)
{
	size_t i = (size_t)(place - watches->watch.places);
	bool is_ticking = atomic_load(&watches->watch.is_on);

	watches->leases[i].until =
		clock_milliseconds() + (watches->lease ? watches->lease : WATCH_LEASE);
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
	json_add_number(object, "lease", watches->lease ? watches->lease : WATCH_LEASE);
	return object;
}

struct json_object *watches_json_new(struct watches *watches, uid_t user, int *ret_fd)
{
	struct watch_place *place = find_place(watches, user);

	*ret_fd = -1;
	if (!place)
		return json_error_new("as many users watch their containers as can");
	size_t i = (size_t)(place - watches->watch.places);
	int r = place->ring ? 0 : begin(watches, place, user);

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
