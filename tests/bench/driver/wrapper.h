/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BENCH_WRAPPER_H
#define NSXATTR_BENCH_WRAPPER_H

/* What a measured program can be put under: a column of a table. */

#include <stdbool.h>
#include <stddef.h>

#include "matrix.h"
#include "runner.h"
#include "scene.h"
#include "settings.h"

enum wrapper_id {
	WRAPPER_NATIVE,
	WRAPPER_FLOOR,
	WRAPPER_BARE,
	WRAPPER_BARE_TWO,
	WRAPPER_RING,
	WRAPPER_ALONE,
	WRAPPER_PROCESS,
	WRAPPER_STRICT,
	WRAPPER_UNCHECKED,
	WRAPPER_KERNEL,
	WRAPPER_FAKEROOT,
	WRAPPER_PSEUDO,
	WRAPPER_NSXATTR,
	WRAPPER_INLINE,
	WRAPPER_THREADS,
	WRAPPER_BATCH,
	WRAPPER_JUDGED,
	WRAPPER_MAPPED,
	WRAPPER_ENFORCED,
	WRAPPER_ENFORCED_MAPPED,
	WRAPPERS,
};

struct wrapper {
	const char *name;
	const char *about;
	const char *command[12];
	const char *needs; /* a key of --debug that nsxattr run has to know; NULL: none */
	bool needs_key; /* of the settings, and what they say of it */
	bool is_optional; /* its lack is nothing to speak of */
	bool answers_zero; /* to everything: the floor */
	bool is_pretence; /* nothing that it sets reaches the file */
};

/** wrapper_get() - Return: one of them; static. */
const struct wrapper *wrapper_get(enum wrapper_id id);

/** wrapper_add_columns() - a column of @matrix for each of them */
void wrapper_add_columns(struct matrix *matrix, const enum wrapper_id *ids, size_t count);

/** wrapper_is_wanted() - Return: whether the settings ask for it, and nsxattr knows it. */
bool wrapper_is_wanted(const struct wrapper *wrapper, const struct settings *settings);

/**
 * wrapper_command() - how to run @program under it
 * @program: its path, or a name that is found by PATH
 *
 * Return: false: said.
 */
bool wrapper_command(const struct wrapper *wrapper, const struct settings *settings,
		     const struct scene *scene, const char *program, struct command *command);

/**
 * wrapper_start() - run @program of the scene under it
 *
 * Return: false: said.
 */
bool wrapper_start(const struct wrapper *wrapper, const struct settings *settings,
		   const struct scene *scene, const char *program, struct runner *runner);

/** wrapper_leave_out() - it does not work: stop it. Return: whether it can be done without. */
bool wrapper_leave_out(const struct wrapper *wrapper, struct runner *runner);

#endif
