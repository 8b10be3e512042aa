/* SPDX-License-Identifier: Apache-2.0 */
#include "crowds.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "message.h"

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
	matrix_compare_with(crowds->tables.rate, base);
}

size_t crowds_add_row(struct crowds *crowds, const char *label)
{
	if (crowds->tables.p50)
		matrix_add_row(crowds->tables.p50, label);
	if (crowds->tables.p99)
		matrix_add_row(crowds->tables.p99, label);
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

bool crowds_start_one(struct crowds *crowds, size_t number, unsigned int files)
{
	const struct bench *bench = crowds->bench;
	struct crowd_column *column = &crowds->columns[number];

	if (wrapper_start(column->wrapper, &bench->settings, &bench->scene, "crowd",
			  &column->runner) &&
	    (files == 0 || prepare(column, files)))
		return true;
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

bool crowds_take_turn(struct crowds *crowds, size_t row, size_t number, struct crowd_task *task)
{
	struct crowd_column *column = &crowds->columns[number];
	struct crowd_figures figures;

	if (!runner_is_running(&column->runner))
		return true;
	snprintf(task->directory, sizeof(task->directory), "%s", column->directory);
	if (!crowd_ask(&column->runner, task, &figures) ||
	    !is_right(column->wrapper, task, &figures)) {
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
