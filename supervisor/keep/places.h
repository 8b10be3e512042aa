/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_KEEP_PLACES_H
#define NSXATTR_KEEP_PLACES_H

/*
 * How many requests may be under way: each needs a thread, with a slot of the journal. A container always
 * has its first place, whatever others do; for those beside it the rule of base/share.h holds. What counts
 * is the container, not the listener: those of one container have its places together.
 *
 * Nothing here locks: the engine does.
 */

#include <stdbool.h>
#include <sys/queue.h>
#include <sys/types.h>

#include "base/share.h"

#define PLACES_BESIDE_MAX 1024 /* in all containers together, those that are not the first */

struct shard;

/** struct places_user - the user of containers */
struct places_user {
	uid_t uid;
	size_t containers;
	size_t beside; /* places, but for the first of each container */
	LIST_ENTRY(places_user) all;
};

/** struct places_container - a container, as long as a source of it is served */
struct places_container {
	const void *key; /* tells it from others; compared, never followed */
	struct places_user *user;
	size_t sources;
	size_t taken;
	size_t most; /* of its policy */
	size_t waiting; /* of its sources: those that wait for a place; the engine's, as what follows */
	TAILQ_HEAD(, shard) shards; /* its sources; the one that began to wait last at the end */
	bool is_told; /* that they wait */
	unsigned long poor; /* a tick at which none of them had a place to give */
	LIST_ENTRY(places_container) all;
};

/** struct places - all of them */
struct places {
	struct share_pool beside;
	LIST_HEAD(, places_container) containers;
	LIST_HEAD(, places_user) users;
};

/** places_init() - all of them are free */
void places_init(struct places *places);

/**
 * places_enter() - a source of a container is to be served
 * @key: of the container
 * @owner: its user
 * @most: places that it may have, if it is new
 *
 * Return: it, until places_leave(); NULL without memory.
 */
struct places_container *places_enter(struct places *places, const void *key, uid_t owner,
				      size_t most);

/** places_leave() - a source of the container is over, and has no place */
void places_leave(struct places_container *container);

/** places_take() - take one, if it is granted. Return: an enum share_result. */
enum share_result places_take(struct places *places, struct places_container *container);

/** places_give_back() - a place that was granted is free again */
void places_give_back(struct places *places, struct places_container *container);

#endif
