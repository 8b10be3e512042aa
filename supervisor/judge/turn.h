/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_JUDGE_TURN_H
#define NSXATTR_JUDGE_TURN_H

/* Whose turn it is to look at the content of files: one thread's of a container. */

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/** struct turn - for the threads of one container */
struct turn {
	pthread_mutex_t lock; /* over what follows */
	pthread_cond_t left;
	bool is_taken;
};

/** turn_init() */
void turn_init(struct turn *turn);

/** turn_done() - no thread has it, or waits for it */
void turn_done(struct turn *turn);

/**
 * turn_take() - wait for it
 * @deadline: of clock_milliseconds()
 * @is_wanted: asked now and then: does the caller still want it?
 *
 * Return: 0: the caller has it; -ETIMEDOUT; -ECANCELED: it is not wanted any more.
 */
int turn_take(struct turn *turn, uint64_t deadline, bool (*is_wanted)(void *place), void *place);

/** turn_leave() - let the next one have it */
void turn_leave(struct turn *turn);

#endif
