/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_KEEP_PACE_H
#define NSXATTR_KEEP_PACE_H

/*
 * Do the requests of a source wait for something else than the CPU: a disk, a network, a FUSE server? Then
 * it pays to have several under way; if not, one after another is quickest.
 *
 * Time alone does not tell, for on a busy machine everything takes long. So once a request has taken
 * long, the next ones are watched more closely: has the thread gone to sleep? Several such in a row, and
 * the source is slow, until as many have been quick.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/** struct pace - of a source; zeroes at first; for any thread */
struct pace {
	atomic_bool is_suspected;
	atomic_uint score;
};

/** struct pace_mark - where a request began; of its thread */
struct pace_mark {
	uint64_t microseconds;
	long sleeps; /* of the thread so far; -1: not known */
};

/** pace_is_slow() */
bool pace_is_slow(const struct pace *pace);

/** pace_set_stuck() - a request hangs: the source is slow at once. */
void pace_set_stuck(struct pace *pace);

/** pace_begin() - a request begins. @ret_mark: for pace_end(). */
void pace_begin(const struct pace *pace, struct pace_mark *ret_mark);

/** pace_end() - it has ended, on the same thread. Return: how many microseconds it took. */
uint64_t pace_end(struct pace *pace, const struct pace_mark *mark);

/**
 * pace_judge() - what pace_end() makes of a request
 * @microseconds: that it took
 * @sleeps: how often its thread has gone to sleep meanwhile; -1: not known
 */
void pace_judge(struct pace *pace, uint64_t microseconds, long sleeps);

#endif
