/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BENCH_CROWD_H
#define NSXATTR_BENCH_CROWD_H

/*
 * Many targets that make calls at the same time. Each is a process of its own, which somebody else
 * starts, where it shall be (in which container); what they are to do, when they begin, and what came
 * of it lies in memory that all of them share, so it has to be there before any of them is.
 *
 *	crowd_begin()	starts the targets, waits until all stand ready, or hang, and lets them go
 *	crowd_end()	waits until they are done, or hopeless, and collects
 *	crowd_stop()	ends those that hang
 *
 * The time from the start of a target until it is ready is not measured, nor is its first call unless
 * it works on files that are shared.
 */

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#define CROWD_MAX 256
#define CROWD_OPERATION_SIZE 32

/** struct crowd_task - what each target does */
struct crowd_task {
	char operation[CROWD_OPERATION_SIZE]; /* of operations.c */
	char directory[PATH_MAX]; /* its files are named 0, 1, and so on */
	unsigned int targets;
	unsigned int
		files; /* 0: each again and again on its own; else once on each, which they share */
	unsigned int milliseconds; /* that they go on for; 0: until crowd_stop() */
};

/** struct crowd_figures - what came of it */
struct crowd_figures {
	long result; /* of the first target's first call */
	unsigned long calls;
	unsigned long odd; /* calls with another result */
	unsigned int hung; /* targets that were not done in time, and were ended */
	double rate; /* calls a second, of all together */
	uint64_t p50, p90, p99, longest; /* nanoseconds a call; one that hung counts, too */
};

struct crowd;

/** crowd_spawn - start a process that calls crowd_work() for a target. Return: whether it did. */
typedef bool crowd_spawn(void *place, struct crowd *crowd, unsigned int target);

/** crowd_new() - Return: the shared memory; NULL: none. It lives as long as the process. */
struct crowd *crowd_new(void);

/** crowd_work() - in the process of a target: be it */
_Noreturn void crowd_work(struct crowd *crowd, unsigned int target);

/**
 * crowd_begin() - have it done
 * @spawn: called for each target, in order; NULL: fork(2), its children are not waited for
 *
 * Return: false: they do not come into being (they are ended then).
 */
bool crowd_begin(struct crowd *crowd, const struct crowd_task *task, crowd_spawn *spawn,
		 void *place);

/** crowd_end() - wait, and collect */
void crowd_end(struct crowd *crowd, struct crowd_figures *ret_figures);

/** crowd_stop() - end the targets that have not ended, and wait until they have */
void crowd_stop(struct crowd *crowd);

/** crowd_parse() - read "OPERATION DIRECTORY TARGETS FILES MILLISECONDS". Return: whether it is one. */
bool crowd_parse(const char *line, struct crowd_task *ret_task);

/** crowd_print() - the figures as a line on standard output, in the order of the structure */
void crowd_print(const struct crowd_figures *figures);

#endif
