/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_CLI_TREE_RANGE_H
#define NSXATTR_CLI_TREE_RANGE_H

/* A range of the numbers in stored names: that of a container. */

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "decimal.h"

#define TREE_COUNT_DEFAULT 65536
/* The last number is no id. */
#define TREE_ID_MAX (UINT32_MAX - 1)

/** struct tree_range - @count numbers from @from on */
struct tree_range {
	uint32_t from, count;
};

/** tree_range_has() - Return: whether the number is in it; then *ret_place is how far it is from its begin. */
static inline bool tree_range_has(const struct tree_range *range, uint32_t number,
				  uint32_t *ret_place)
{
	if (number < range->from || number - range->from >= range->count)
		return false;
	*ret_place = number - range->from;
	return true;
}

/** tree_range_is_beyond() - does it go beyond the last id? */
static inline bool tree_range_is_beyond(const struct tree_range *range)
{
	return range->from > UINT32_MAX - range->count;
}

/** tree_range_parse() - a number of an option's argument. Return: NULL; what is wrong with it. */
static inline const char *tree_range_parse(const char *argument, uint32_t *ret_number)
{
	uint32_t number;

	if (!decimal_parse(argument, strlen(argument), &number) || number > TREE_ID_MAX)
		return "is not a number from 0 to 4294967294";
	*ret_number = number;
	return NULL;
}

#endif
