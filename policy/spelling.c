/* SPDX-License-Identifier: Apache-2.0 */
/* Levenshtein's distance, one row at a time; a third of the letters may be wrong. */
#include "spelling.h"

#include <string.h>

#define WORD_MAX 32

static size_t least(size_t a, size_t b, size_t c)
{
	size_t smaller = a < b ? a : b;

	return smaller < c ? smaller : c;
}

static size_t distance(const char *word, const char *known)
{
	size_t columns = strlen(known);
	size_t row[WORD_MAX + 1];

	for (size_t j = 0; j <= columns; j++)
		row[j] = j;
	for (size_t i = 1; word[i - 1]; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= columns; j++) {
			size_t above = row[j];

			row[j] = least(above + 1, row[j - 1] + 1,
				       diagonal + (word[i - 1] != known[j - 1]));
			diagonal = above;
		}
	}
	return row[columns];
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
