/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What calls that hang do to a target that has nothing to do with them: how long its calls take while all is quiet, and
 * while the others hang on a file system that does not answer (slowfs.c). Once 256 others are in another container of
 * the same nsxattrd, which has 128 places for them; once 100 are in the same container, and leave a place.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../lib/operations.h"
#include "count_of.h"
#include "crowds.h"
#include "daemon.h"
#include "message.h"
#include "slow.h"

#define ROUNDS 5
#define TURN 300 /* milliseconds */
#define HUNG_SAME 100
#define HUNG_OTHER 256

/* Columns. */
enum { QUIET, BESIDE };

/* Rows. */
enum { P50, P99, LONGEST };

/** struct neighbours - a runner to which crowds can be given, in the words for the two sides */
struct neighbours {
	const struct bench *bench;
	const struct runner *runner;
	const char *measured_place; /* "", or which container */
	const char *hung_place;
	unsigned int hung_count;
	char files[PATH_MAX];
	char hung[PATH_MAX];
	struct matrix *matrix;
};

static struct matrix *make_matrix(struct bench *bench, const char *key, const char *title,
				  const char *beside)
{
	struct matrix *matrix = bench_matrix(bench, "isolation", key, title, 1000);

	matrix_add_column(matrix, "quiet", "a target alone");
	matrix_add_column(matrix, beside, "the same beside so many calls that hang");
	matrix_add_row(matrix, "p50");
	matrix_add_row(matrix, "p99");
	matrix_add_row(matrix, "longest");
	matrix_compare_with(matrix, QUIET);
	return matrix;
}

/** measure() - Return: false: no answer, said. A call that hangs counts as long as it was waited for. */
static bool measure(const struct neighbours *neighbours, size_t column)
{
	struct crowd_figures figures;
	char answer[ANSWER_SIZE];

	if (!runner_ask(neighbours->runner, answer, "run %sget %s 1 0 %u",
			neighbours->measured_place, neighbours->files, TURN) ||
	    !crowd_parse_figures(answer, &figures)) {
		complain("isolation: no answer");
		return false;
	}
	matrix_add(neighbours->matrix, P50, column, (double)figures.p50);
	matrix_add(neighbours->matrix, P99, column, (double)figures.p99);
	matrix_add(neighbours->matrix, LONGEST, column, (double)figures.longest);
	return true;
}

static bool hang(const struct neighbours *neighbours)
{
	if (runner_ask(neighbours->runner, NULL, "hang %sget %s %u 0 0", neighbours->hung_place,
		       neighbours->hung, neighbours->hung_count))
		return true;
	complain("isolation: nothing hangs");
	return false;
}

static bool take_rounds(const struct neighbours *neighbours, const struct slow *slow)
{
	double began = nanoseconds_now();

	for (unsigned long round = 0; bench_goes_on(neighbours->bench, round, ROUNDS, began);
	     round++) {
		progress("isolation: %s, round %lu", neighbours->matrix->key, round);
		if (!measure(neighbours, QUIET) || !hang(neighbours) ||
		    !measure(neighbours, BESIDE) || !slow_release(slow) ||
		    !runner_ask(neighbours->runner, NULL, "stop"))
			return false;
	}
	return true;
}

static bool measure_same(struct bench *bench, struct neighbours *neighbours,
			 const struct slow *slow)
{
	const struct wrapper *wrapper = wrapper_get(WRAPPER_NSXATTR);
	struct runner runner = RUNNER_NONE;

	neighbours->measured_place = neighbours->hung_place = "";
	neighbours->runner = &runner;
	neighbours->matrix = make_matrix(bench, "same", "in the same container, us", "100 hung");
	neighbours->hung_count = HUNG_SAME;
	bool is_right = wrapper_start(wrapper, &bench->settings, &bench->scene, "crowd", &runner) &&
			take_rounds(neighbours, slow);

	(void)slow_release(slow);
	runner_stop(&runner);
	neighbours->runner = NULL;
	return is_right;
}

static bool measure_other(struct bench *bench, struct neighbours *neighbours,
			  const struct slow *slow)
{
	static struct daemon daemon;
	char first[PATH_MAX];

	if (!path_join(first, neighbours->files, "0"))
		return false;
	enum daemon_result result = daemon_start(&daemon, bench, "isolation-daemon", first);

	if (result == DAEMON_ABSENT)
		printf("isolation of containers is left out: there is no %s\n",
		       bench->settings.nsxattrd);
	if (result != DAEMON_SERVES)
		return result == DAEMON_ABSENT;
	neighbours->measured_place = "1 1 ";
	neighbours->hung_place = "0 1 ";
	neighbours->runner = &daemon.containers;
	neighbours->matrix = make_matrix(bench, "other", "in another container, us", "256 hung");
	neighbours->hung_count = HUNG_OTHER;
	bool is_right = daemon_attach(&daemon, 2) >= 0 && take_rounds(neighbours, slow);

	(void)slow_release(slow);
	daemon_stop(&daemon);
	return is_right;
}

/** make_sides() - a folder with a file that answers, and one with files that do not */
static bool make_sides(const struct bench *bench, const struct slow *slow,
		       struct neighbours *neighbours)
{
	char backing[PATH_MAX];

	return path_join(neighbours->files, bench->scene.directory, "isolation-files") &&
	       make_directory(neighbours->files) && make_files(neighbours->files, 1) &&
	       path_join(neighbours->hung, slow->mountpoint, "hung") &&
	       path_join(backing, slow->backing, "hung") && make_files(backing, HUNG_OTHER);
}

bool part_isolation(struct bench *bench)
{
	struct neighbours neighbours = { .bench = bench };
	struct slow slow;

	if (!slow_prepare(&slow, bench, "isolation") || !make_sides(bench, &slow, &neighbours))
		return false;
	enum slow_result result = slow_mount(&slow, bench, 0);

	if (result == SLOW_ABSENT)
		puts("isolation is left out: it needs libfuse3-dev, when it is built, and /dev/fuse");
	if (result != SLOW_MOUNTED)
		return result == SLOW_ABSENT;
	bool is_right = measure_same(bench, &neighbours, &slow);

	is_right = measure_other(bench, &neighbours, &slow) && is_right;
	slow_unmount(&slow);
	return is_right;
}
