/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table of chains, by a hash of the key. A user chooses the ids of containers, and could make many for the same
 * chain; with the few that a user may have at a time, that costs little. There are so many chains that a search is
 * short when the table is full.
 *
 * A user is known as long as they have a container. The shares are those of base/share.h.
 */
#include "daemon/registry.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "idmap_shown.h"

#define CHAINS 1024
#define SECOND 1000000000ULL

/** struct registry_user - what one user's containers have together */
struct registry_user {
	uid_t uid;
	size_t containers;
	size_t listeners;
	struct registry_user *next;
};

struct registry {
	struct config_limits limits;
	struct registry_pools pools;
	struct registry_user *users;
	struct container *chains[CHAINS];
};

/* FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/). */
static size_t hash(const struct container_key *key)
{
	uint32_t value = 2166136261U ^ key->owner ^ key->runtime << 24;

	for (const char *at = key->id; *at; at++)
		value = (value ^ (unsigned char)*at) * 16777619U;
	return value % CHAINS;
}

static bool is_same(const struct container_key *left, const struct container_key *right)
{
	return left->runtime == right->runtime && left->owner == right->owner &&
	       strcmp(left->id, right->id) == 0;
}

int registry_new(const struct config_limits *limits, struct registry **ret_registry)
{
	struct registry *registry = calloc(1, sizeof(*registry));

	if (!registry)
		return -ENOMEM;
	registry->limits = *limits;
	registry->pools.containers.size = limits->containers;
	registry->pools.listeners.size = LISTENERS_MAX;
	*ret_registry = registry;
	return 0;
}

static void container_free(struct container *container)
{
	shared_policy_unref(container->policy);
	free(container->name);
	free(container);
}

void registry_free(struct registry *registry)
{
	if (!registry)
		return;
	for (size_t i = 0; i < CHAINS; i++)
		while (registry->chains[i]) {
			struct container *container = registry->chains[i];

			registry->chains[i] = container->next;
			container_free(container);
		}
	while (registry->users) {
		struct registry_user *user = registry->users;

		registry->users = user->next;
		free(user);
	}
	free(registry);
}

struct container *registry_find(const struct registry *registry, const struct container_key *key)
{
	struct container *container = registry->chains[hash(key)];

	while (container && (container->has_ended || !is_same(&container->key, key)))
		container = container->next;
	return container;
}

struct container *registry_next(const struct registry *registry, const struct container *container)
{
	size_t chain = container ? hash(&container->key) + 1 : 0;

	if (container && container->next)
		return container->next;
	while (chain < CHAINS && !registry->chains[chain])
		chain++;
	return chain < CHAINS ? registry->chains[chain] : NULL;
}

const struct registry_pools *registry_pools(const struct registry *registry)
{
	return &registry->pools;
}

/* ---- attach and detach ---- */

static struct registry_user *find_user(const struct registry *registry, uid_t uid)
{
	struct registry_user *user = registry->users;

	while (user && user->uid != uid)
		user = user->next;
	return user;
}

/* Count one more container of a user. Return: the user; NULL without memory. */
static struct registry_user *enter_user(struct registry *registry, uid_t uid)
{
	struct registry_user *user = find_user(registry, uid);

	if (!user) {
		user = calloc(1, sizeof(*user));
		if (!user)
			return NULL;
		user->uid = uid;
		user->next = registry->users;
		registry->users = user;
	}
	user->containers++;
	share_take(&registry->pools.containers, uid == 0);
	return user;
}

static void leave_user(struct registry *registry, struct registry_user *user)
{
	struct registry_user **place = &registry->users;

	share_give_back(&registry->pools.containers, user->uid == 0);
	if (--user->containers > 0)
		return;
	while (*place != user)
		place = &(*place)->next;
	*place = user->next;
	free(user);
}

/* Return: REGISTRY_ATTACHED: there is room for one more container; else why not. */
static enum registry_result find_room(const struct registry *registry, uid_t owner)
{
	const struct registry_user *user = find_user(registry, owner);
	const struct share_holding holding = {
		.is_root = owner == 0,
		.user = user ? user->containers : 0,
		.user_most = registry->limits.containers_per_user,
	};

