/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_CLI_TOP_TEXT_H
#define NSXATTR_CLI_TOP_TEXT_H

/* What containers did between two answers of the daemon's (status_json_new()), the busiest first. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/latency.h"

struct json_object;

/** struct top_row - of one container */
struct top_row {
	struct json_object *container; /* of the later answer */
	double requests, kernels, errors; /* a second */
	uint64_t stuck, late; /* calls in this time */
	uint64_t latency[LATENCY_CLASSES]; /* likewise */
	struct json_object
		*reasons; /* likewise, of which there were any: {REASON: N...}; the row's */
};

/**
 * top_rows_new() - compare two answers
 * @before: the earlier one; NULL: all that was counted so far counts
 * @now: the later one
 * @seconds: between them
 * @ret_count: how many rows there are
 *
 * Counters of a new worker begin anew.
 *
 * Return: the rows, for top_rows_free(), as long as @now; NULL without memory.
 */
struct top_row *top_rows_new(struct json_object *before, struct json_object *now, double seconds,
			     size_t *ret_count);

/** top_rows_free() - NULL is accepted */
void top_rows_free(struct top_row *rows, size_t count);

/** top_print_header() - the titles. @time: a column for it, too */
void top_print_header(bool has_time, FILE *to);

/** top_print_row() - a line. @time: what to begin with; NULL: nothing. @has_colour: what is wrong is marked */
void top_print_row(const struct top_row *row, const char *time, bool has_colour, FILE *to);

/** top_print_summary() - of all rows: a line */
void top_print_summary(const struct top_row *rows, size_t count, struct json_object *status,
		       FILE *to);

#endif
