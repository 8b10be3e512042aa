/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_TESTS_ACTOR_H
#define NSXATTR_TESTS_ACTOR_H

/*
 * A process that does what a test tells it, usually in a namespace and supervised. Its language is
 * described in tests/live/actor-driver.c.
 *
 *	struct actor *inside = actor_start(&(struct launch){ .is_supervised = true, .map = USUAL_MAP });
 *
 *	EXPECT(inside, "0", "setxattr file security.a value");
 *	EXPECT(inside, "5 value", "getxattr file security.a");
 *	actor_end(inside);
 */

#include <criterion/criterion.h>
#include <stdbool.h>
#include <string.h>
#include <sys/types.h>

#include "base/syscalls.h"
#include "launch.h"

struct actor;

/**
 * actor_start() - start one
 * @launch: how; its argv, input and output do not count. Its working directory is the scratch
 *          directory if nothing else is said
 */
struct actor *actor_start(const struct launch *launch);

/** actor_inside() - one in the usual namespace, supervised */
struct actor *actor_inside(void);

/** actor_pid() - its process; what goes on after "nest" is another one */
pid_t actor_pid(const struct actor *actor);

/**
 * actor_ask() - give a command and wait for the answer: printf(3)
 *
 * Return: the answer, without the end of the line; the actor's, until the next command.
 */
const char *actor_ask(struct actor *actor, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/** actor_end() - no more commands; it has to end in good order */
void actor_end(struct actor *actor);

/* The last command as it was given, for messages. */
const char *actor_command(const struct actor *actor);

#define EXPECT(actor, expected, ...)                                                            \
	do {                                                                                    \
		const char *_answer = actor_ask(actor, __VA_ARGS__);                            \
		cr_expect(strcmp(_answer, expected) == 0, "%s\n  expected: %s\n  answer:   %s", \
			  actor_command(actor), expected, _answer);                             \
	} while (0)

/** of_xattrat() - the answer of one of the four *xattrat calls, on a kernel that may not have them */
static inline const char *of_xattrat(const char *answer)
{
	return xattrat_is_there() ? answer : "ENOSYS";
}

/** actor_lists() - is this answer a list of these names, a ',' after each, in whatever order? */
bool actor_lists(const char *answer, const char *names);

#define EXPECT_NAMES(actor, names, ...)                                                      \
	do {                                                                                 \
		const char *_answer = actor_ask(actor, __VA_ARGS__);                         \
		cr_expect(actor_lists(_answer, names), "%s\n  expected: %s\n  answer:   %s", \
			  actor_command(actor), names, _answer);                             \
	} while (0)

#endif
