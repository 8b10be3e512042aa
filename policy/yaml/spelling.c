/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The distance of Damerau and Levenshtein, one row at a time: letters to insert, remove, replace, or
 * swap with the next one. A third of the letters may be wrong.
 */
#include "yaml/spelling.h"

#include <stdbool.h>
#include <string.h>

#define WORD_MAX 32

static size_t least(size_t a, size_t b, size_t c)
{
	size_t smaller = a < b ? a : b;

	return smaller < c ? smaller : c;
}

/* The distances of one beginning of the word to each beginning of the known word. */
struct distances {
	size_t to[WORD_MAX + 1];
};

static bool is_swap(const char *word, size_t i, const char *known, size_t j)
{
	return i > 1 && j > 1 && word[i - 1] == known[j - 2] && word[i - 2] == known[j - 1];
}

/* @rows has those of the two beginnings that are shorter, and room for this one. */
static void fill_row(struct distances rows[3], const char *word, size_t i, const char *known)
{
	const struct distances *before_last = &rows[(i + 1) % 3], *last = &rows[(i + 2) % 3];
	struct distances *row = &rows[i % 3];

	row->to[0] = i;
	for (size_t j = 1; known[j - 1]; j++) {
		row->to[j] = least(last->to[j] + 1, row->to[j - 1] + 1,
				   last->to[j - 1] + (word[i - 1] != known[j - 1]));
		if (is_swap(word, i, known, j) && before_last->to[j - 2] + 1 < row->to[j])
			row->to[j] = before_last->to[j - 2] + 1;
	}
}

static size_t distance(const char *word, const char *known)
{
	size_t length = strlen(word), columns = strlen(known);
	struct distances rows[3] = { 0 };

	for (size_t j = 0; j <= columns; j++)
		rows[0].to[j] = j;
	for (size_t i = 1; i <= length; i++)
		fill_row(rows, word, i, known);
	return rows[length % 3].to[columns];
}

void spelling_offer(struct spelling *spelling, const char *known)
{
	if (strlen(spelling->word) > WORD_MAX || strlen(known) > WORD_MAX)
		return;
	size_t candidate = distance(spelling->word, known);

	if (candidate > (strlen(known) + 1) / 3)
		return;
	if (spelling->nearest && candidate >= spelling->distance)
		return;
	spelling->nearest = known;
	spelling->distance = candidate;
}
