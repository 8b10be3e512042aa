/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log_budget.h"

#include <criterion/criterion.h>

static struct log_budget budget;

/* How many of @tries lines are written, at one moment. */
static unsigned int taken(uint64_t source, unsigned int tries, uint64_t now)
{
	unsigned long left_out;
	unsigned int count = 0;

	for (unsigned int i = 0; i < tries; i++)
		count += log_budget_take(&budget, source, now, &left_out);
	return count;
}

Test(log_budget, a_source_has_so_many_lines_at_once)
{
	cr_expect_eq(taken(1000, 500, 1), LOG_LINES_AT_ONCE);
}

Test(log_budget, one_source_takes_none_of_anothers)
{
	taken(1000, 500, 1);
	cr_expect_eq(taken(1001, 500, 1), LOG_LINES_AT_ONCE);
	cr_expect_eq(taken(0, 500, 1), LOG_LINES_AT_ONCE);
	cr_expect_eq(taken(LOG_SOURCE_CONTAINER | 1000, 500, 1), LOG_LINES_AT_ONCE);
}

Test(log_budget, a_line_comes_back_each_interval)
{
	taken(1000, 500, 1);
	cr_expect_eq(taken(1000, 500, LOG_LINE_INTERVAL), 0);
	cr_expect_eq(taken(1000, 500, 1 + LOG_LINE_INTERVAL), 1);
	cr_expect_eq(taken(1000, 500, 1 + 3 * LOG_LINE_INTERVAL), 2);
	cr_expect_eq(taken(1000, 500, 1 + 1000 * LOG_LINE_INTERVAL), LOG_LINES_AT_ONCE);
}

Test(log_budget, the_next_line_tells_what_was_left_out)
{
	unsigned long left_out = 7;

	taken(1000, LOG_LINES_AT_ONCE + 5, 1);
	cr_expect_not(log_budget_take(&budget, 1000, 1, &left_out));
	cr_expect_eq(left_out, 7, "untouched when the line is left out");
	cr_expect(log_budget_take(&budget, 1000, 1 + 2 * LOG_LINE_INTERVAL, &left_out));
	cr_expect_eq(left_out, 6);
	cr_expect(log_budget_take(&budget, 1000, 1 + 2 * LOG_LINE_INTERVAL, &left_out));
	cr_expect_eq(left_out, 0, "it is told once");
}

Test(log_budget, a_user_with_many_ids_does_not_take_roots)
{
	unsigned int written = 0;

	for (uint64_t uid = 100000; uid < 165536; uid++)
		written += taken(uid, 1, 1);
	cr_expect_eq(written, LOG_LINES_OF_KIND);
	cr_expect_eq(taken(0, 500, 1), LOG_LINES_AT_ONCE);
	cr_expect_eq(taken(LOG_SOURCE_CONTAINER | 1, 500, 1), LOG_LINES_AT_ONCE);
}

/* More of them than are known at a time: each has all its lines whenever it is met again. */
Test(log_budget, very_many_containers_are_bounded_together)
{
	unsigned int written = 0;

	for (unsigned int round = 0; round < 3; round++)
		for (uint64_t container = 1; container <= 2 * LOG_SOURCES_MAX; container++)
			written += taken(LOG_SOURCE_CONTAINER | container, 30, 1);
	cr_expect_eq(written, LOG_LINES_OF_KIND);
	cr_expect_eq(taken(0, 500, 1), LOG_LINES_AT_ONCE);
	cr_expect_eq(taken(1000, 500, 1), LOG_LINES_AT_ONCE);
}

/* Those who take all that they can leave something to one who has said nothing yet. */
Test(log_budget, the_last_lines_are_for_who_has_taken_few)
{
	for (uint64_t container = 1; container <= 15; container++)
		taken(LOG_SOURCE_CONTAINER | container, 500, 1);
	cr_expect_gt(taken(LOG_SOURCE_CONTAINER | 16, 500, 1), 1);
	cr_expect_gt(taken(LOG_SOURCE_CONTAINER | 17, 500, 1), 0);
}

Test(log_budget, no_count_is_lost_when_a_source_makes_room)
{
	unsigned int lines = 0, written = 0;

	for (uint64_t container = 1; container <= 3 * LOG_SOURCES_MAX; container++, lines += 30)
		written += taken(LOG_SOURCE_CONTAINER | container, 30, container);
	cr_expect_eq(log_budget_left_out(&budget), lines - written);
	cr_expect_eq(log_budget_left_out(&budget), 0UL);
}
