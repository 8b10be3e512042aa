/* SPDX-License-Identifier: Apache-2.0 */
#include "judge/turn.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdatomic.h>

#include "base/clock.h"

static bool yes(void *place)
{
	(void)place;
	return true;
}

static bool no(void *place)
{
	(void)place;
	return false;
}

Test(turn, is_one_threads)
{
	struct turn turn;

	turn_init(&turn);
	cr_assert_eq(turn_take(&turn, 0, yes, NULL), 0);
	cr_expect_eq(turn_take(&turn, clock_milliseconds(), yes, NULL), -ETIMEDOUT);
	cr_expect_eq(turn_take(&turn, UINT64_MAX, no, NULL), -ECANCELED);
	turn_leave(&turn);
	cr_expect_eq(turn_take(&turn, 0, yes, NULL), 0);
	turn_leave(&turn);
	turn_done(&turn);
}

#define THREADS 8
#define ROUNDS 2000

struct crowd {
	struct turn turn;
	atomic_int inside;
	atomic_int most;
	int taken; /* under the turn */
};

static void *take_often(void *place)
{
	struct crowd *crowd = place;

	for (int i = 0; i < ROUNDS; i++) {
		if (turn_take(&crowd->turn, UINT64_MAX, yes, NULL) != 0)
			return place;
		if (atomic_fetch_add(&crowd->inside, 1) > 0)
			atomic_store(&crowd->most, 1);
		crowd->taken++;
		atomic_fetch_sub(&crowd->inside, 1);
		turn_leave(&crowd->turn);
	}
	return NULL;
}

Test(turn, passes_from_thread_to_thread)
{
	static struct crowd crowd;
	pthread_t threads[THREADS];

	turn_init(&crowd.turn);
	for (size_t i = 0; i < THREADS; i++)
		cr_assert_eq(pthread_create(&threads[i], NULL, take_often, &crowd), 0);
	for (size_t i = 0; i < THREADS; i++) {
		void *failed;

		cr_assert_eq(pthread_join(threads[i], &failed), 0);
		cr_expect_null(failed);
	}
	cr_expect_eq(crowd.most, 0);
	cr_expect_eq(crowd.taken, THREADS * ROUNDS);
	turn_done(&crowd.turn);
}
