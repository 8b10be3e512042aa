/* SPDX-License-Identifier: Apache-2.0 */
#include "base/share.h"

#include <criterion/criterion.h>

#define CONTAINERS 16

/** struct player - a container that takes as much as it gets */
struct player {
	size_t *user; /* NULL: root's */
	size_t has;
	size_t most;
};

static enum share_result take(struct share_pool *pool, struct player *player)
{
	const struct share_holding holding = {
		.is_root = !player->user,
		.container = player->has,
		.container_most = player->most,
		.user = player->user ? *player->user : 0,
	};
	enum share_result result = share_judge(pool, &holding);

	if (result != SHARE_GRANTED)
		return result;
	share_take(pool, !player->user);
	player->has++;
	if (player->user)
		(*player->user)++;
	return result;
}

/* In turn, until none gets any more. */
static void take_all(struct share_pool *pool, struct player *players, size_t count)
{
	bool is_any_granted = true;

	while (is_any_granted) {
		is_any_granted = false;
		for (size_t i = 0; i < count; i++)
			is_any_granted |= take(pool, &players[i]) == SHARE_GRANTED;
	}
}

Test(share, gives_a_container_no_more_than_half)
{
	struct share_pool pool = { .size = 1000 };
	struct player root = { 0 };

	take_all(&pool, &root, 1);
	cr_expect_eq(root.has, 500);
	cr_expect_eq(take(&pool, &root), SHARE_CONTAINER_HAS_MUCH);
}

Test(share, gives_a_container_no_more_than_it_may_have)
{
	struct share_pool pool = { .size = 1000 };
	struct player root = { .most = 128 };

	take_all(&pool, &root, 1);
	cr_expect_eq(root.has, 128);
	cr_expect_eq(take(&pool, &root), SHARE_CONTAINER_FULL);
}

Test(share, leaves_something_whatever_the_containers_of_root_take)
{
	struct share_pool pool = { .size = 1000 };
	struct player players[CONTAINERS] = { 0 }, late = { 0 };

	take_all(&pool, players, CONTAINERS);
	for (size_t i = 0; i < CONTAINERS; i++)
		cr_expect(players[i].has == 58 || players[i].has == 59, "%zu", players[i].has);
	take_all(&pool, &late, 1);
	cr_expect_eq(late.has, SHARE_FEW);
}

/* The first one has more, but never so much that nothing is left to the last one. */
Test(share, leaves_something_to_those_who_come_one_after_another)
{
	struct share_pool pool = { .size = 1024 };

	for (size_t i = 0; i < 8; i++)
		take_all(&pool, &(struct player){ .most = 128 }, 1);
	for (size_t i = 8; i < 8 + 64 / SHARE_FEW - 1; i++) {
		struct player late = { .most = 128 };

		take_all(&pool, &late, 1);
		cr_expect_eq(late.has, SHARE_FEW, "%zu: %zu", i, late.has);
	}
}

/* Nine containers of one user do not have more than one of another's could. */
Test(share, gives_all_containers_of_a_user_together_no_more_than_half_of_what_users_have)
{
	struct share_pool pool = { .size = 1024 };
	size_t one = 0, other = 0;
	struct player players[9], bystander = { .user = &other }, root = { 0 };

	for (size_t i = 0; i < 9; i++)
		players[i] = (struct player){ .user = &one, .most = 128 };
	take_all(&pool, players, 9);
	cr_expect_eq(one, 384);
	cr_expect_eq(take(&pool, &players[8]), SHARE_USER_HAS_MUCH);
	take_all(&pool, &bystander, 1);
	cr_expect_eq(other, 192);
	take_all(&pool, &root, 1);
	cr_expect_eq(root.has, 224);
}

Test(share, gives_a_user_no_more_than_they_may_have)
{
	struct share_pool pool = { .size = 1000, .taken = 64, .of_users = 64 };
	struct share_holding holding = { .user = 64, .user_most = 64 };

	cr_expect_eq(share_judge(&pool, &holding), SHARE_USER_FULL);
	holding.is_root = true;
	cr_expect_eq(share_judge(&pool, &holding), SHARE_GRANTED);
}

/* Who has a range of ids is as many users. */
Test(share, leaves_a_quarter_to_root_whatever_users_there_are)
{
	struct share_pool pool = { .size = 1000 };
	size_t users[1000] = { 0 };
	struct player root = { 0 };

	for (size_t i = 0; i < 1000; i++)
		take_all(&pool, &(struct player){ .user = &users[i] }, 1);
	cr_expect_eq(pool.of_users, 750);
	cr_expect_eq(share_of_users(&pool), 750);
	take_all(&pool, &root, 1);
	cr_expect_eq(root.has, 125);
}

/* What is root's is not more than there is. */
Test(share, gives_users_what_root_has_left_and_no_more)
{
	struct share_pool pool = { .size = 100, .taken = 99 };
	struct share_holding holding = { .is_root = false };

	cr_expect_eq(share_judge(&pool, &holding), SHARE_GRANTED);
	share_take(&pool, false);
	cr_expect_eq(share_judge(&pool, &holding), SHARE_CONTAINER_HAS_MUCH);
	share_give_back(&pool, false);
	cr_expect_eq(pool.taken, 99);
	cr_expect_eq(pool.of_users, 0);
}

Test(share, gives_the_last_one_only_to_who_has_none)
{
	struct share_pool pool = { .size = 2, .taken = 1 };
	struct share_holding holding = { .is_root = true, .container = 1 };

	cr_expect_eq(share_judge(&pool, &holding), SHARE_CONTAINER_HAS_MUCH);
	holding.container = 0;
	cr_expect_eq(share_judge(&pool, &holding), SHARE_GRANTED);
}