	switch (share_judge(&registry->pools.containers, &holding)) {
	case SHARE_GRANTED:
		return REGISTRY_ATTACHED;
	case SHARE_USER_FULL:
		return REGISTRY_USER_FULL;
	case SHARE_USER_HAS_MUCH:
		return REGISTRY_USER_HAS_MUCH;
	case SHARE_CONTAINER_FULL:
	case SHARE_CONTAINER_HAS_MUCH:
	default:
		return owner == 0 || registry->pools.containers.taken >=
					       registry->pools.containers.size ?
			       REGISTRY_FULL :
			       REGISTRY_USERS_FULL;
	}
}

/* The same for one more listener. @container: NULL: a new one */
static enum registry_result find_listener_room(const struct registry *registry, uid_t owner,
					       const struct container *container)
{
	const struct registry_user *user = find_user(registry, owner);
	const struct share_holding holding = {
		.is_root = owner == 0,
		.container = container ? container->listeners : 0,
		.container_most = registry->limits.listeners_per_container,
		.user = user ? user->listeners : 0,
		.user_most = registry->limits.listeners_per_user,
	};

	switch (share_judge(&registry->pools.listeners, &holding)) {
	case SHARE_GRANTED:
		return REGISTRY_ATTACHED;
	case SHARE_CONTAINER_FULL:
		return REGISTRY_CONTAINER_FULL;
	case SHARE_USER_FULL:
		return REGISTRY_USER_LISTENERS_FULL;
	case SHARE_CONTAINER_HAS_MUCH:
	case SHARE_USER_HAS_MUCH:
	default:
		return REGISTRY_LISTENERS_SCARCE;
	}
}

enum registry_result registry_room(const struct registry *registry, uid_t owner, const char *id)
{
	const struct container *container = NULL;

	while ((container = registry_next(registry, container)) != NULL)
		if (!container->has_ended && container->key.owner == owner &&
		    strcmp(container->key.id, id) == 0)
			return REGISTRY_ATTACHED;
	return find_room(registry, owner);
}

/* A copy of the id follows the struct in memory. */
static struct container *container_new(const struct container_key *key,
				       struct shared_policy *policy,
				       const struct registry_time *now)
{
	size_t size = strlen(key->id) + 1;
	struct container *container = calloc(1, sizeof(*container) + size);

	if (!container)
		return NULL;
	container->key = *key;
	container->key.id = memcpy(container + 1, key->id, size);
	container->policy = shared_policy_ref(policy);
	atomic_init(&container->audit, policy->policy->audit);
	container->since = now->real;
	container->samples[0].time = container->samples[1].time = now->monotonic;
	return container;
}

/* Return: 0; -ENOMEM. */
static int add(struct registry *registry, const struct container_key *key,
	       struct shared_policy *policy, const struct registry_time *now,
	       struct container **ret_container)
{
	struct container *container = container_new(key, policy, now);

	if (!container)
		return -ENOMEM;
	container->user = enter_user(registry, key->owner);
	if (!container->user) {
		container_free(container);
		return -ENOMEM;
	}
	container->next = registry->chains[hash(key)];
	registry->chains[hash(key)] = container;
	*ret_container = container;
	return 0;
}

static bool is_id(const char *id)
{
	size_t length = strnlen(id, CONTAINER_ID_MAX + 1);

	return length > 0 && length <= CONTAINER_ID_MAX;
}

/* Return: 0: the container of a key is there, or has been made; -EINVAL; -ENOMEM. */
static int find_or_add(struct registry *registry, const struct container_key *key,
		       struct shared_policy *policy, const struct registry_time *now,
		       struct container **ret_container)
{
	if (!is_id(key->id))
		return -EINVAL;
	*ret_container = registry_find(registry, key);
	return *ret_container ? 0 : add(registry, key, policy, now, ret_container);
}

int registry_restore(struct registry *registry, const struct container_key *key,
		     struct shared_policy *policy, const struct registry_time *now,
		     struct container **ret_container)
{
	struct container *container = NULL;
	int r = find_or_add(registry, key, policy, now, &container);

	if (r < 0)
		return r;
	share_take(&registry->pools.listeners, key->owner == 0);
	container->user->listeners++;
	container->listeners++;
	*ret_container = container;
	return REGISTRY_ATTACHED;
}

