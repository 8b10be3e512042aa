/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many targets under one supervisor: 1 to 64 processes that get an attribute by path, each on a file
 * of its own, hot, on a local file system. A program that is preloaded has a server, too, that all
 * of them ask.
 */
#include <string.h>

#include "../lib/operations.h"
#include "count_of.h"
#include "crowds.h"
#include "message.h"

#define ROUNDS 5
#define TURN 200 /* milliseconds */
#define FILES 64

static const struct {
	const char *label;
	unsigned int targets;
} rows[] = {
	{ "1 target", 1 },    { "2 targets", 2 },   { "4 targets", 4 },	  { "8 targets", 8 },
	{ "16 targets", 16 }, { "32 targets", 32 }, { "64 targets", 64 },
};

static const enum wrapper_id variants[] = {
	WRAPPER_NATIVE, WRAPPER_FLOOR,	 WRAPPER_BARE,	 WRAPPER_BARE_TWO, WRAPPER_NSXATTR,
	WRAPPER_INLINE, WRAPPER_THREADS, WRAPPER_KERNEL, WRAPPER_FAKEROOT,
};

/* The column that others are compared with. */
#define FLOOR 1

static bool make_columns(struct crowds *crowds)
{
	char all[PATH_MAX], own[PATH_MAX];

	if (!path_join(all, crowds->bench->scene.directory, "concurrency") || !make_directory(all))
		return false;
	for (size_t i = 0; i < COUNT_OF(variants); i++) {
		if (!path_join(own, all, wrapper_get(variants[i])->name) || !make_directory(own) ||
		    !make_files(own, FILES))
			return false;
		crowds_add(crowds, variants[i], own);
	}
	crowds_label(crowds, FLOOR);
	return true;
}

static bool measure_row(struct crowds *crowds, const char *label, unsigned int targets)
{
	struct crowd_task task = { .operation = "get", .targets = targets, .milliseconds = TURN };
	size_t row = crowds_add_row(crowds, label);
	double began = nanoseconds_now();
	bool is_right = true;

	progress("concurrency: %s", label);
	for (unsigned long round = 0; bench_goes_on(crowds->bench, round, ROUNDS, began); round++)
		if (!crowds_take_turns(crowds, row, round, &task))
			is_right = false;
	return is_right;
}

bool part_concurrency(struct bench *bench)
{
	static struct crowds crowds;
	bool is_right;

	crowds.bench = bench;
	crowds.tables.rate =
		bench_matrix(bench, "concurrency", "rate", "thousand calls a second", 1000);
	crowds.tables.p50 = bench_matrix(bench, "concurrency", "p50", "p50 of a call, us", 1000);
	crowds.tables.p99 = bench_matrix(bench, "concurrency", "p99", "p99 of a call, us", 1000);
	if (!make_columns(&crowds))
		return false;
	is_right = crowds_start(&crowds, FILES);
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (!measure_row(&crowds, rows[i].label, rows[i].targets))
			is_right = false;
	crowds_stop(&crowds);
	return is_right;
}
