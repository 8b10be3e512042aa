/* SPDX-License-Identifier: Apache-2.0 */
#include "keep/places.h"

#include <errno.h>
#include <stdlib.h>

void places_init(struct places *places)
{
	*places = (struct places){ .beside.size = PLACES_BESIDE_MAX };
}

/* Return: one more container is its; NULL without memory. */
static struct places_user *enter_user(struct places *places, uid_t uid)
{
	struct places_user *user = places->users;

	while (user && user->uid != uid)
		user = user->next;
	if (!user) {
		user = calloc(1, sizeof(*user));
		if (!user)
			return NULL;
		user->uid = uid;
		user->next = places->users;
		places->users = user;
	}
	user->containers++;
	return user;
}

static void leave_user(struct places *places, struct places_user *user)
{
	struct places_user **place = &places->users;

	if (--user->containers > 0)
		return;
	while (*place != user)
		place = &(*place)->next;
	*place = user->next;
	free(user);
}

static int add(struct places *places, const void *key, uid_t owner,
	       struct places_container **ret_container)
{
	struct places_container *container = calloc(1, sizeof(*container));

	if (!container)
		return -ENOMEM;
	container->key = key;
	container->user = enter_user(places, owner);
	if (!container->user) {
		free(container);
		return -ENOMEM;
	}
	TAILQ_INIT(&container->shards);
	container->next = places->containers;
	places->containers = container;
	*ret_container = container;
	return 0;
}

int places_enter(struct places *places, const void *key, uid_t owner, size_t most,
		 struct places_container **ret_container)
{
	struct places_container *container = places->containers;
	int r = 0;

	while (container && container->key != key)
		container = container->next;
	if (!container) {
		r = add(places, key, owner, &container);
		if (r < 0)
			return r;
		container->most = most;
	}
	container->sources++;
	*ret_container = container;
	return 0;
}

void places_leave(struct places *places, struct places_container *container)
{
	struct places_container **place = &places->containers;

	if (!container || --container->sources > 0)
		return;
	while (*place != container)
		place = &(*place)->next;
	*place = container->next;
	leave_user(places, container->user);
	free(container);
}

static bool is_roots(const struct places_container *container)
{
	return container->user->uid == 0;
}

/* With the first place: one more beside it. */
static enum share_result take_beside(struct places *places, struct places_container *container)
{
	const struct share_claim claim = {
		.is_root = is_roots(container),
		.container = container->taken - 1,
		.user = container->user->beside,
	};
	enum share_result result = share_judge(&places->beside, &claim);

	if (container->taken >= container->most)
		return SHARE_CONTAINER_FULL;
	if (result != SHARE_GRANTED)
		return result;
	share_take(&places->beside, claim.is_root);
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
