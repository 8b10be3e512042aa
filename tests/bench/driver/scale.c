/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One nsxattrd and 1, 10, 100, 1,000 containers (containers.c): what it holds while they are idle, how
 * fast they come, how long a call of one of them takes beside the others, and what 64 targets get
 * done in one container, in 8, in 64.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../lib/operations.h"
#include "crowds.h"
#include "daemon.h"
#include "message.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#define ROUNDS 5
#define TURN 200 /* milliseconds */
#define FILES 64

/* Steps: how many containers there are then, and how many come for that. */
static const struct {
	const char *label;
	unsigned int containers;
	unsigned int more;
} steps[] = {
	{ "none attached", 0, 0 },   { "1 attached", 1, 1 },	      { "10 attached", 10, 9 },
	{ "100 attached", 100, 90 }, { "1,000 attached", 1000, 900 },
};

/* Columns: how many targets in how many containers. */
static const struct {
	const char *name;
	const char *about;
	unsigned int targets;
	unsigned int containers;
} crowds[] = {
	{ "1 in 1", "one target", 1, 1 },
	{ "4 in 1", "4 targets in one container", 4, 1 },
	{ "16 in 1", "16 targets in one container", 16, 1 },
	{ "64 in 1", "64 targets in one container", 64, 1 },
	{ "64 in 8", "64 targets in 8 containers", 64, 8 },
	{ "64 in 64", "64 targets in 64 containers", 64, 64 },
};

#define LAST_SINGLE 3
#define IN_EIGHT 4

/* Columns of what it holds. */
enum { MEMORY, THREADS, DESCRIPTORS, ATTACHED };

struct scale {
	struct bench *bench;
	struct daemon daemon;
	char files[PATH_MAX];
	struct matrix *holds;
	struct crowd_tables tables;
	struct matrix *best;
};

static void make_tables(struct scale *scale)
{
	struct bench *bench = scale->bench;

	scale->holds = bench_matrix(bench, "scale", "holds", "what it holds", 1);
	matrix_add_column(scale->holds, "MiB", "memory of all its processes (PSS)");
	matrix_add_column(scale->holds, "threads", "of all its processes");
	matrix_add_column(scale->holds, "descriptors", "of all its processes");
	matrix_add_column(scale->holds, "attached/s",
			  "containers a second, from the first hand-over to the last first answer");
	scale->tables.rate = bench_matrix(bench, "scale", "rate", "thousand calls a second", 1000);
	scale->tables.p50 = bench_matrix(bench, "scale", "p50", "p50 of a call, us", 1000);
	scale->tables.p99 = bench_matrix(bench, "scale", "p99", "p99 of a call, us", 1000);
	for (size_t i = 0; i < COUNT_OF(crowds); i++) {
		matrix_add_column(scale->tables.rate, crowds[i].name, crowds[i].about);
		matrix_add_column(scale->tables.p50, crowds[i].name, crowds[i].about);
		matrix_add_column(scale->tables.p99, crowds[i].name, crowds[i].about);
	}
	scale->best = bench_matrix(bench, "scale", "best", "throughput, of the best in 1", 1);
	matrix_add_column(scale->best, "64 in 8", "64 targets in 8 containers");
}

/** run_crowd() - Return: whether all its calls went well; else it is said. */
static bool run_crowd(const struct scale *scale, size_t crowd, const char *operation,
		      struct crowd_figures *figures)
{
	char answer[ANSWER_SIZE];
	long expected = strcmp(operation, "get") == 0 ? VALUE_SIZE : 0;

	if (!runner_ask(&scale->daemon.containers, answer, "run 0 %u %s %s %u 0 %u",
			crowds[crowd].containers, operation, scale->files, crowds[crowd].targets,
			TURN) ||
	    !crowd_parse_figures(answer, figures)) {
		complain("the containers do not answer");
		return false;
	}
	if (figures->result == expected && figures->odd == 0 && figures->hung == 0)
		return true;
	complain("%s: %s gives %ld (%lu others, %u hung)", crowds[crowd].name, operation,
		 figures->result, figures->odd, figures->hung);
	return false;
}

static bool take_round(struct scale *scale, size_t row, unsigned int containers)
{
	struct crowd_figures figures;
	double best = 0;

	for (size_t i = 0; i < COUNT_OF(crowds); i++) {
		if (crowds[i].containers > containers)
			continue;
		if (!run_crowd(scale, i, "get", &figures))
			return false;
		matrix_add(scale->tables.rate, row, i, figures.rate);
		matrix_add(scale->tables.p50, row, i, (double)figures.p50);
		matrix_add(scale->tables.p99, row, i, (double)figures.p99);
		if (i <= LAST_SINGLE && figures.rate > best)
			best = figures.rate;
		if (i == IN_EIGHT)
			matrix_add(scale->best, row, 0, figures.rate / best);
	}
	return true;
}

static bool measure_calls(struct scale *scale, const char *label, unsigned int containers)
{
	struct crowd_figures figures;
	size_t row = matrix_add_row(scale->tables.rate, label);
	double began = nanoseconds_now();

	matrix_add_row(scale->tables.p50, label);
	matrix_add_row(scale->tables.p99, label);
	matrix_add_row(scale->best, label);
	if (!run_crowd(scale, LAST_SINGLE, "set", &figures))
		return false;
	for (unsigned long round = 0; bench_goes_on(scale->bench, round, ROUNDS, began); round++)
		if (!take_round(scale, row, containers))
			return false;
	return true;
}

static void note_usage(struct scale *scale, const char *label, unsigned int more, double seconds)
{
	struct daemon_usage usage = daemon_usage(&scale->daemon);
	size_t row = matrix_add_row(scale->holds, label);

	matrix_add(scale->holds, row, MEMORY, usage.memory / (1 << 20));
	matrix_add(scale->holds, row, THREADS, usage.threads);
	matrix_add(scale->holds, row, DESCRIPTORS, usage.descriptors);
	if (more > 0)
		matrix_add(scale->holds, row, ATTACHED, more / seconds);
}

/* What it holds is looked at before the containers of the step are busy, though not the earlier ones. */
static bool take_step(struct scale *scale, size_t step)
{
	double seconds = 0;

	progress("scale: %s", steps[step].label);
	if (steps[step].more > 0)
		seconds = daemon_attach(&scale->daemon, steps[step].more);
	if (seconds < 0)
		return false;
	note_usage(scale, steps[step].label, steps[step].more, seconds);
	return steps[step].containers == 0 ||
	       measure_calls(scale, steps[step].label, steps[step].containers);
}

bool part_scale(struct bench *bench)
{
	static struct scale scale;
	char first[PATH_MAX];
	bool is_right = true;

	scale.bench = bench;
	if (!path_join(scale.files, bench->scene.directory, "scale-files") ||
	    !make_directory(scale.files) || !make_files(scale.files, FILES) ||
	    !path_join(first, scale.files, "0"))
		return false;
	enum daemon_result result = daemon_start(&scale.daemon, bench, "scale", first);

	if (result == DAEMON_ABSENT)
		printf("scale is left out: there is no %s\n", bench->settings.nsxattrd);
	if (result != DAEMON_SERVES)
		return result == DAEMON_ABSENT;
	make_tables(&scale);
	for (size_t i = 0; i < COUNT_OF(steps) && is_right; i++)
		is_right = take_step(&scale, i);
	daemon_stop(&scale.daemon);
	return is_right;
}
