/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_DAEMON_REGISTRY_H
#define NSXATTR_DAEMON_REGISTRY_H

/*
 * The containers that the daemon serves. A container is there as long as it has a listener, or is held.
 *
 * The registry belongs to one thread, and makes no system call. The threads of the engine write the counters of a
 * container until the shard of its last listener is over, so registry_detach() comes after ended().
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "base/share.h"
#include "daemon/config.h"
#include "daemon/shared_policy.h"
#include "keep/engine.h"

/* The longest id, which a runtime makes or a user gives. */
#define CONTAINER_ID_MAX 255

struct attachment;
struct container_judge;
struct id_map;

/* Room for the id map as "0 100000 65536; ...", of which the beginning is enough to find it by. */
#define CONTAINER_MAP_SIZE 128

/** struct container_key - what tells one container from another */
struct container_key {
	unsigned int runtime; /* bits of enum policy_runtime, always the same for a container */
	uid_t owner; /* the user whose runtime has handed it over */
	const char *id;
};

/** struct container_sample - how many requests were answered by some moment */
struct container_sample {
	uint64_t time; /* CLOCK_MONOTONIC, nanoseconds */
	uint64_t requests;
};

/** struct container - one container, of the registry */
struct container {
	struct container_key key; /* @key.id is the container's own copy */
	char *name; /* container_name(); NULL: it is called by its id */
	struct registry_user *user;
	struct shared_policy *policy; /* counted */
	char map[CONTAINER_MAP_SIZE]; /* container_set_map(); "": not known */
	pid_t process; /* with which it began, only to be shown; it may have ended since. 0: not known */
	time_t since; /* CLOCK_REALTIME, seconds */
	uint32_t listeners;
	bool is_held; /* registry_hold() */
	bool has_ended; /* registry_retire() */
	atomic_uint audit; /* an enum audit_extent; see attachments_follow_audit() */
	struct shard_counters counters; /* of all its listeners */
	struct container_judge *judge; /* of who attaches it; NULL: nothing is judged */
	struct attachment *life; /* likewise: which holds it; NULL: none does */
	struct container_sample samples[2]; /* the older one first */
	struct container *next; /* in its chain */
};

struct registry;

/* base/share.h has the rules; registry_refusal() has the sentences for people. */
enum registry_result {
	REGISTRY_ATTACHED = 1,
	REGISTRY_FULL, /* no more containers */
	REGISTRY_USERS_FULL, /* no more containers of plain users */
	REGISTRY_USER_FULL, /* no more containers of this user */
	REGISTRY_USER_HAS_MUCH, /* it has as many containers as are left */
	REGISTRY_CONTAINER_FULL, /* no more listeners of this container */
	REGISTRY_USER_LISTENERS_FULL, /* no more listeners of this user */
	REGISTRY_LISTENERS_SCARCE, /* the container, or the user, has as many listeners as are left */
};

/**
 * registry_new() - an empty registry
 * @limits: what it can hold; copied
 * @ret_registry: it
 *
 * Return: 0; -ENOMEM.
 */
int registry_new(const struct config_limits *limits, struct registry **ret_registry);

/** registry_free() - release it and the containers that are left; NULL is accepted. */
void registry_free(struct registry *registry);

/** registry_find() - Return: the container of a key; NULL if there is none. */
struct container *registry_find(const struct registry *registry, const struct container_key *key);

/** struct registry_time - now, by two clocks */
struct registry_time {
	time_t real; /* CLOCK_REALTIME, seconds */
	uint64_t monotonic; /* CLOCK_MONOTONIC, nanoseconds */
};

/**
 * registry_attach() - one listener more
 * @registry: the registry
 * @key: of which container; an id over CONTAINER_ID_MAX bytes, or an empty one, is -EINVAL
 * @policy: of a new container, which takes a reference; a container that is there keeps its own
 * @now: the time
 * @ret_container: REGISTRY_ATTACHED: the container
 *
 * Return: an enum registry_result; -EINVAL; -ENOMEM.
 */
int registry_attach(struct registry *registry, const struct container_key *key,
		    struct shared_policy *policy, const struct registry_time *now,
		    struct container **ret_container);

/**
 * registry_restore() - the same for a listener that was attached in another process
 *
 * No limit refuses what was accepted once: whether it is within its share depends on the order.
 *
 * Return: REGISTRY_ATTACHED; -EINVAL; -ENOMEM.
 */
int registry_restore(struct registry *registry, const struct container_key *key,
		     struct shared_policy *policy, const struct registry_time *now,
		     struct container **ret_container);

/** registry_detach() - one listener less; with the last one, the container is gone if it is not held. */
void registry_detach(struct registry *registry, struct container *container);

/**
 * registry_hold() - a container is there without a listener, too
 *
 * Return: as registry_restore().
 */
int registry_hold(struct registry *registry, const struct container_key *key,
		  struct shared_policy *policy, const struct registry_time *now,
		  struct container **ret_container);

/** registry_let_go() - it is not held any more; without a listener, it is gone */
void registry_let_go(struct registry *registry, struct container *container);

/**
 * registry_retire() - it has ended, though some of it is left: another container may have its key
 *
 * It is found by registry_next() only.
 */
void registry_retire(struct container *container);

/** container_is_single() - has it one listener, and is not held, or the other way round? */
bool container_is_single(const struct container *container);

/**
 * registry_room() - is there room for one more container of a user?
 * @id: of the container; there is if it is attached already; "": not known
 *
 * Return: REGISTRY_ATTACHED if so; else why not.
 */
enum registry_result registry_room(const struct registry *registry, uid_t owner, const char *id);

/** registry_refusal() - Return: what to say about a result that is not REGISTRY_ATTACHED. */
const char *registry_refusal(enum registry_result result);

/** container_set_name() - remember what people call it, if that is not its id */
void container_set_name(struct container *container, const char *name);

/** container_name() - Return: what people call it, and what 'match' compares; as long as the container. */
const char *container_name(const struct container *container);

/** container_set_map() - remember how ids are mapped, by id_map_show() */
void container_set_map(struct container *container, const struct id_map *uids);

/** struct registry_pools - what all containers share; base/share.h has the words */
struct registry_pools {
	struct share_pool containers;
	struct share_pool listeners;
};

/** registry_pools() - Return: how much of them is taken; the registry's. */
const struct registry_pools *registry_pools(const struct registry *registry);

/** registry_next() - visit all containers, in no particular order. @container: NULL: begin. Return: another one; NULL. */
struct container *registry_next(const struct registry *registry, const struct container *container);

/**
 * registry_sample() - remember how many requests were answered by now, to tell rates later
 *
 * To be called every few seconds while there is a container; samples of less than a second ago are not replaced.
 */
void registry_sample(struct registry *registry, const struct registry_time *now);

/** container_rate() - Return: requests a second since the older sample. */
double container_rate(const struct container *container, const struct registry_time *now);

#endif