int registry_attach(struct registry *registry, const struct container_key *key,
		    struct shared_policy *policy, const struct registry_time *now,
		    struct container **ret_container)
{
	const struct container *container = registry_find(registry, key);
	enum registry_result room = container ? REGISTRY_ATTACHED : find_room(registry, key->owner);

	if (room == REGISTRY_ATTACHED)
		room = find_listener_room(registry, key->owner, container);
	return room == REGISTRY_ATTACHED ?
		       registry_restore(registry, key, policy, now, ret_container) :
		       (int)room;
}

/* If nothing is left of it. */
static void remove_container(struct registry *registry, struct container *container)
{
	struct container **place = &registry->chains[hash(&container->key)];

	if (container->listeners > 0 || container->is_held)
		return;
	while (*place != container)
		place = &(*place)->next;
	*place = container->next;
	leave_user(registry, container->user);
	container_free(container);
}

void registry_detach(struct registry *registry, struct container *container)
{
	share_give_back(&registry->pools.listeners, container->key.owner == 0);
	container->user->listeners--;
	container->listeners--;
	remove_container(registry, container);
}

int registry_hold(struct registry *registry, const struct container_key *key,
		  struct shared_policy *policy, const struct registry_time *now,
		  struct container **ret_container)
{
	struct container *container = NULL;
	int r = find_or_add(registry, key, policy, now, &container);

	if (r < 0)
		return r;
	container->is_held = true;
	*ret_container = container;
	return REGISTRY_ATTACHED;
}

void registry_let_go(struct registry *registry, struct container *container)
{
	container->is_held = false;
	remove_container(registry, container);
}

void registry_retire(struct container *container)
{
	container->has_ended = true;
}

bool container_is_single(const struct container *container)
{
	return container->listeners + container->is_held == 1;
}

const char *registry_refusal(enum registry_result result)
{
	static const char *const refusals[] = {
		[REGISTRY_ATTACHED] = "it is attached",
		[REGISTRY_FULL] = "there are as many containers as limits/containers allows",
		[REGISTRY_USERS_FULL] = "all users but root have as many containers as "
					"limits/containers leaves to them, which is three quarters",
		[REGISTRY_USER_FULL] =
			"its user has as many containers as limits/containers-per-user allows",
		[REGISTRY_USER_HAS_MUCH] =
			"its user has as many containers as limits/containers leaves to other users",
		[REGISTRY_CONTAINER_FULL] =
			"it has as many listeners as limits/listeners-per-container allows",
		[REGISTRY_USER_LISTENERS_FULL] =
			"its user has as many listeners as limits/listeners-per-user allows",
		[REGISTRY_LISTENERS_SCARCE] =
			"it, or its user, has as many listeners as are left for others; end "
			"containers, or commands in them",
	};

	return refusals[result];
}

/* ---- what is known of a container ---- */

void container_set_name(struct container *container, const char *name)
{
	free(container->name);
	container->name = strcmp(name, container->key.id) == 0 ? NULL : strdup(name);
}

const char *container_name(const struct container *container)
{
	return container->name ? container->name : container->key.id;
}

void container_set_map(struct container *container, const struct id_map *uids)
{
	id_map_show(uids, container->map, CONTAINER_MAP_SIZE);
}

static uint64_t requests_of(const struct container *container)
{
	return atomic_load_explicit(&container->counters.requests, memory_order_relaxed);
}

void registry_sample(struct registry *registry, const struct registry_time *now)
{
	struct container *container = NULL;

	while ((container = registry_next(registry, container)) != NULL) {
		if (now->monotonic - container->samples[1].time < SECOND)
			continue;
		container->samples[0] = container->samples[1];
		container->samples[1] = (struct container_sample){
			.time = now->monotonic,
			.requests = requests_of(container),
		};
	}
}

double container_rate(const struct container *container, const struct registry_time *now)
{
	const struct container_sample *sample = &container->samples[0];
	double seconds = (double)(now->monotonic - sample->time) / (double)SECOND;

	if (seconds <= 0)
		return 0;
	return (double)(requests_of(container) - sample->requests) / seconds;
}
