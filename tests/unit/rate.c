/* SPDX-License-Identifier: Apache-2.0 */
#include "base/rate.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#define SECOND UINT64_C(1000000)
#define PATIENCE (5 * SECOND)

static struct rate rate;
static const char containers[2 * RATE_SOURCES_MAX]; /* their addresses */
static uint64_t now;

static void set_up(void)
{
	rate = (struct rate){ 0 };
	now = 1000 * SECOND;
}

TestSuite(rate, .init = set_up);

static struct share_holder holder(size_t container, uid_t user)
{
	return (struct share_holder){ &containers[container], user };
}

/* Return: microseconds from now to the turn; SIZE_MAX: there is none. */
static uint64_t book(size_t container, uid_t user)
{
	const struct share_holder asking = holder(container, user);
	uint64_t turn;

	return rate_book(&rate, &asking, now, PATIENCE, &turn) ? turn - now : SIZE_MAX;
}

static void book_many(size_t count, size_t container, uid_t user)
{
	while (count-- > 0)
		(void)book(container, user);
}

Test(rate, gives_the_first_turns_at_once_and_the_next_ones_at_its_interval)
{
	for (size_t i = 0; i < RATE_AT_ONCE; i++)
		cr_expect_eq(book(0, 0), 0U);
	for (uint64_t i = 1; i < 10; i++)
		cr_expect_eq(book(0, 0), i * RATE_INTERVAL);
}

Test(rate, goes_on_for_as_long_as_it_is_asked)
{
	size_t count = 0;

	for (uint64_t end = now + 2 * SECOND; now < end; now += RATE_INTERVAL / 4)
		count += book(0, 0) == 0;
	cr_expect_lt(count, RATE_AT_ONCE + 2 * SECOND / RATE_INTERVAL);
}

Test(rate, gives_all_turns_back_with_time)
{
	book_many(2 * RATE_AT_ONCE, 0, 0);
	cr_expect_gt(book(0, 0), 0U);
	now += (2 * RATE_AT_ONCE + 1) * RATE_INTERVAL;
	for (size_t i = 0; i < RATE_AT_ONCE; i++)
		cr_expect_eq(book(0, 0), 0U);
	cr_expect_eq(book(0, 0), (uint64_t)RATE_INTERVAL);
}

Test(rate, books_no_turn_beyond_patience)
{
	book_many(RATE_AT_ONCE + PATIENCE / RATE_INTERVAL, 0, 0);
	for (int i = 0; i < 100; i++)
		cr_expect_eq(book(0, 0), SIZE_MAX);
	now += RATE_INTERVAL;
	cr_expect_eq(book(0, 0), PATIENCE, "what was not booked takes nothing");
}

Test(rate, a_container_has_its_turns_whatever_others_take)
{
	for (size_t i = 1; i < 5; i++)
		book_many(1000, i, 0);
	cr_expect_eq(book(0, 0), 0U);
}

Test(rate, containers_of_a_plain_user_have_turns_together)
{
	for (size_t i = 0; i < RATE_AT_ONCE; i++)
		cr_expect_eq(book(i, 1000), 0U);
	cr_expect_eq(book(RATE_AT_ONCE, 1000), (uint64_t)RATE_INTERVAL);
	cr_expect_eq(book(RATE_AT_ONCE + 1, 1001), 0U);
}

Test(rate, a_container_waits_for_others_of_its_user_no_longer_than_for_its_share)
{
	for (size_t i = 1; i < 10; i++)
		book_many(100, i, 1000);
	for (uint64_t i = 1; i < 5; i++)
		cr_expect_eq(book(0, 1000), i * RATE_WAIT);
	now += 10 * SECOND;
	cr_expect_eq(book(0, 1000), 0U);
}

Test(rate, a_user_with_many_containers_has_no_more_than_twice_the_turns)
{
	size_t count = 0;

	for (uint64_t end = now + 4 * SECOND; now < end; now += RATE_INTERVAL)
		for (size_t i = 0; i < 64; i++)
			count += book(i, 1000) <= RATE_WAIT;
	cr_expect_lt(count, RATE_AT_ONCE + 2 * 5 * SECOND / RATE_INTERVAL);
}

Test(rate, a_container_of_a_user_who_has_turns_waits_for_its_own)
{
	book_many(RATE_AT_ONCE, 0, 1000);
	now += RATE_AT_ONCE * RATE_INTERVAL;
	cr_expect_eq(book(1, 1000), 0U);
}

Test(rate, very_many_containers_make_room_for_each_other)
{
	for (size_t i = 0; i < 2 * RATE_SOURCES_MAX; i++)
		cr_expect_eq(book(i, 0), 0U);
	book_many(2 * RATE_AT_ONCE, 0, 0);
	for (size_t i = 1; i < RATE_SOURCES_MAX; i++)
		cr_expect_eq(book(i, 0), 0U);
	cr_expect_gt(book(0, 0), 0U, "the one that has taken most is not forgotten");
}

Test(rate, what_is_no_containers_is_not_bounded)
{
	const struct share_holder none = { 0 };
	uint64_t turn;

	for (int i = 0; i < 10000; i++)
		cr_expect(rate_book(&rate, &none, now, 0, &turn) && turn == now);
}
