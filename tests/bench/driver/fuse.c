/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a call has to wait: 1 to 256 targets that get an attribute on a file system that answers each
 * request after a millisecond (slowfs.c). Here it shows whether requests that wait are served beside each other.
 *
 * The slow file system has seen each file shortly before, so a call by path costs the native caller
 * one request to it.
 */
#include <stdio.h>

#include "../lib/operations.h"
#include "count_of.h"
#include "crowds.h"
#include "message.h"
#include "slow.h"

#define ROUNDS 3
#define TURN 1000 /* milliseconds */
#define DELAY 1000 /* microseconds */
#define FILES 256

static const struct {
	const char *label;
	unsigned int targets;
} rows[] = {
	{ "1 target", 1 },    { "2 targets", 2 },   { "4 targets", 4 },	  { "8 targets", 8 },
	{ "16 targets", 16 }, { "32 targets", 32 }, { "64 targets", 64 }, { "256 targets", 256 },
};

static const enum wrapper_id variants[] = { WRAPPER_NATIVE, WRAPPER_NSXATTR, WRAPPER_INLINE,
					    WRAPPER_THREADS, WRAPPER_BATCH };

/* The column that others are compared with. */
#define NATIVE 0

/* The slow file system. */

/** make_slow_columns() - on the backing side, so that no call waits */
static bool make_slow_columns(struct crowds *crowds, const struct slow *slow)
{
	char directory[PATH_MAX];

	for (size_t i = 0; i < COUNT_OF(variants); i++) {
		const char *name = wrapper_get(variants[i])->name;

		if (!path_join(directory, slow->backing, name) || !make_directory(directory) ||
		    !make_files(directory, FILES) || !path_join(directory, slow->mountpoint, name))
			return false;
		crowds_add(crowds, variants[i], directory);
	}
	crowds_label(crowds, NATIVE);
	return true;
}

static bool measure_slow_row(struct crowds *crowds, const char *label, unsigned int targets)
{
	struct crowd_task task = { .operation = "get", .targets = targets, .milliseconds = TURN };
	size_t row = crowds_add_row(crowds, label);
	double began = nanoseconds_now();
	bool is_right = true;

	progress("fuse: %s", label);
	for (unsigned long round = 0; bench_goes_on(crowds->bench, round, ROUNDS, began); round++)
		if (!crowds_take_turns(crowds, row, round, &task))
			is_right = false;
	return is_right;
}

static bool measure_slow(struct crowds *crowds)
{
	bool is_right = crowds_start(crowds, FILES);

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (!measure_slow_row(crowds, rows[i].label, rows[i].targets))
			is_right = false;
	crowds_stop(crowds);
	return is_right;
}

bool part_fuse(struct bench *bench)
{
	static struct crowds crowds;
	struct slow slow;
	bool is_right;

	if (!slow_prepare(&slow, bench, "fuse"))
		return false;
	enum slow_result result = slow_mount(&slow, bench, DELAY);

	if (result == SLOW_ABSENT)
		puts("fuse is left out: it needs libfuse3-dev, when it is built, and /dev/fuse");
	if (result != SLOW_MOUNTED)
		return result == SLOW_ABSENT;
	crowds.bench = bench;
	crowds.tables.rate = bench_matrix(bench, "fuse", "rate", "1 ms away: calls a second", 1);
	crowds.tables.p50 = bench_matrix(bench, "fuse", "p50", "1 ms away: p50, ms", 1e6);
	crowds.tables.threads =
		bench_matrix(bench, "fuse", "threads", "1 ms away: threads of the supervisor", 1);
	crowds.tables.memory = bench_matrix(bench, "fuse", "memory",
					    "1 ms away: MiB more than at the start", 1 << 20);
	crowds.tables.cpu = bench_matrix(
		bench, "fuse", "cpu", "1 ms away: the supervisor's CPU time of a call, us", 1000);
	is_right = make_slow_columns(&crowds, &slow) && measure_slow(&crowds);
	slow_unmount(&slow);
	return is_right;
}
