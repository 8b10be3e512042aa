/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop that is measured: one attribute operation, again and again, on one file.
 *
 * It is the same program whatever is behind it: the kernel alone, the floor, nsxattr, or a library
 * that is preloaded (so it calls libc's functions, not the system calls). It knows nothing of them.
 *
 *	loop OPERATION FILE CALLS BATCHES	measures once
 *	loop					reads such lines from standard input, until its end
 *
 * A line of input is answered by a line of output: the result of the calls, which all have to be
 * the same (a negative errno if they failed), then the nanoseconds a call, batch by batch. Waiting
 * for the next line costs nothing, so that a driver can keep many of these at hand and let them run
 * in turns. It ends with a message when the calls of a batch differ in their results.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/operations.h"

#define OPERATION_SIZE 32
#define FILE_SIZE 4096

static bool is_expected(const struct operation *operation, const struct site *site, ssize_t result,
			ssize_t expected)
{
	if (result == expected)
		return true;
	fprintf(stderr, "loop: %s %s: a call gives %zd after others gave %zd\n", operation->name,
		site->path, result, expected);
	return false;
}

/** run_batch() - Return: nanoseconds a call; below 0 when a result is not the expected one: said. */
static double run_batch(const struct operation *operation, struct site *site, unsigned long calls,
			ssize_t expected)
{
	double start = nanoseconds_now();

	for (unsigned long i = 0; i < calls; i++)
		if (!is_expected(operation, site, operation_call(operation, site), expected))
			return -1;
	return (nanoseconds_now() - start) / (double)calls;
}

/** measure() - one line of work. Return: whether all went well; a message has been written. */
static bool measure(const struct operation *operation, struct site *site, unsigned long calls,
		    unsigned long batches)
{
	ssize_t result = operation_call(operation, site);

	printf("%zd", result);
	for (unsigned long i = 0; i < batches; i++) {
		double each = run_batch(operation, site, calls, result);

		if (each < 0)
			return false;
		printf(" %.1f", each);
	}
	putchar('\n');
	return fflush(stdout) == 0;
}

static bool measure_on(const char *name, const char *path, unsigned long calls,
		       unsigned long batches)
{
	const struct operation *operation = operation_find(name);
	struct site site = { .path = path };

	if (!operation || calls == 0) {
		fprintf(stderr, "loop: there is no operation '%s', or nothing to do\n", name);
		return false;
	}
	site.fd = open(path, O_RDONLY | O_CLOEXEC);
	if (site.fd < 0) {
		fprintf(stderr, "loop: %s: %s\n", path, strerror(errno));
		return false;
	}
	bool done = measure(operation, &site, calls, batches);

	close(site.fd);
	return done;
}

static bool obey(const char *line)
{
	char name[OPERATION_SIZE], path[FILE_SIZE];
	unsigned long calls, batches;

	if (sscanf(line, "%31s %4095s %lu %lu", name, path, &calls, &batches) == 4)
		return measure_on(name, path, calls, batches);
	fprintf(stderr, "loop: not OPERATION FILE CALLS BATCHES: %s", line);
	return false;
}

int main(int argc, char **argv)
{
	char line[OPERATION_SIZE + FILE_SIZE + 64];
	bool done = true;

	if (argc == 5)
		return measure_on(argv[1], argv[2], strtoul(argv[3], NULL, 10),
				  strtoul(argv[4], NULL, 10)) ?
			       EXIT_SUCCESS :
			       EXIT_FAILURE;
	while (done && fgets(line, sizeof(line), stdin))
		done = obey(line);
	return done ? EXIT_SUCCESS : EXIT_FAILURE;
}
