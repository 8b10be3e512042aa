/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The input is the text of a uid_map. Whatever it is, the reader takes all of it or nothing; what it
 * takes it would read again from what the kernel prints; and the two translations are each other's
 * inverse where the map is one that the kernel would have.
 */
#include "idmap.h"

#include <stdlib.h>

#include "fuzz.h"

/* As uid_m_show() of the kernel prints an extent. */
#define EXTENT_TEXT_SIZE 34

static void require_same(const struct id_map *left, const struct id_map *right)
{
	require(left->count == right->count);
	for (unsigned int i = 0; i < left->count; i++)
		require(memcmp(&left->extents[i], &right->extents[i], sizeof(left->extents[i])) ==
			0);
}

/* With the strtoull(3) of libc as another pair of eyes. */
static void require_read_as_written(const uint8_t *data, size_t size, const struct id_map *map)
{
	char *text = malloc(size + 1), *at = text;

	require(text);
	memcpy(text, data, size);
	text[size] = '\0';
	for (unsigned int i = 0; i < map->count; i++) {
		require(strtoull(at, &at, 10) == map->extents[i].inside);
		require(strtoull(at, &at, 10) == map->extents[i].host);
		require(strtoull(at, &at, 10) == map->extents[i].count);
	}
	require(at[strspn(at, " \t\n")] == '\0' && strlen(text) == size);
	free(text);
}

static void require_survives_printing(const struct id_map *map)
{
	static char text[ID_MAP_EXTENTS_MAX * EXTENT_TEXT_SIZE + 1];
	static struct id_map again;
	size_t length = 0;

	for (unsigned int i = 0; i < map->count; i++)
		length += (size_t)sprintf(text + length, "%10u %10u %10u\n", map->extents[i].inside,
					  map->extents[i].host, map->extents[i].count);
	require(id_map_parse(text, length, &again) == 0);
	require_same(map, &again);
}

static bool is_in(uint32_t id, uint32_t first, uint32_t count)
{
	return id >= first && id < first + (uint64_t)count;
}

static bool is_mapped_inside(const struct id_map *map, uint32_t inside)
{
	for (unsigned int i = 0; i < map->count; i++)
		if (is_in(inside, map->extents[i].inside, map->extents[i].count))
			return true;
	return false;
}

static bool is_mapped_host(const struct id_map *map, uint32_t host)
{
	for (unsigned int i = 0; i < map->count; i++)
		if (is_in(host, map->extents[i].host, map->extents[i].count))
			return true;
	return false;
}

static void require_translation(const struct id_map *map, uint32_t id, bool is_injective)
{
	uint32_t other = id, back = ~id;

	require(id_map_to_host(map, id, &other) == is_mapped_inside(map, id));
	if (is_mapped_inside(map, id)) {
		require(other != UINT32_MAX && id_map_to_inside(map, other, &back));
		require(!is_injective || back == id);
	} else {
		require(other == id);
	}
	other = id;
	require(id_map_to_inside(map, id, &other) == is_mapped_host(map, id));
	if (is_mapped_host(map, id)) {
		require(other != UINT32_MAX && id_map_to_host(map, other, &back));
		require(!is_injective || back == id);
	} else {
		require(other == id);
	}
}

static void require_translations(const struct id_map *map)
{
	bool is_injective = map_is_injective(map);

	require_translation(map, 0, is_injective);
	require_translation(map, UINT32_MAX, is_injective);
	require_translation(map, UINT32_MAX - 1, is_injective);
	for (unsigned int i = 0; i < map->count; i++) {
		const struct id_extent *extent = &map->extents[i];

		require(extent->count > 0);
		for (uint32_t step = 0; step < 3; step++) {
			require_translation(map, extent->inside + step - 1, is_injective);
			require_translation(map, extent->inside + extent->count + step - 2,
					    is_injective);
			require_translation(map, extent->host + step - 1, is_injective);
			require_translation(map, extent->host + extent->count + step - 2,
					    is_injective);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct id_map untouched = { 1, { { 7, 8, 9 } } };
	static struct id_map map;

	map = untouched;
	int r = id_map_parse((const char *)data, size, &map);

	require(r == 0 || r == -EINVAL || r == -E2BIG);
	if (r < 0) {
		require_same(&map, &untouched);
		return 0;
	}
	require(map.count <= ID_MAP_EXTENTS_MAX);
	require_read_as_written(data, size, &map);
	require_survives_printing(&map);
	require_translations(&map);
	return 0;
}
