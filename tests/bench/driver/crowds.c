/* SPDX-License-Identifier: Apache-2.0 */
#include "crowds.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "count_of.h"
#include "message.h"
#include "usage.h"

void crowds_add(struct crowds *crowds, enum wrapper_id id, const char *directory)
{
	struct crowd_column *column = &crowds->columns[crowds->count];

	assert(crowds->count < CROWDS_MAX);
	column->wrapper = wrapper_get(id);
	column->runner = RUNNER_NONE;
	snprintf(column->directory, PATH_MAX, "%s", directory);
	crowds->count++;
}

static void label_columns(const struct crowds *crowds, struct matrix *matrix)
{
	for (size_t i = 0; matrix && i < crowds->count; i++)
		matrix_add_column(matrix, crowds->columns[i].wrapper->name,
				  crowds->columns[i].wrapper->about);
}

void crowds_label(struct crowds *crowds, size_t base)
{
	label_columns(crowds, crowds->tables.rate);
	label_columns(crowds, crowds->tables.p50);
	label_columns(crowds, crowds->tables.p99);
	label_columns(crowds, crowds->tables.threads);
	label_columns(crowds, crowds->tables.memory);
	label_columns(crowds, crowds->tables.cpu);
	matrix_compare_with(crowds->tables.rate, base);
}

size_t crowds_add_row(struct crowds *crowds, const char *label)
{
	struct matrix *const others[] = { crowds->tables.p50, crowds->tables.p99,
					  crowds->tables.threads, crowds->tables.memory,
					  crowds->tables.cpu };

	for (size_t i = 0; i < COUNT_OF(others); i++)
		if (others[i])
			matrix_add_row(others[i], label);
	return matrix_add_row(crowds->tables.rate, label);
}

bool crowd_parse_figures(const char *line, struct crowd_figures *ret_figures)
{
	struct crowd_figures figures;

	if (sscanf(line, "%ld %lu %lu %u %lf %lu %lu %lu %lu", &figures.result, &figures.calls,
		   &figures.odd, &figures.hung, &figures.rate, &figures.p50, &figures.p90,
		   &figures.p99, &figures.longest) != 9)
		return false;
	*ret_figures = figures;
	return true;
}

bool crowd_ask(const struct runner *runner, const struct crowd_task *task,
	       struct crowd_figures *ret_figures)
{
	char answer[ANSWER_SIZE];

	if (runner_ask(runner, answer, "run %s %s %u %u %u", task->operation, task->directory,
		       task->targets, task->files, task->milliseconds) &&
	    crowd_parse_figures(answer, ret_figures))
		return true;
	complain("a crowd does not answer");
	return false;
}

/** prepare() - set what is got later. Return: whether that works. */
static bool prepare(const struct crowd_column *column, unsigned int files)
{
	struct crowd_task task = { .operation = "set", .targets = 1, .files = files };
	struct crowd_figures figures;

	snprintf(task.directory, sizeof(task.directory), "%s", column->directory);
	return crowd_ask(&column->runner, &task, &figures) && figures.result == 0 &&
	       figures.odd == 0 && figures.hung == 0;
}

/* Return: the session of the supervisor that was started last; 0: no table has it, or there is none. */
static pid_t newest_supervisor(const struct crowds *crowds)
{
	char program[PATH_MAX];

	return crowds->tables.threads && realpath(crowds->bench->settings.nsxattr, program) ?
		       usage_newest_session(program) :
		       0;
}

/* @before: of newest_supervisor(), before the column was started */
static void find_supervisor(const struct crowds *crowds, struct crowd_column *column, pid_t before)
{
	pid_t newest = newest_supervisor(crowds);

	column->session = newest != before ? newest : 0;
	if (column->session != 0)
		column->idle_memory = usage_of_session(column->session).memory;
}

bool crowds_start_one(struct crowds *crowds, size_t number, unsigned int files)
{
	const struct bench *bench = crowds->bench;
	struct crowd_column *column = &crowds->columns[number];
	pid_t before = newest_supervisor(crowds);

	if (wrapper_start(column->wrapper, &bench->settings, &bench->scene, "crowd",
			  &column->runner) &&
	    (files == 0 || prepare(column, files))) {
		find_supervisor(crowds, column, before);
		return true;
	}
	return wrapper_leave_out(column->wrapper, &column->runner);
}

