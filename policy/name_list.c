/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sorted by a heap: it needs no memory, and no list makes it slow. A list can have thirty thousand
 * names, which a target chooses.
 */
#include "name_list.h"

#include <linux/xattr.h>
#include <string.h>

#include "name.h"

size_t name_list_length_at(const char *names, size_t length, size_t offset)
{
	size_t rest = length - offset;
	size_t found = strnlen(names + offset, rest);

	return found < rest ? found : 0;
}

static const char *name_at(const struct name_index *index, size_t place)
{
	return index->names + index->offsets[place];
}

static void swap(struct name_index *index, size_t a, size_t b)
{
	uint32_t offset = index->offsets[a];

	index->offsets[a] = index->offsets[b];
	index->offsets[b] = offset;
}

/* Below each place of the heap, which is of @count places, are lesser names; but for @place yet. */
static void sift(struct name_index *index, size_t place, size_t count)
{
	size_t below;

	while ((below = 2 * place + 1) < count) {
		if (below + 1 < count &&
		    strcmp(name_at(index, below), name_at(index, below + 1)) < 0)
			below++;
		if (strcmp(name_at(index, place), name_at(index, below)) >= 0)
			return;
		swap(index, place, below);
		place = below;
	}
}

static void sort(struct name_index *index)
{
	for (size_t place = index->count / 2; place > 0; place--)
		sift(index, place - 1, index->count);
	for (size_t left = index->count; left > 1; left--) {
		swap(index, 0, left - 1);
		sift(index, 0, left - 1);
	}
}

void name_index_make(struct name_index *index, const char *names, size_t length)
{
	size_t found;

	index->names = names;
	index->count = 0;
	for (size_t at = 0; (found = name_list_length_at(names, length, at)) > 0; at += found + 1)
		index->offsets[index->count++] = (uint32_t)at;
	sort(index);
}

bool name_index_has(const struct name_index *index, const char *name)
{
	size_t from = 0, to = index->count;

	while (from < to) {
		size_t middle = from + (to - from) / 2;
		int order = strcmp(name, name_at(index, middle));

		if (order == 0)
			return true;
		if (order < 0)
			to = middle;
		else
			from = middle + 1;
	}
	return false;
}

/* Return: bytes of the names of system.* at the beginning. */
static size_t skip_system(const char *names, size_t length)
{
	size_t at = 0, found;

	while ((found = name_list_length_at(names, length, at)) > 0 &&
	       name_has_prefix(names + at, found, XATTR_SYSTEM_PREFIX))
		at += found + 1;
	return at;
}

enum name_list_order name_list_order(const char *names, size_t length)
{
	size_t at = skip_system(names, length), found, next;
	bool rises = false, falls = false;

	while ((found = name_list_length_at(names, length, at)) > 0) {
		next = at + found + 1;
		if (name_list_length_at(names, length, next) == 0)
			break;
		int order = strcmp(names + at, names + next);

		rises |= order < 0;
		falls |= order > 0;
		at = next;
	}
	if (rises == falls)
		return NAME_LIST_UNORDERED;
	return rises ? NAME_LIST_RISING : NAME_LIST_FALLING;
}

size_t name_list_sort(const char *names, size_t length, enum name_list_order order,
		      uint32_t *offsets, char *ret_sorted)
{
	struct name_index index = { .offsets = offsets };
	size_t at = skip_system(names, length);

	memcpy(ret_sorted, names, at);
	name_index_make(&index, names + at, length - at);
	for (size_t i = 0; i < index.count; i++) {
		size_t place = order == NAME_LIST_FALLING ? index.count - 1 - i : i;
		size_t size = strlen(name_at(&index, place)) + 1;

		memcpy(ret_sorted + at, name_at(&index, place), size);
		at += size;
	}
	return at;
}
