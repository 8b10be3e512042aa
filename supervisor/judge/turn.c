/* SPDX-License-Identifier: Apache-2.0 */
#include "judge/turn.h"

#include <errno.h>
#include <time.h>

#include "base/clock.h"

/* How often one who waits looks whether it is still wanted, in milliseconds. */
#define LOOK 100

void turn_init(struct turn *turn)
{
	*turn = (struct turn){ 0 };
	pthread_mutex_init(&turn->lock, NULL);
	pthread_cond_init(&turn->left, NULL);
}

void turn_done(struct turn *turn)
{
	pthread_cond_destroy(&turn->left);
	pthread_mutex_destroy(&turn->lock);
}

/* Return: whether the caller has it. */
static bool take_soon(struct turn *turn)
{
	const struct timespec until = clock_after(LOOK);
	bool is_in_time = true;

	pthread_mutex_lock(&turn->lock);
	while (turn->is_taken && is_in_time)
		is_in_time = pthread_cond_clockwait(&turn->left, &turn->lock, CLOCK_MONOTONIC,
						    &until) == 0;
	bool is_free = !turn->is_taken;

	turn->is_taken = true;
	pthread_mutex_unlock(&turn->lock);
	return is_free;
}

int turn_take(struct turn *turn, uint64_t deadline, bool (*is_wanted)(void *place), void *place)
{
	while (!take_soon(turn)) {
		if (!is_wanted(place))
			return -ECANCELED;
		if (clock_milliseconds() >= deadline)
			return -ETIMEDOUT;
	}
	return 0;
}

void turn_leave(struct turn *turn)
{
	pthread_mutex_lock(&turn->lock);
	turn->is_taken = false;
	pthread_mutex_unlock(&turn->lock);
	pthread_cond_signal(&turn->left);
}
