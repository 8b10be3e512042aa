/* SPDX-License-Identifier: Apache-2.0 */
#include "matrix.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

struct matrix *matrix_new(const char *part, const char *key, const char *title, double scale)
{
	struct matrix *matrix = calloc(1, sizeof(*matrix));

	if (!matrix)
		return NULL;
	matrix->part = part;
	matrix->key = key;
	matrix->title = title;
	matrix->scale = scale;
	return matrix;
}

size_t matrix_add_row(struct matrix *matrix, const char *label)
{
	assert(matrix->row_count < MATRIX_ROWS);
	matrix->rows[matrix->row_count] = label;
	return matrix->row_count++;
}

size_t matrix_add_column(struct matrix *matrix, const char *name, const char *about)
{
	assert(matrix->column_count < MATRIX_COLUMNS);
	matrix->columns[matrix->column_count] = (struct column){ name, about };
	return matrix->column_count++;
}

void matrix_compare_with(struct matrix *matrix, size_t column)
{
	assert(matrix->base_count < MATRIX_BASES);
	matrix->bases[matrix->base_count++] = column;
}

void matrix_add(struct matrix *matrix, size_t row, size_t column, double sample)
{
	size_t *count = &matrix->counts[row][column];

	if (*count < MATRIX_SAMPLES)
		matrix->samples[row][column][(*count)++] = sample;
}

void matrix_drop(struct matrix *matrix, size_t row, size_t column)
{
	matrix->counts[row][column] = 0;
}

bool matrix_has_column(const struct matrix *matrix, size_t column)
{
	for (size_t row = 0; row < matrix->row_count; row++)
		if (matrix->counts[row][column] > 0)
			return true;
	return false;
}

struct spread matrix_spread(const struct matrix *matrix, size_t row, size_t column)
{
	double samples[MATRIX_SAMPLES];
	size_t count = matrix->counts[row][column];

	memcpy(samples, matrix->samples[row][column], count * sizeof(*samples));
	return spread_of(samples, count);
}

struct spread matrix_ratio(const struct matrix *matrix, size_t row, size_t column, size_t base)
{
	double samples[MATRIX_SAMPLES];
	size_t count = matrix->counts[row][column];

	if (matrix->counts[row][base] < count)
		count = matrix->counts[row][base];
	for (size_t i = 0; i < count; i++)
		samples[i] = matrix->samples[row][column][i] / matrix->samples[row][base][i];
	return spread_of(samples, count);
}

/* The table. */

static void print_heading(const struct matrix *matrix, const char *title)
{
	printf("\n%-25s", title);
	for (size_t i = 0; i < matrix->column_count; i++)
		if (matrix_has_column(matrix, i))
			printf("  %15s", matrix->columns[i].name);
	putchar('\n');
}

static void print_cell(const struct spread *spread, double scale)
{
	if (spread->count == 0)
		printf("  %15s", "-");
	else
		printf("  %8.2f ±%5.2f", spread->median / scale,
		       (spread->ninetieth - spread->tenth) / 2 / scale);
}

static void print_times(const struct matrix *matrix)
{
	print_heading(matrix, matrix->title);
	for (size_t row = 0; row < matrix->row_count; row++) {
		printf("%-25s", matrix->rows[row]);
		for (size_t i = 0; i < matrix->column_count; i++) {
			struct spread spread = matrix_spread(matrix, row, i);

			if (matrix_has_column(matrix, i))
				print_cell(&spread, matrix->scale);
		}
		putchar('\n');
	}
}

static void print_ratios(const struct matrix *matrix, size_t base)
{
	char title[64];

	snprintf(title, sizeof(title), "times %s", matrix->columns[base].name);
	print_heading(matrix, title);
	for (size_t row = 0; row < matrix->row_count; row++) {
		printf("%-25s", matrix->rows[row]);
		for (size_t i = 0; i < matrix->column_count; i++) {
			struct spread spread = matrix_ratio(matrix, row, i, base);

			if (matrix_has_column(matrix, i))
				print_cell(&spread, 1);
		}
		putchar('\n');
	}
}

void matrix_print_columns(const struct matrix *matrix)
{
	for (size_t i = 0; i < matrix->column_count; i++)
		if (matrix_has_column(matrix, i))
			printf("  %-12s %s\n", matrix->columns[i].name, matrix->columns[i].about);
}

void matrix_print(const struct matrix *matrix)
{
	print_times(matrix);
	for (size_t i = 0; i < matrix->base_count; i++)
		if (matrix_has_column(matrix, matrix->bases[i]))
			print_ratios(matrix, matrix->bases[i]);
}

/* JSON. */

static void write_columns(const struct matrix *matrix, FILE *file)
{
	fputs("     \"columns\": [", file);
	for (size_t i = 0; i < matrix->column_count; i++) {
		fputs(i == 0 ? "{" : ", {", file);
		json_member(file, "name", matrix->columns[i].name, ", ");
		json_member(file, "about", matrix->columns[i].about, "}");
	}
	fputs("],\n", file);
}

/* A row of cells; of their ratios if there is a @base. */
static void write_cells(const struct matrix *matrix, size_t row, const size_t *base, FILE *file)
{
	for (size_t i = 0; i < matrix->column_count; i++) {
		struct spread spread = base ? matrix_ratio(matrix, row, i, *base) :
					      matrix_spread(matrix, row, i);

		fputs(i == 0 ? "[" : ", ", file);
		json_spread(file, &spread);
	}
	fputc(']', file);
}

static void write_row(const struct matrix *matrix, size_t row, FILE *file)
{
	fputs("      {", file);
	json_member(file, "label", matrix->rows[row], ", \"cells\": ");
	write_cells(matrix, row, NULL, file);
	for (size_t i = 0; i < matrix->base_count; i++) {
		fprintf(file, ", \"times_%s\": ", matrix->columns[matrix->bases[i]].name);
		write_cells(matrix, row, &matrix->bases[i], file);
	}
	fputs(row + 1 < matrix->row_count ? "},\n" : "}]", file);
}

void matrix_write(const struct matrix *matrix, FILE *file)
{
	fputs("    {", file);
	json_member(file, "part", matrix->part, ", ");
	json_member(file, "key", matrix->key, ", ");
	json_member(file, "title", matrix->title, ", ");
	fprintf(file, "\"scale\": %g,\n", matrix->scale);
	write_columns(matrix, file);
	fputs("     \"rows\": [\n", file);
	for (size_t row = 0; row < matrix->row_count; row++)
		write_row(matrix, row, file);
	fputc('}', file);
}
