/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_TESTS_LIVE_WAYS_H
#define NSXATTR_TESTS_LIVE_WAYS_H

/* A driver that does one of many things, by the name of its first argument. */

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/** struct way - one of them */
struct way {
	const char *name;
	int (*run)(char **arguments);
	int arguments; /* how many it needs, behind its name */
};

/** way_run() - the one that @argv names. Return: what it returns; 2: there is no such way, which has been said. */
static inline int way_run(const struct way *ways, size_t count, int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (size_t i = 0; argc > 1 && i < count; i++)
		if (strcmp(argv[1], ways[i].name) == 0 && argc - 2 >= ways[i].arguments)
			return ways[i].run(argv + 2);
	fprintf(stderr, "%s HOW ARGUMENT…\n", program_invocation_short_name);
	return 2;
}

#endif
