/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_TESTS_CHILD_H
#define NSXATTR_TESTS_CHILD_H

/*
 * Parts of a test that need a process of their own: one of one thread (a Criterion test has two), or
 * one that changes its identity. What does not hold in a child ends it, with a message, and fails the
 * test.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

/* NEED() - in a child: this has to be true */
#define NEED(condition)                                                                   \
	do {                                                                              \
		if (!(condition)) {                                                       \
			fprintf(stderr, "%s:%d: this does not hold: %s (%s)\n", __FILE__, \
				__LINE__, #condition, strerror(errno));                   \
			_exit(1);                                                         \
		}                                                                         \
	} while (0)

/* NEED_ERROR() - in a child: this has to fail with this errno */
#define NEED_ERROR(error, call)                                                                   \
	do {                                                                                      \
		long _result = (long)(call);                                                      \
		if (_result >= 0 || errno != (error)) {                                           \
			fprintf(stderr, "%s:%d: %s: not %s, but %s\n", __FILE__, __LINE__, #call, \
				strerrorname_np(error),                                           \
				_result < 0 ? strerrorname_np(errno) : "a success");              \
			_exit(1);                                                                 \
		}                                                                                 \
	} while (0)

/**
 * child_start() - a copy of this process that runs @body and ends
 * @clone_flags: of clone(2), without a stack; 0 is fork(2)
 *
 * Return: its pid.
 */
pid_t child_start(void (*body)(void *argument), void *argument, unsigned long clone_flags);

/** child_end() - wait for it. Return: its exit status; 128 and the number if a signal ended it. */
int child_end(pid_t pid);

/** child_run() - start one that is alone and wait for it; the test fails if it does */
void child_run(void (*body)(void *argument), void *argument);

/**
 * child_enter_userns() - in a child of one thread: a user namespace, with the ids of its root
 * @map: INSIDE:OUTSIDE:COUNT of both sorts of ids
 */
void child_enter_userns(const char *map);

#endif
