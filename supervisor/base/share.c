/* SPDX-License-Identifier: Apache-2.0 */
#include "base/share.h"

static size_t difference(size_t all, size_t part)
{
	return all > part ? all - part : 0;
}

size_t share_of_users(const struct share_pool *pool)
{
	return pool->size - pool->size / 4;
}

bool share_is_fair(size_t has, size_t left, size_t part)
{
	return has < left && (left > part / 4 || has < SHARE_FEW);
}

static size_t left_for(const struct share_pool *pool, bool is_root)
{
	size_t left = difference(pool->size, pool->taken);
	size_t of_users = difference(share_of_users(pool), pool->of_users);

	return is_root || left < of_users ? left : of_users;
}

enum share_result share_judge(const struct share_pool *pool, const struct share_holding *holding)
{
	size_t left = left_for(pool, holding->is_root);
	size_t part = holding->is_root ? pool->size / 4 : share_of_users(pool);

	if (holding->container_most > 0 && holding->container >= holding->container_most)
		return SHARE_CONTAINER_FULL;
	if (!holding->is_root && holding->user_most > 0 && holding->user >= holding->user_most)
		return SHARE_USER_FULL;
	if (!share_is_fair(holding->container, left, part))
		return SHARE_CONTAINER_HAS_MUCH;
	if (!holding->is_root && holding->user >= left)
		return SHARE_USER_HAS_MUCH;
	return SHARE_GRANTED;
}

void share_take(struct share_pool *pool, bool is_root)
{
	pool->taken++;
	pool->of_users += !is_root;
}

void share_give_back(struct share_pool *pool, bool is_root)
{
	pool->taken--;
	pool->of_users -= !is_root;
}
