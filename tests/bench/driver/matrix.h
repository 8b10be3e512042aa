/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BENCH_MATRIX_H
#define NSXATTR_BENCH_MATRIX_H

/*
 * What a part has measured: for each row (what is done) and each column (who does it) some samples,
 * one a round. A round's samples are taken side by side, so a ratio of two columns is taken round by
 * round, too.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "spread.h"

#define MATRIX_ROWS 16
#define MATRIX_COLUMNS 12
#define MATRIX_SAMPLES 200
#define MATRIX_BASES 3

/** struct column - who does it; strings outlive the matrix, as all strings here */
struct column {
	const char *name; /* short */
	const char *about;
};

struct matrix {
	const char *part; /* which part measures it */
	const char *key; /* its name among those of the part */
	const char *title; /* with the unit that is printed */
	double scale; /* what is printed is a sample divided by this */
	struct column columns[MATRIX_COLUMNS];
	size_t column_count;
	const char *rows[MATRIX_ROWS];
	size_t row_count;
	size_t bases[MATRIX_BASES]; /* columns of which the others are given as multiples */
	size_t base_count;
	double samples[MATRIX_ROWS][MATRIX_COLUMNS][MATRIX_SAMPLES];
	size_t counts[MATRIX_ROWS][MATRIX_COLUMNS];
};

/** matrix_new() - an empty one, to be released with free(3). Return: NULL: out of memory. */
struct matrix *matrix_new(const char *part, const char *key, const char *title, double scale);

/** matrix_add_row() - Return: its number. */
size_t matrix_add_row(struct matrix *matrix, const char *label);

/** matrix_add_column() - Return: its number. */
size_t matrix_add_column(struct matrix *matrix, const char *name, const char *about);

/** matrix_compare_with() - give the others as multiples of this column, too */
void matrix_compare_with(struct matrix *matrix, size_t column);

/** matrix_add() - one sample more; those that find no room are dropped */
void matrix_add(struct matrix *matrix, size_t row, size_t column, double sample);

/** matrix_drop() - forget the samples of a cell that turned out wrong */
void matrix_drop(struct matrix *matrix, size_t row, size_t column);

/** matrix_has_column() - Return: whether it has any sample. */
bool matrix_has_column(const struct matrix *matrix, size_t column);

/** matrix_spread() - Return: the summary of a cell. */
struct spread matrix_spread(const struct matrix *matrix, size_t row, size_t column);

/** matrix_ratio() - Return: the summary of how many times the column @base it is, round by round. */
struct spread matrix_ratio(const struct matrix *matrix, size_t row, size_t column, size_t base);

/** matrix_print_columns() - what the names of the columns mean, on standard output */
void matrix_print_columns(const struct matrix *matrix);

/** matrix_print() - the figures, then the ratios, on standard output */
void matrix_print(const struct matrix *matrix);

/** matrix_write() - all of it as a JSON object */
void matrix_write(const struct matrix *matrix, FILE *file);

#endif
