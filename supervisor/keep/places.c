/* SPDX-License-Identifier: Apache-2.0 */
#include "keep/places.h"

#include <stdlib.h>

void places_init(struct places *places)
{
	*places = (struct places){ .beside.size = PLACES_BESIDE_MAX };
}

/* Return: one more container is its; NULL without memory. */
static struct places_user *enter_user(struct places *places, uid_t uid)
{
	struct places_user *user;

	LIST_FOREACH(user, &places->users, all)
	if (user->uid == uid)
		break;
	if (!user) {
		user = calloc(1, sizeof(*user));
		if (!user)
			return NULL;
		user->uid = uid;
		LIST_INSERT_HEAD(&places->users, user, all);
	}
	user->containers++;
	return user;
}

static void leave_user(struct places_user *user)
{
	if (--user->containers > 0)
		return;
	LIST_REMOVE(user, all);
	free(user);
}

static struct places_container *add(struct places *places, const void *key, uid_t owner,
				    size_t most)
{
	struct places_container *container = calloc(1, sizeof(*container));
	struct places_user *user = container ? enter_user(places, owner) : NULL;

	if (!user) {
		free(container);
		return NULL;
	}
	container->key = key;
	container->user = user;
	container->most = most;
	TAILQ_INIT(&container->shards);
	LIST_INSERT_HEAD(&places->containers, container, all);
	return container;
}

struct places_container *places_enter(struct places *places, const void *key, uid_t owner,
				      size_t most)
{
	struct places_container *container;

	LIST_FOREACH(container, &places->containers, all)
	if (container->key == key)
		break;
	if (!container)
		container = add(places, key, owner, most);
	if (container)
		container->sources++;
	return container;
}

void places_leave(struct places_container *container)
{
	if (--container->sources > 0)
		return;
	LIST_REMOVE(container, all);
	leave_user(container->user);
	free(container);
}

static bool is_roots(const struct places_container *container)
{
	return container->user->uid == 0;
}

/* With the first place: one more beside it. */
static enum share_result take_beside(struct places *places, struct places_container *container)
{
	const struct share_holding holding = {
		.is_root = is_roots(container),
		.container = container->taken - 1,
		.user = container->user->beside,
	};
	enum share_result result = share_judge(&places->beside, &holding);

	if (container->taken >= container->most)
		return SHARE_CONTAINER_FULL;
	if (result != SHARE_GRANTED)
		return result;
	share_take(&places->beside, holding.is_root);
	container->user->beside++;
	return SHARE_GRANTED;
}

enum share_result places_take(struct places *places, struct places_container *container)
{
	enum share_result result = container->taken > 0 ? take_beside(places, container) :
							  SHARE_GRANTED;

	if (result == SHARE_GRANTED)
		container->taken++;
	return result;
}

void places_give_back(struct places *places, struct places_container *container)
{
	if (--container->taken == 0)
		return;
	share_give_back(&places->beside, is_roots(container));
	container->user->beside--;
}
