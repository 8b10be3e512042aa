/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table of chains, by a hash of the key. Ids are made by whoever starts containers, so that somebody
 * could make many of the same chain; with what a user may have at a time, that costs little. It has as
 * many chains as it takes for a search to be short when it is full.
 *
 * How many containers a user has is counted when one is added: that is rare, and the table is small.
 */
#include "daemon/registry.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "idmap.h"

#define CHAINS 1024
#define SECOND 1000000000ULL

struct registry {
	struct config_limits limits;
	size_t count;
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
	*ret_registry = registry;
	return 0;
}

static void container_free(struct container *container)
{
	kept_policy_unref(container->policy);
	free(container->name);
	free(container);
}

void registry_free(struct registry *registry)
{
	if (!registry)
		return;
	for (size_t i = 0; i < CHAINS; i++)
		for (struct container *container = registry->chains[i], *next; container;
		     container = next) {
			next = container->next;
			container_free(container);
		}
	free(registry);
}

struct container *registry_find(const struct registry *registry, const struct container_key *key)
{
	struct container *container = registry->chains[hash(key)];

	while (container && !is_same(&container->key, key))
		container = container->next;
	return container;
}

void registry_visit(const struct registry *registry, registry_visitor *visit, void *argument)
{
	for (size_t i = 0; i < CHAINS; i++)
		for (const struct container *container = registry->chains[i]; container;
		     container = container->next)
			visit(container, argument);
}

size_t registry_count(const struct registry *registry)
{
	return registry->count;
}

/* ---- attach and detach ---- */

struct owner_count {
	uid_t owner;
	size_t count;
};

static void count_owner(const struct container *container, void *argument)
{
	struct owner_count *owners = argument;

	owners->count += container->key.owner == owners->owner;
}

static bool is_user_full(const struct registry *registry, uid_t owner)
{
	struct owner_count owners = { .owner = owner };

	if (owner == 0)
		return false;
	registry_visit(registry, count_owner, &owners);
	return owners.count >= registry->limits.containers_per_user;
}

/** struct search - for a container, whatever its runtime may be called */
struct search {
	uid_t owner;
	const char *id;
	bool is_found;
};

static void compare(const struct container *container, void *argument)
{
	struct search *search = argument;

	search->is_found |= container->key.owner == search->owner &&
			    strcmp(container->key.id, search->id) == 0;
}

/* Return: REGISTRY_ATTACHED: there is room. */
static enum registry_result find_room(const struct registry *registry, uid_t owner)
{
	if (registry->count >= registry->limits.containers)
		return REGISTRY_FULL;
	return is_user_full(registry, owner) ? REGISTRY_USER_FULL : REGISTRY_ATTACHED;
}

enum registry_result registry_room(const struct registry *registry, uid_t owner, const char *id)
{
	struct search search = { .owner = owner, .id = id };

	registry_visit(registry, compare, &search);
	return search.is_found ? REGISTRY_ATTACHED : find_room(registry, owner);
}

/* The id lies behind the container. */
static struct container *container_new(const struct container_key *key, struct kept_policy *policy,
				       const struct registry_time *now)
{
	size_t size = strlen(key->id) + 1;
	struct container *container = calloc(1, sizeof(*container) + size);

	if (!container)
		return NULL;
	container->key = *key;
	container->key.id = memcpy(container + 1, key->id, size);
	container->policy = kept_policy_ref(policy);
	container->since = now->real;
	container->samples[0].time = container->samples[1].time = now->monotonic;
	return container;
}

static int add(struct registry *registry, const struct container_key *key,
	       struct kept_policy *policy, const struct registry_time *now,
	       struct container **ret_container)
{
	enum registry_result room = find_room(registry, key->owner);

	if (room != REGISTRY_ATTACHED)
		return (int)room;
	struct container *container = container_new(key, policy, now);

	if (!container)
		return -ENOMEM;
	container->next = registry->chains[hash(key)];
	registry->chains[hash(key)] = container;
	registry->count++;
	*ret_container = container;
	return REGISTRY_ATTACHED;
}

int registry_attach(struct registry *registry, const struct container_key *key,
		    struct kept_policy *policy, const struct registry_time *now,
		    struct container **ret_container)
{
	size_t length = strnlen(key->id, CONTAINER_ID_MAX + 1);

	if (length == 0 || length > CONTAINER_ID_MAX)
		return -EINVAL;
	struct container *container = registry_find(registry, key);
	int r = REGISTRY_ATTACHED;

	if (!container)
		r = add(registry, key, policy, now, &container);
	else if (container->listeners >= registry->limits.listeners_per_container)
		return REGISTRY_CONTAINER_FULL;
	if (r != REGISTRY_ATTACHED)
		return r;
	container->listeners++;
	*ret_container = container;
	return REGISTRY_ATTACHED;
}

void registry_detach(struct registry *registry, struct container *container)
{
	struct container **place = &registry->chains[hash(&container->key)];

	if (--container->listeners > 0)
		return;
	while (*place != container)
		place = &(*place)->next;
	*place = container->next;
	registry->count--;
	container_free(container);
}

const char *registry_refusal(enum registry_result result)
{
	switch (result) {
	case REGISTRY_FULL:
		return "there are as many containers as limits/containers allows";
	case REGISTRY_USER_FULL:
		return "its user has as many containers as limits/containers-per-user allows";
	case REGISTRY_CONTAINER_FULL:
		return "it has as many listeners as limits/listeners-per-container allows";
	case REGISTRY_ATTACHED:
	default:
		return "it is attached";
	}
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
	char *map = container->map;
	size_t used = 0;

	map[0] = '\0';
	for (size_t i = 0; i < uids->count; i++) {
		const struct id_extent *extent = &uids->extents[i];
		int length = snprintf(map + used, CONTAINER_MAP_SIZE - used,
				      "%s%" PRIu32 " %" PRIu32 " %" PRIu32, i > 0 ? "; " : "",
				      extent->inside, extent->host, extent->count);

		if (length < 0 || (size_t)length >= CONTAINER_MAP_SIZE - used) {
			map[used] = '\0';
			return;
		}
		used += (size_t)length;
	}
}

static uint64_t requests_of(const struct container *container)
{
	return atomic_load_explicit(&container->counters.requests, memory_order_relaxed);
}

void registry_sample(struct registry *registry, const struct registry_time *now)
{
	for (size_t i = 0; i < CHAINS; i++)
		for (struct container *container = registry->chains[i]; container;
		     container = container->next) {
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
