/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * What the kernel would refuse with a bare EINVAL when the map is written (map_write() in
 * kernel/user_namespace.c) is found here, one extent after the other, where it can still be said
 * which argument is wrong and why.
 */
#include "attach/idmap_arg.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "decimal.h"

/* Reads digits up to @end, which is skipped. */
static bool read_number(const char **at, char end, uint32_t *ret_number)
{
	size_t length = strspn(*at, "0123456789");

	if ((*at)[length] != end || !decimal_parse(*at, length, ret_number))
		return false;
	*at += length + 1;
	return true;
}

const char *idmap_arg_parse(const char *text, struct id_extent *ret_extent)
{
	struct id_extent extent;

	if (!read_number(&text, ':', &extent.inside) || !read_number(&text, ':', &extent.host) ||
	    !read_number(&text, '\0', &extent.count))
		return "is not of the form INSIDE:OUTSIDE:COUNT (numbers up to 4294967295)";
	*ret_extent = extent;
	return NULL;
}

static bool ranges_meet(uint32_t first, uint32_t count, uint32_t other_first, uint32_t other_count)
{
	return first < other_first + (uint64_t)other_count && other_first < first + (uint64_t)count;
}

static const char *extent_conflict(const struct id_map *map, const struct id_extent *extent)
{
	for (unsigned int i = 0; i < map->count; i++) {
		const struct id_extent *other = &map->extents[i];

		if (ranges_meet(extent->inside, extent->count, other->inside, other->count))
			return "overlaps another range inside";
		if (ranges_meet(extent->host, extent->count, other->host, other->count))
			return "overlaps another range outside";
	}
	return NULL;
}

static size_t line_format(const struct id_extent *extent, char *text, size_t size)
{
	int length = snprintf(text, size, "%" PRIu32 " %" PRIu32 " %" PRIu32 "\n", extent->inside,
			      extent->host, extent->count);

	return length < 0 ? 0 : (size_t)length;
}

static size_t text_length(const struct id_map *map)
{
	size_t length = 0;

	for (unsigned int i = 0; i < map->count; i++)
		length += line_format(&map->extents[i], NULL, 0);
	return length;
}

const char *idmap_arg_add(struct id_map *map, const struct id_extent *extent)
{
	if (extent->count == 0)
		return "maps no id: COUNT is 0";
	/* 4294967295 is no id: it says "no change" in setresuid(2). */
	if (extent->inside + (uint64_t)extent->count > UINT32_MAX ||
	    extent->host + (uint64_t)extent->count > UINT32_MAX)
		return "goes beyond the last id, 4294967294";
	const char *conflict = extent_conflict(map, extent);

	if (conflict)
		return conflict;
	if (map->count == ID_MAP_EXTENTS_MAX ||
	    text_length(map) + line_format(extent, NULL, 0) >= ID_MAP_TEXT_SIZE)
		return "is one range too many: the kernel takes 340, and less than 4096 bytes";
	map->extents[map->count++] = *extent;
	return NULL;
}

size_t idmap_arg_format(const struct id_map *map, char text[ID_MAP_TEXT_SIZE])
{
	size_t length = 0;

	text[0] = '\0';
	for (unsigned int i = 0; i < map->count; i++)
		length += line_format(&map->extents[i], text + length, ID_MAP_TEXT_SIZE - length);
	return length;
}
