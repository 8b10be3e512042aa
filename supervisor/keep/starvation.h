/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_KEEP_STARVATION_H
#define NSXATTR_KEEP_STARVATION_H

/*
 * Does a thread that has bound itself to a CPU get next to nothing of it? The kernel tells each thread how long it has run, and
 * how long it could have run and had to wait (/proc/PID/task/TID/schedstat).
 *
 * To share a CPU with another process, or with two, is no starvation: half a CPU beside a whole one is more than one.
 */

#include <stdbool.h>
#include <stdint.h>

/** struct starvation_figures - of a thread, since some moment; in nanoseconds */
struct starvation_figures {
	uint64_t elapsed;
	uint64_t ran;
	uint64_t waited; /* for the CPU */
};

/** struct starvation - of a thread, and used by it alone */
struct starvation {
	unsigned int calls; /* of starvation_is_due() */
	struct starvation_figures before; /* since the system began; zeroes: nothing is known */
};

/** starvation_watch() - from now on. @procfs: ours */
void starvation_watch(struct starvation *starvation, int procfs);

/** starvation_is_due() - is it time to ask? Cheap; to be called at each request. */
bool starvation_is_due(struct starvation *starvation);

/**
 * starvation_tell() - what has been since the last answer, or since starvation_watch()
 *
 * Return: whether there is an answer: not before 50 ms have passed, for a turn of another process at the CPU is no starvation.
 */
bool starvation_tell(struct starvation *starvation, int procfs,
		     struct starvation_figures *ret_figures);

/** starvation_is() - is that starvation? */
bool starvation_is(const struct starvation_figures *figures);

#endif