bool crowds_start(struct crowds *crowds, unsigned int files)
{
	bool is_complete = true;

	for (size_t i = 0; i < crowds->count; i++)
		if (wrapper_is_wanted(crowds->columns[i].wrapper, &crowds->bench->settings) &&
		    !crowds_start_one(crowds, i, files))
			is_complete = false;
	return is_complete;
}

void crowds_stop(struct crowds *crowds)
{
	for (size_t i = 0; i < crowds->count; i++)
		runner_stop(&crowds->columns[i].runner);
}

static bool is_right(const struct wrapper *wrapper, const struct crowd_task *task,
		     const struct crowd_figures *figures)
{
	long expected = wrapper->answers_zero || strcmp(task->operation, "get") != 0 ? 0 : 16;

	if (figures->hung > 0)
		complain("%s: %u of %u targets hang", wrapper->name, figures->hung, task->targets);
	else if (figures->result != expected || figures->odd > 0)
		complain("%s: %s gives %ld, not %ld, or different results (%lu)", wrapper->name,
			 task->operation, figures->result, expected, figures->odd);
	else
		return true;
	return false;
}

static void add_samples(const struct crowd_tables *tables, size_t row, size_t column,
			const struct crowd_figures *figures)
{
	matrix_add(tables->rate, row, column, figures->rate);
	if (tables->p50)
		matrix_add(tables->p50, row, column, (double)figures->p50);
	if (tables->p99)
		matrix_add(tables->p99, row, column, (double)figures->p99);
}

/* ---- the supervisor meanwhile ---- */

/** struct look - at a supervisor in the middle of a turn */
struct look {
	pid_t session;
	unsigned int milliseconds; /* of the turn */
	pthread_t thread;
	struct usage before;
	struct usage amid;
};

static void *look_amid(void *place)
{
	struct look *look = place;
	unsigned int wait = look->milliseconds / 2;
	const struct timespec half = { wait / 1000, (long)(wait % 1000) * 1000000 };

	nanosleep(&half, NULL);
	look->amid = usage_of_session(look->session);
	return NULL;
}

static bool look_begin(struct look *look, pid_t session, unsigned int milliseconds)
{
	*look = (struct look){ .session = session, .milliseconds = milliseconds };
	if (session == 0)
		return false;
	look->before = usage_of_session(session);
	return pthread_create(&look->thread, NULL, look_amid, look) == 0;
}

static void look_end(struct look *look, const struct crowd_tables *tables, size_t row,
		     size_t number, const struct crowd_column *column, unsigned long calls)
{
	double cpu = usage_of_session(look->session).cpu - look->before.cpu;

	pthread_join(look->thread, NULL);
	matrix_add(tables->threads, row, number, look->amid.threads);
	matrix_add(tables->memory, row, number, look->amid.memory - column->idle_memory);
	if (calls > 0)
		matrix_add(tables->cpu, row, number, cpu * 1e9 / (double)calls);
}

bool crowds_take_turn(struct crowds *crowds, size_t row, size_t number, struct crowd_task *task)
{
	struct crowd_column *column = &crowds->columns[number];
	struct crowd_figures figures;
	struct look look;

	if (!runner_is_running(&column->runner))
		return true;
	snprintf(task->directory, sizeof(task->directory), "%s", column->directory);
	bool is_looking = look_begin(&look, column->session, task->milliseconds);
	bool is_answered = crowd_ask(&column->runner, task, &figures);

	if (is_looking)
		look_end(&look, &crowds->tables, row, number, column,
			 is_answered ? figures.calls : 0);
	if (!is_answered || !is_right(column->wrapper, task, &figures)) {
		runner_give_up(&column->runner);
		return column->wrapper->is_optional;
	}
	add_samples(&crowds->tables, row, number, &figures);
	return true;
}

bool crowds_take_turns(struct crowds *crowds, size_t row, unsigned long round,
		       struct crowd_task *task)
{
	bool all_right = true;

	for (size_t i = 0; i < crowds->count; i++)
		if (!crowds_take_turn(crowds, row, (round + i) % crowds->count, task))
			all_right = false;
	return all_right;
}
