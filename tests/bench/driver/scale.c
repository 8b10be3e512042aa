/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One nsxattrd and 1, 10, 100, 1,000 containers (containers.c): what it holds while they are idle, how
 * fast they come, how long a call of one of them takes beside the others, and what 64 targets get
 * done in one container, in 8, in 64.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../lib/operations.h"
#include "count_of.h"
#include "crowds.h"
#include "daemon.h"
#include "message.h"
#include "usage.h"

#define ROUNDS 5
#define TURN 200 /* milliseconds */
#define FILES 64
/* For so long it may take until the daemon has put away what it had only for the start. */
#define SETTLE_SECONDS 10
/* Looks, a second apart, that find the same. */
#define ALIKE 4

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

/** ask() - have a crowd do a task. Return: false: no answer, said. */
static bool ask(const struct scale *scale, unsigned int containers, const struct crowd_task *task,
		struct crowd_figures *figures)
{
	char answer[ANSWER_SIZE];

	if (runner_ask(&scale->daemon.containers, answer, "run 0 %u %s %s %u %u %u", containers,
		       task->operation, scale->files, task->targets, task->files,
		       task->milliseconds) &&
	    crowd_parse_figures(answer, figures))
		return true;
	complain("the containers do not answer");
	return false;
}

/** is_right() - Return: whether all calls went well; else it is said. */
static bool is_right(const char *what, long expected, const struct crowd_figures *figures)
{
	if (figures->result == expected && figures->odd == 0 && figures->hung == 0)
		return true;
	complain("scale: %s: a call gives %ld; %lu others, %u targets hang", what, figures->result,
		 figures->odd, figures->hung);
	return false;
}

/** set_values() - by the first container, for all to get */
static bool set_values(const struct scale *scale)
{
	const struct crowd_task task = { .operation = "set", .targets = 1, .files = FILES };
	struct crowd_figures figures;

	return ask(scale, 1, &task, &figures) && is_right("set", 0, &figures);
}

static void add_samples(struct scale *scale, size_t row, size_t column,
			const struct crowd_figures *figures)
{
	matrix_add(scale->tables.rate, row, column, figures->rate);
	matrix_add(scale->tables.p50, row, column, (double)figures->p50);
	matrix_add(scale->tables.p99, row, column, (double)figures->p99);
}

/** take_round() - Return: false when something went wrong: said. */
static bool take_round(struct scale *scale, size_t row, unsigned int containers)
{
	struct crowd_figures figures;
	double best = 0;

	for (size_t i = 0; i < COUNT_OF(crowds); i++) {
		const struct crowd_task task = { .operation = "get",
						 .targets = crowds[i].targets,
						 .milliseconds = TURN };

		if (crowds[i].containers > containers)
			continue;
		if (!ask(scale, crowds[i].containers, &task, &figures) ||
		    !is_right(crowds[i].name, VALUE_SIZE, &figures))
			return false;
		add_samples(scale, row, i, &figures);
		if (i <= LAST_SINGLE && figures.rate > best)
			best = figures.rate;
		if (i == IN_EIGHT)
			matrix_add(scale->best, row, 0, figures.rate / best);
	}
	return true;
}

static bool measure_calls(struct scale *scale, const char *label, unsigned int containers)
{
	size_t row = matrix_add_row(scale->tables.rate, label);
	double began = nanoseconds_now();

	matrix_add_row(scale->tables.p50, label);
	matrix_add_row(scale->tables.p99, label);
	matrix_add_row(scale->best, label);
	for (unsigned long round = 0; bench_goes_on(scale->bench, round, ROUNDS, began); round++)
		if (!take_round(scale, row, containers))
			return false;
	return true;
}

/** settled() - what it holds when that does not change any more, or after a while */
static struct usage settled(const struct daemon *daemon)
{
	struct usage before, usage = usage_of_program(daemon->program);
	unsigned int looks = 0, alike = 0;

	/* Threads that have nothing to do stay for some seconds. */
	while (looks++ < SETTLE_SECONDS && alike < ALIKE) {
		before = usage;
		sleep(1);
		usage = usage_of_program(daemon->program);
		bool has_changed = usage.threads != before.threads ||
				   usage.descriptors != before.descriptors ||
				   fabs(usage.memory - before.memory) > 65536;

		alike = has_changed ? 0 : alike + 1;
	}
	return usage;
}

static void note_usage(struct scale *scale, const char *label, unsigned int more, double seconds)
{
	struct usage usage = settled(&scale->daemon);
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
	if (steps[step].containers == 1 && !set_values(scale))
		return false;
	return steps[step].containers == 0 ||
	       measure_calls(scale, steps[step].label, steps[step].containers);
}

bool part_scale(struct bench *bench)
{
	static struct scale scale;
	char first[PATH_MAX];
	bool all_right = true;

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
	for (size_t i = 0; i < COUNT_OF(steps) && all_right; i++)
		all_right = take_step(&scale, i);
	daemon_stop(&scale.daemon);
	return all_right;
}
