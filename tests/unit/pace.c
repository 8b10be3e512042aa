/* SPDX-License-Identifier: Apache-2.0 */
#include "keep/pace.h"

#include <criterion/criterion.h>
#include <poll.h>

#define QUICK 20
#define LONG 1000
#define NOT_LOOKED_AT (-1)

static void judge(struct pace *pace, int count, uint64_t microseconds, long sleeps)
{
	for (int i = 0; i < count; i++)
		pace_judge(pace, microseconds, sleeps);
}

Test(pace, is_not_slow_at_first)
{
	cr_expect_not(pace_is_slow(&(struct pace){ 0 }));
}

Test(pace, is_slow_when_several_have_slept)
{
	struct pace pace = { 0 };

	judge(&pace, 2, LONG, 1);
	cr_expect_not(pace_is_slow(&pace), "two can be chance");
	judge(&pace, 1, LONG, 1);
	cr_expect(pace_is_slow(&pace));
}

Test(pace, is_not_slow_because_the_machine_is_busy)
{
	struct pace pace = { 0 };

	judge(&pace, 100, LONG, 0);
	judge(&pace, 100, LONG, NOT_LOOKED_AT);
	cr_expect_not(pace_is_slow(&pace));
}

Test(pace, is_quick_again_after_quick_ones)
{
	struct pace pace = { 0 };

	judge(&pace, 1000, LONG, 1);
	judge(&pace, 5, QUICK, 0);
	cr_expect(pace_is_slow(&pace), "a few quick ones are in between");
	judge(&pace, 1, QUICK, 0);
	cr_expect_not(pace_is_slow(&pace));
}

Test(pace, is_slow_at_once_when_a_request_is_stuck)
{
	struct pace pace = { 0 };

	pace_set_stuck(&pace);
	cr_expect(pace_is_slow(&pace));
}

/* Sleeps are looked at only when something has taken long before: it costs a system call. */
Test(pace, looks_at_sleeps_when_one_has_taken_long)
{
	struct pace pace = { 0 };
	struct pace_mark mark;

	pace_begin(&pace, &mark);
	cr_expect_lt(mark.sleeps, 0);
	judge(&pace, 1, LONG, NOT_LOOKED_AT);
	pace_begin(&pace, &mark);
	cr_expect_geq(mark.sleeps, 0);
	judge(&pace, 1, QUICK, NOT_LOOKED_AT);
	pace_begin(&pace, &mark);
	cr_expect_lt(mark.sleeps, 0);
}

Test(pace, notices_a_thread_that_sleeps)
{
	struct pace pace = { 0 };
	struct pace_mark mark;

	for (int i = 0; i < 4; i++) {
		pace_begin(&pace, &mark);
		(void)poll(NULL, 0, 1);
		pace_end(&pace, &mark);
	}
	cr_expect(pace_is_slow(&pace));
}
