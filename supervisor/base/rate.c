/* SPDX-License-Identifier: Apache-2.0 */
#include "base/rate.h"

/* No address of a container is as low. */
#define KEY_OF_USER(user) ((uint64_t)(user))

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
	const uint64_t at_once = (uint64_t)(RATE_AT_ONCE - 1) * RATE_INTERVAL;

	return source->taken_until > at_once ? source->taken_until - at_once : 0;
}

static void take_turn(struct rate_source *source, uint64_t now)
{
	source->taken_until =
		(source->taken_until > now ? source->taken_until : now) + RATE_INTERVAL;
}

bool rate_book(struct rate *rate, const struct share_holder *holder, uint64_t now,
	       uint64_t patience, uint64_t *ret_turn)
{
	const uint64_t keys[] = { (uintptr_t)holder->container, KEY_OF_USER(holder->user) };
	const size_t count = !holder->container ? 0 : holder->user == 0 ? 1 : 2;

	*ret_turn = now;
	for (size_t i = 0; i < count; i++) {
		uint64_t turn = next_turn(find_source(rate, keys[i]));

		*ret_turn = turn > *ret_turn ? turn : *ret_turn;
	}
	if (*ret_turn > now + patience)
		return false;
	for (size_t i = 0; i < count; i++)
		take_turn(find_source(rate, keys[i]), now);
	return true;
}
