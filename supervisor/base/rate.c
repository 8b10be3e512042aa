/* SPDX-License-Identifier: Apache-2.0 */
#include "base/rate.h"

/* No address of a container is as low as the number of a user, which is the user's key. */
#define KEY_OF_CONTAINER(holder) ((uint64_t)(uintptr_t)(holder)->container)

/* That of the key, or else the one that has all its turns soonest. */
static struct rate_source *find_source(struct rate *rate, uint64_t key)
{
	struct rate_source *first = &rate->sources[0];

	for (size_t i = 0; i < RATE_SOURCES_MAX; i++) {
		struct rate_source *source = &rate->sources[i];

		if (source->key == key)
			return source;
		if (source->taken_until < first->taken_until)
			first = source;
	}
	*first = (struct rate_source){ .key = key };
	return first;
}

static uint64_t next_turn(const struct rate_source *source)
{
	const uint64_t at_once = (RATE_AT_ONCE - 1) * RATE_INTERVAL;

	return source->taken_until > at_once ? source->taken_until - at_once : 0;
}

static void take_turn(struct rate_source *source, uint64_t now)
{
	source->taken_until =
		(source->taken_until > now ? source->taken_until : now) + RATE_INTERVAL;
}

static uint64_t later(uint64_t one, uint64_t other)
{
	return one > other ? one : other;
}

/** struct booking - a turn, and whether it comes before those that others of the user have booked */
struct booking {
	uint64_t turn;
	bool passes;
};

static struct booking find_turn(struct rate *rate, const struct share_holder *holder, uint64_t now)
{
	const struct rate_source *container = find_source(rate, KEY_OF_CONTAINER(holder));
	const uint64_t own = later(now, next_turn(container));
	const uint64_t share = later(own, later(now, container->passed) + RATE_WAIT);
	const uint64_t users = holder->user == 0 ? now : next_turn(find_source(rate, holder->user));

	return (struct booking){ users > share ? share : later(own, users), users > share };
}

/* What passes is the container's alone. */
static void book(struct rate *rate, const struct share_holder *holder, uint64_t now,
		 const struct booking *booking)
{
	struct rate_source *container = find_source(rate, KEY_OF_CONTAINER(holder));

	take_turn(container, now);
	if (booking->passes)
		container->passed = booking->turn;
	else if (holder->user != 0)
		take_turn(find_source(rate, holder->user), now);
}

bool rate_book(struct rate *rate, const struct share_holder *holder, uint64_t now,
	       uint64_t patience, uint64_t *ret_turn)
{
	*ret_turn = now;
	if (!holder->container)
		return true;
	const struct booking booking = find_turn(rate, holder, now);

	*ret_turn = booking.turn;
	if (booking.turn > now + patience)
		return false;
	book(rate, holder, now, &booking);
	return true;
}
