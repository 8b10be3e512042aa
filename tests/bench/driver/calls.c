/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a call costs: the loop (loop.c) under each wrapper, a hot file on a local file system.
 *
 * In a round each variant in turn makes some batches of calls. A variant's figure for a round is the
 * median of its batches, which are short, so that most of them are over before the scheduler gives
 * the CPU to another process.
 *
 * Each variant has files of its own, so that what one stores does not lengthen another's lists. They
 * belong to the id that root of the namespace is on the host. Every result is compared with what it
 * must be: a variant that answers wrongly is not measured.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

#include "count_of.h"
#include "message.h"
#include "part.h"
#include "runner.h"
#include "wrapper.h"

static const enum wrapper_id variants[] = {
	WRAPPER_NATIVE, WRAPPER_FLOOR,	   WRAPPER_ALONE,  WRAPPER_RING,     WRAPPER_PROCESS,
	WRAPPER_STRICT, WRAPPER_UNCHECKED, WRAPPER_KERNEL, WRAPPER_FAKEROOT, WRAPPER_PSEUDO,
};

#define VARIANTS COUNT_OF(variants)

/* Columns that others are compared with. */
enum { NATIVE, FLOOR, ALONE };

/* A variant's files: one carries security.NTACL and user.x, the other nothing for long. */
enum { FULL, EMPTY, FILES };

static const char *const file_names[FILES] = { [FULL] = "full", [EMPTY] = "empty" };

/** struct row - an operation of loop.c, on which file, and what it must give */
struct row {
	const char *label;
	const char *operation;
	long result;
	unsigned int file;
};

static const struct row rows[] = {
	{ "get by path", "get", 16, FULL },
	{ "set by path", "set", 0, FULL },
	{ "get by descriptor", "fget", 16, FULL },
	{ "set by descriptor", "fset", 0, FULL },
	{ "get, left to kernel", "get-kernel", 16, FULL },
	{ "set, left to kernel", "set-kernel", 0, FULL },
	{ "list by path", "list", sizeof("security.NTACL") + sizeof("user.x"), FULL },
	{ "set + remove by path", "set-remove", 0, EMPTY },
	{ "get, none there", "get-absent", -ENODATA, FULL },
};

#define ROWS COUNT_OF(rows)

/** struct site - a variant's loop and its files */
struct site {
	struct runner runner;
	char files[FILES][PATH_MAX];
};

struct calls {
	struct bench *bench;
	struct matrix *matrix;
	struct site sites[VARIANTS];
};

static bool make_site(const struct bench *bench, struct site *site, const char *variant)
{
	char directory[PATH_MAX];

	site->runner = RUNNER_NONE;
	if (!path_join(directory, bench->scene.directory, variant) || !make_directory(directory))
		return false;
	for (size_t i = 0; i < FILES; i++)
		if (!path_join(site->files[i], directory, file_names[i]) ||
		    !make_file(site->files[i]))
			return false;
	return true;
}

/** parse_answer() - Return: the number of figures, at most BATCHES_MAX; 0 of a malformed answer. */
static size_t parse_answer(const char *answer, long *ret_result, double figures[BATCHES_MAX])
{
	size_t count = 0;
	char *at;

	*ret_result = strtol(answer, &at, 10);
	while (count < BATCHES_MAX && *at == ' ')
		figures[count++] = strtod(at + 1, &at);
	return *at == '\0' ? count : 0;
}

static bool ask(const struct site *site, const char *operation, unsigned int file,
		unsigned long calls, unsigned long batches, char answer[ANSWER_SIZE])
{
	return runner_ask(&site->runner, answer, "%s %s %lu %lu", operation, site->files[file],
			  calls, batches);
}

