/* SPDX-License-Identifier: Apache-2.0 */
#include "keep/places.h"

#include <criterion/criterion.h>

static struct places places;
static const char keys[4096];

static void set_up(void)
{
	places_init(&places);
}

/* All that was entered has left. */
static void tear_down(void)
{
	cr_expect(LIST_EMPTY(&places.containers));
	cr_expect(LIST_EMPTY(&places.users));
	cr_expect_eq(places.beside.taken, 0);
	cr_expect_eq(places.beside.of_users, 0);
}

TestSuite(places, .init = set_up, .fini = tear_down);

static struct places_container *enter(size_t key, uid_t owner, size_t most)
{
	struct places_container *container = places_enter(&places, &keys[key], owner, most);

	cr_assert_not_null(container);
	return container;
}

/* Return: how many it has got. */
static size_t take_all(struct places_container *container)
{
	while (places_take(&places, container) == SHARE_GRANTED)
		;
	return container->taken;
}

static void leave(struct places_container *container)
{
	while (container->taken > 0)
		places_give_back(&places, container);
	while (container->sources > 1)
		places_leave(container);
	places_leave(container);
}

Test(places, are_a_containers_and_not_a_listeners)
{
	struct places_container *one = enter(0, 1000, 4), *again = enter(0, 1000, 4);

	cr_expect_eq(one, again);
	cr_expect_eq(take_all(one), 4);
	cr_expect_eq(places_take(&places, again), SHARE_CONTAINER_FULL);
	places_give_back(&places, one);
	cr_expect_eq(places_take(&places, again), SHARE_GRANTED);
	leave(one);
}

Test(places, can_be_a_single_one)
{
	struct places_container *one = enter(0, 0, 1);

	cr_expect_eq(take_all(one), 1);
	cr_expect_eq(places_take(&places, one), SHARE_CONTAINER_FULL);
	leave(one);
}

Test(places, are_left_to_others_by_one_that_may_have_more_than_there_are)
{
	struct places_container *one = enter(0, 0, 4096), *other = enter(1, 0, 128);

	cr_expect_eq(take_all(one), 1 + PLACES_BESIDE_MAX / 2);
	cr_expect_eq(places_take(&places, one), SHARE_CONTAINER_HAS_MUCH);
	cr_expect_eq(take_all(other), 128);
	leave(one);
	leave(other);
}

Test(places, are_not_taken_from_others_by_nine_containers_of_one_user)
{
	struct places_container *greedy[9], *other = enter(9, 1001, 128), *root = enter(10, 0, 128);
	size_t all = 0;

	for (size_t i = 0; i < 9; i++) {
		greedy[i] = enter(i, 1000, 128);
		all += take_all(greedy[i]);
	}
	/* Half of what is not root's, and the first of each. */
	cr_expect_eq(all, PLACES_BESIDE_MAX * 3 / 8 + 9);
	cr_expect_eq(places_take(&places, greedy[8]), SHARE_USER_HAS_MUCH);
	cr_expect_eq(take_all(other), 128);
	cr_expect_eq(take_all(root), 128);
	for (size_t i = 0; i < 9; i++)
		leave(greedy[i]);
	leave(other);
	leave(root);
}

/* A thousand ids of one person's. */
Test(places, are_left_to_root_and_the_first_to_everybody)
{
	static struct places_container *many[2048];
	struct places_container *root = enter(4000, 0, 128), *late = enter(4001, 1, 128);

	for (size_t i = 0; i < 2048; i++) {
		many[i] = enter(i, (uid_t)(100000 + i), 128);
		cr_assert_geq(take_all(many[i]), 1);
	}
	cr_expect_eq(places.beside.of_users, PLACES_BESIDE_MAX * 3 / 4);
	cr_expect_eq(take_all(root), 128);
	cr_expect_eq(take_all(late), 1);
	for (size_t i = 0; i < 2048; i++)
		leave(many[i]);
	leave(root);
	leave(late);
}
