/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/changes.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"

#define BUCKETS 64
/* How often a change that waits asks whether it is still wanted, in milliseconds. */
#define LOOK_EVERY 1000

/* There are never more changes than there are threads, and seldom more than one. */
struct changes {
	pthread_mutex_t lock;
	struct change *buckets[BUCKETS];
};

int changes_new(struct changes **ret_changes)
{
	struct changes *changes = calloc(1, sizeof(*changes));

	if (!changes)
		return -ENOMEM;
	pthread_mutex_init(&changes->lock, NULL);
	*ret_changes = changes;
	return 0;
}

void changes_free(struct changes *changes)
{
	if (!changes)
		return;
	pthread_mutex_destroy(&changes->lock);
	free(changes);
}

static struct change **bucket_of(struct changes *changes, const struct change *change)
{
	return &changes->buckets[(change->key.device + change->key.inode) % BUCKETS];
}

static bool is_of_same_key(const struct change *left, const struct change *right)
{
	return left->key.device == right->key.device && left->key.inode == right->key.inode &&
	       left->key.scope == right->key.scope;
}

/* With the lock held: the first change of that key. Return: NULL: there is none. */
static struct change *first_of(struct changes *changes, const struct change *change)
{
	struct change *first = *bucket_of(changes, change);

	while (first && !is_of_same_key(first, change))
		first = first->next;
	return first;
}

/* With the lock held. */
static void add(struct changes *changes, struct change *change)
{
	struct change **link = bucket_of(changes, change);

	while (*link)
		link = &(*link)->next;
	*link = change;
}

/* With the lock held: take it off, and let the one that is first now go on. */
static void take_off(struct changes *changes, struct change *change)
{
	struct change **link = bucket_of(changes, change);

	while (*link != change)
		link = &(*link)->next;
	*link = change->next;
	change->is_entered = false;
	struct change *next = first_of(changes, change);

	if (next)
		pthread_cond_signal(&next->called);
}

static void init(struct change *change, const struct change_key *key)
{
	*change = (struct change){ .key = *key };
	pthread_cond_init(&change->called, NULL);
}

/* With the lock held, which others get while this one asks. */
static bool is_still_wanted(struct changes *changes, const struct changes_wait *wait)
{
	pthread_mutex_unlock(&changes->lock);
	bool is_wanted = wait->is_wanted(wait->place);

	pthread_mutex_lock(&changes->lock);
	return is_wanted;
}

/* With the lock held. Return: as changes_enter(). */
static int await_turn(struct changes *changes, struct change *change,
		      const struct changes_wait *wait)
{
	const uint64_t end = clock_milliseconds() + wait->milliseconds;
	int r = CHANGES_ENTERED;

	for (; first_of(changes, change) != change; r = CHANGES_WAITED) {
		uint64_t now = clock_milliseconds();

		if (now >= end)
			return -ETIMEDOUT;
		const struct timespec until = clock_after(
			end - now < LOOK_EVERY ? (unsigned int)(end - now) : LOOK_EVERY);

		if (pthread_cond_clockwait(&change->called, &changes->lock, CLOCK_MONOTONIC,
					   &until) == ETIMEDOUT &&
		    !is_still_wanted(changes, wait))
			return -ECANCELED;
	}
	return r;
}

int changes_enter(struct changes *changes, struct change *change, const struct change_key *key,
		  const struct changes_wait *wait)
{
	init(change, key);
	pthread_mutex_lock(&changes->lock);
	add(changes, change);
	int r = await_turn(changes, change, wait);

	if (r > 0)
		change->is_entered = true;
	else
		take_off(changes, change);
	pthread_mutex_unlock(&changes->lock);
	return r;
}

bool changes_try_enter(struct changes *changes, struct change *change, const struct change_key *key)
{
	init(change, key);
	pthread_mutex_lock(&changes->lock);
	change->is_entered = !first_of(changes, change);
	if (change->is_entered)
		add(changes, change);
	pthread_mutex_unlock(&changes->lock);
	return change->is_entered;
}

void changes_leave(struct changes *changes, struct change *change)
{
	if (!change->is_entered)
		return;
	pthread_mutex_lock(&changes->lock);
	take_off(changes, change);
	pthread_mutex_unlock(&changes->lock);
}
