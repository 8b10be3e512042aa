/* SPDX-License-Identifier: Apache-2.0 */
#include "idmap.h"

#include <errno.h>
#include <string.h>

#include "decimal.h"

/* A cursor over text that need not end with a NUL. */
struct scanner {
	const char *at;
	const char *end;
};

static void skip_blanks(struct scanner *scanner)
{
	while (scanner->at < scanner->end && (*scanner->at == ' ' || *scanner->at == '\t'))
		scanner->at++;
}

static bool scan_number(struct scanner *scanner, uint32_t *ret_number)
{
	skip_blanks(scanner);
	const char *start = scanner->at;

	while (scanner->at < scanner->end && *scanner->at >= '0' && *scanner->at <= '9')
		scanner->at++;
	return decimal_parse(start, (size_t)(scanner->at - start), ret_number);
}

static bool scan_line_end(struct scanner *scanner)
{
	skip_blanks(scanner);
	if (scanner->at == scanner->end)
		return true;
	return *scanner->at++ == '\n';
}

static bool extent_is_sane(const struct id_extent *extent)
{
	return extent->count > 0 && extent->inside + (uint64_t)extent->count <= UINT32_MAX &&
	       extent->host + (uint64_t)extent->count <= UINT32_MAX;
}

int id_map_parse(const char *text, size_t length, struct id_map *ret_map)
{
	struct scanner scanner = { .at = text, .end = text + length };
	struct id_map map = { 0 };

	while (scanner.at < scanner.end) {
		struct id_extent extent;

		if (!scan_number(&scanner, &extent.inside) ||
		    !scan_number(&scanner, &extent.host) || !scan_number(&scanner, &extent.count) ||
		    !scan_line_end(&scanner))
			return -EINVAL;
		/* The initial namespace maps 4294967295 ids: all but the invalid one. */
		if (!extent_is_sane(&extent))
			return -EINVAL;
		if (map.count == ID_MAP_EXTENTS_MAX)
			return -E2BIG;
		map.extents[map.count++] = extent;
	}
	*ret_map = map;
	return 0;
}

/* Three numbers, and what is between them and those of the extent before. */
#define EXTENT_TEXT_MAX (3 * (DECIMAL_DIGITS + 1) + 1)

static size_t print_extent(const struct id_extent *extent, bool is_first,
			   char text[EXTENT_TEXT_MAX])
{
	const uint32_t numbers[] = { extent->inside, extent->host, extent->count };
	size_t length = 0;

	if (!is_first)
		text[length++] = ';';
	for (unsigned int i = 0; i < 3; i++) {
		if (length > 0)
			text[length++] = ' ';
		length += decimal_write(numbers[i], text + length);
	}
	return length;
}

size_t id_map_print(const struct id_map *map, char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	for (unsigned int i = 0; i < map->count; i++) {
		char extent[EXTENT_TEXT_MAX];
		size_t length = print_extent(&map->extents[i], i == 0, extent);
		size_t room = size - 1 - used;

		memcpy(text + used, extent, length < room ? length : room);
		text[used + (length < room ? length : room)] = '\0';
		if (length > room)
			break;
		used += length;
	}
	return used;
}

bool id_map_to_host(const struct id_map *map, uint32_t inside, uint32_t *ret_host)
{
	for (unsigned int i = 0; i < map->count; i++) {
		const struct id_extent *extent = &map->extents[i];

		if (inside >= extent->inside && inside - extent->inside < extent->count) {
			*ret_host = extent->host + (inside - extent->inside);
			return true;
		}
	}
	return false;
}

bool id_map_to_inside(const struct id_map *map, uint32_t host, uint32_t *ret_inside)
{
	for (unsigned int i = 0; i < map->count; i++) {
		const struct id_extent *extent = &map->extents[i];

		if (host >= extent->host && host - extent->host < extent->count) {
			*ret_inside = extent->inside + (host - extent->host);
			return true;
		}
	}
	return false;
}
