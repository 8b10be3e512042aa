/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BENCH_CROWDS_H
#define NSXATTR_BENCH_CROWDS_H

/*
 * What the parts with crowds have in common: each column is a crowd (crowd.c) under a wrapper, with
 * files of its own. A turn gives a sample for the rate, and some for how long a call takes.
 */

#include <stdbool.h>
#include <stddef.h>

#include "../lib/crowd.h"
#include "part.h"
#include "runner.h"
#include "wrapper.h"

#define CROWDS_MAX MATRIX_COLUMNS

/** struct crowd_tables - where the samples of turns go; those that are NULL are not wanted */
struct crowd_tables {
	struct matrix *rate;
	struct matrix *p50;
	struct matrix *p99;
	/* Of the supervisor: its threads and its memory in the middle of a turn, and what it computes for a call. */
	struct matrix *threads;
	struct matrix *memory;
	struct matrix *cpu;
};

struct crowd_column {
	const struct wrapper *wrapper;
	struct runner runner;
	char directory[PATH_MAX];
	pid_t session; /* of its supervisor, if that is wanted; 0: it has none */
	double idle_memory; /* before the first turn */
};

struct crowds {
	struct bench *bench;
	struct crowd_tables tables;
	struct crowd_column columns[CROWDS_MAX];
	size_t count;
};

/**
 * crowds_add() - one column more, which does not run yet
 * @directory: where its files lie, see make_files()
 */
void crowds_add(struct crowds *crowds, enum wrapper_id id, const char *directory);

/** crowds_label() - add the columns, in their order, to the tables; rates are compared with column @base */
void crowds_label(struct crowds *crowds, size_t base);

/** crowds_add_row() - Return: its number in the tables. */
size_t crowds_add_row(struct crowds *crowds, const char *label);

/**
 * crowds_start() - start all that are wanted; each sets a value on its @files files
 *
 * Return: false when one that may not be missing is missing.
 */
bool crowds_start(struct crowds *crowds, unsigned int files);

/** crowds_start_one() - the same for one column; @files == 0: it sets nothing */
bool crowds_start_one(struct crowds *crowds, size_t number, unsigned int files);

/** crowds_stop() - stop all */
void crowds_stop(struct crowds *crowds);

/** crowd_ask() - have a crowd do a task. Return: false: said. */
bool crowd_ask(const struct runner *runner, const struct crowd_task *task,
	       struct crowd_figures *ret_figures);

/** crowd_parse_figures() - read what crowd_print() wrote. Return: whether it is that. */
bool crowd_parse_figures(const char *line, struct crowd_figures *ret_figures);

/**
 * crowds_take_turn() - a column does a task, if it runs
 * @row: where the samples go
 * @task: its directory is filled in
 *
 * Return: false when one that must work does not: said; it is stopped then.
 */
bool crowds_take_turn(struct crowds *crowds, size_t row, size_t number, struct crowd_task *task);

/**
 * crowds_take_turns() - a round: each column does a task, in the order that @round gives
 * @row: where the samples go
 *
 * Return: as crowds_take_turn().
 */
bool crowds_take_turns(struct crowds *crowds, size_t row, unsigned long round,
		       struct crowd_task *task);

#endif
