/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BENCH_SETTINGS_H
#define NSXATTR_BENCH_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#define ROUNDS_MAX 200
#define BATCHES_MAX 200
#define RUN_OPTIONS_MAX 8

/** struct settings - what the command line says */
struct settings {
	const char *nsxattr;
	const char *nsxattrd;
	const char *directory;
	const char *output; /* NULL: no JSON */
	const char *parts; /* comma-separated names; NULL: all */
	const char *variants; /* the same */
	const char *rootfs; /* a tarball; NULL: none */
	const char *key; /* of mode enforce, without .pem and .der; NULL: that mode is left out */
	const char *run_options[RUN_OPTIONS_MAX]; /* for each nsxattr run */
	size_t run_option_count;
	unsigned long rounds;
	unsigned long batches;
	unsigned long calls;
	long cpu; /* -1: wherever the scheduler likes */
};

/** settings_names() - Return: whether a list names @name; NULL names everything. */
bool settings_names(const char *list, const char *name);

/**
 * settings_read() - what the command line says, over what is there already
 *
 * Return: true; false after the help (*@ret_status is 0 then) or after a mistake (said).
 */
bool settings_read(struct settings *settings, int argc, char **argv, int *ret_status);

#endif