/** measure() - Return: the median of some batches, in ns a call; below 0 when it went wrong: said. */
static double measure(const struct calls *calls, size_t variant, const struct row *row)
{
	const struct settings *settings = &calls->bench->settings;
	const struct wrapper *wrapper = wrapper_get(variants[variant]);
	long expected = wrapper->answers_zero ? 0 : row->result;
	double figures[BATCHES_MAX];
	char answer[ANSWER_SIZE];
	long result;

	if (!ask(&calls->sites[variant], row->operation, row->file, settings->calls,
		 settings->batches, answer)) {
		complain("%s: %s: no answer", wrapper->name, row->label);
		return -1;
	}
	size_t count = parse_answer(answer, &result, figures);

	if (count == 0 || result != expected) {
		complain("%s: %s: the call gives %ld, not %ld", wrapper->name, row->label, result,
			 expected);
		return -1;
	}
	return spread_of(figures, count).median;
}

/* Where its library is not found, a wrapper runs the loop all the same, and natively. */
static bool is_as_it_claims(const struct wrapper *wrapper, const struct site *site)
{
	return !wrapper->is_pretence || lgetxattr(site->files[FULL], "user.x", NULL, 0) < 0;
}

/** prepare() - store what later calls find. Return: whether the variant does its work at all. */
static bool prepare(const struct wrapper *wrapper, const struct site *site)
{
	char answer[ANSWER_SIZE];

	return ask(site, "set", FULL, 1, 1, answer) &&
	       ask(site, "set-kernel", FULL, 1, 1, answer) && is_as_it_claims(wrapper, site);
}

/** start_all() - Return: false when one that may not be missing is missing. */
static bool start_all(struct calls *calls)
{
	const struct bench *bench = calls->bench;
	bool is_complete = true;

	for (size_t i = 0; i < VARIANTS; i++) {
		const struct wrapper *wrapper = wrapper_get(variants[i]);
		struct site *site = &calls->sites[i];

		if (!make_site(bench, site, wrapper->name))
			return false;
		if (!wrapper_is_wanted(wrapper, &bench->settings))
			continue;
		if (wrapper_start(wrapper, &bench->settings, &bench->scene, "loop",
				  &site->runner) &&
		    prepare(wrapper, site))
			continue;
		if (!wrapper_leave_out(wrapper, &site->runner))
			is_complete = false;
	}
	return is_complete;
}

static void stop_all(struct calls *calls)
{
	for (size_t i = 0; i < VARIANTS; i++)
		runner_stop(&calls->sites[i].runner);
}

/** take_turn() - Return: false when a variant that has to work does not; it is left out then. */
static bool take_turn(struct calls *calls, size_t row, size_t variant, bool is_warm_up)
{
	if (!runner_is_running(&calls->sites[variant].runner))
		return true;
	double figure = measure(calls, variant, &rows[row]);

	if (figure < 0) {
		runner_give_up(&calls->sites[variant].runner);
		matrix_drop(calls->matrix, row, variant);
		return wrapper_get(variants[variant])->is_optional;
	}
	if (!is_warm_up)
		matrix_add(calls->matrix, row, variant, figure);
	return true;
}

/** measure_row() - the first round warms up; each begins with another variant */
static bool measure_row(struct calls *calls, size_t row)
{
	bool is_right = true;

	progress("calls: %s", rows[row].label);
	for (size_t round = 0; round <= calls->bench->settings.rounds; round++)
		for (size_t i = 0; i < VARIANTS; i++)
			if (!take_turn(calls, row, (round + i) % VARIANTS, round == 0))
				is_right = false;
	return is_right;
}

static struct matrix *make_matrix(struct bench *bench)
{
	struct matrix *matrix = bench_matrix(bench, "calls", "time", "microseconds a call", 1000);

	wrapper_add_columns(matrix, variants, VARIANTS);
	for (size_t i = 0; i < ROWS; i++)
		matrix_add_row(matrix, rows[i].label);
	matrix_compare_with(matrix, FLOOR);
	matrix_compare_with(matrix, NATIVE);
	matrix_compare_with(matrix, ALONE);
	return matrix;
}

bool part_calls(struct bench *bench)
{
	static struct calls calls;
	bool is_right;

	calls.bench = bench;
	calls.matrix = make_matrix(bench);
	for (size_t i = 0; i < VARIANTS; i++)
		calls.sites[i].runner = RUNNER_NONE;
	is_right = start_all(&calls);
	for (size_t row = 0; row < ROWS; row++)
		if (!measure_row(&calls, row))
			is_right = false;
	stop_all(&calls);
	return is_right;
}
