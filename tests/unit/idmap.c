/* SPDX-License-Identifier: Apache-2.0 */
#include "idmap.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Parses a copy that ends where the text ends, so that a sanitizer sees a step beyond it. */
static int parse_bytes(const char *text, size_t length, struct id_map *ret_map)
{
	char *copy = malloc(length > 0 ? length : 1);

	cr_assert_not_null(copy);
	memcpy(copy, text, length);
	int r = id_map_parse(copy, length, ret_map);

	free(copy);
	return r;
}

static int parse(const char *text, struct id_map *ret_map)
{
	return parse_bytes(text, strlen(text), ret_map);
}

static struct id_map map_of(const char *text)
{
	struct id_map map;

	cr_assert_eq(parse(text, &map), 0, "%s", text);
	return map;
}

static void expect_extent(const struct id_map *map, unsigned int i, uint32_t inside, uint32_t host,
			  uint32_t count)
{
	cr_assert_lt(i, map->count);
	cr_expect_eq(map->extents[i].inside, inside);
	cr_expect_eq(map->extents[i].host, host);
	cr_expect_eq(map->extents[i].count, count);
}

static void expect_to_host(const struct id_map *map, uint32_t inside, uint32_t host)
{
	uint32_t got = 0;

	cr_expect(id_map_to_host(map, inside, &got), "%u is not mapped", inside);
	cr_expect_eq(got, host, "%u is %u on the host, not %u", inside, got, host);
}

static void expect_to_inside(const struct id_map *map, uint32_t host, uint32_t inside)
{
	uint32_t got = 0;

	cr_expect(id_map_to_inside(map, host, &got), "%u of the host is not mapped", host);
	cr_expect_eq(got, inside, "%u of the host is %u inside, not %u", host, got, inside);
}

static void expect_unmapped_inside(const struct id_map *map, uint32_t inside)
{
	uint32_t got = 77;

	cr_expect_not(id_map_to_host(map, inside, &got), "%u is mapped", inside);
	cr_expect_eq(got, 77, "the result was touched");
}

static void expect_unmapped_host(const struct id_map *map, uint32_t host)
{
	uint32_t got = 77;

	cr_expect_not(id_map_to_inside(map, host, &got), "%u of the host is mapped", host);
	cr_expect_eq(got, 77, "the result was touched");
}

Test(idmap, reads_the_columns_of_the_kernel)
{
	struct id_map map = map_of("         0     100000      65536\n");

	cr_expect_eq(map.count, 1);
	expect_extent(&map, 0, 0, 100000, 65536);
}

Test(idmap, reads_extents_in_their_order)
{
	struct id_map map = map_of("5 300000 1\n0 1000 1\n1 100000 65536\n");

	cr_expect_eq(map.count, 3);
	expect_extent(&map, 0, 5, 300000, 1);
	expect_extent(&map, 1, 0, 1000, 1);
	expect_extent(&map, 2, 1, 100000, 65536);
}

Test(idmap, reads_the_map_of_the_initial_namespace)
{
	struct id_map map = map_of("         0          0 4294967295\n");

	expect_to_host(&map, 4294967294, 4294967294);
	expect_to_inside(&map, 4294967294, 4294967294);
	expect_unmapped_inside(&map, 4294967295);
	expect_unmapped_host(&map, 4294967295);
}

Test(idmap, reads_the_last_id_there_is)
{
	struct id_map map = map_of("4294967294 7 1\n0 4294967294 1\n");

	expect_to_host(&map, 4294967294, 7);
	expect_to_host(&map, 0, 4294967294);
	expect_to_inside(&map, 4294967294, 0);
}

Test(idmap, needs_neither_a_newline_at_the_end_nor_a_nul)
{
	struct id_map map;

	cr_assert_eq(parse_bytes("0 100000 65536", 14, &map), 0);
	expect_extent(&map, 0, 0, 100000, 65536);
	cr_assert_eq(parse_bytes("0 100000 65536", 13, &map), 0);
	expect_extent(&map, 0, 0, 100000, 6553);
}

Test(idmap, takes_an_empty_text_for_a_map_that_is_not_written_yet)
{
	struct id_map map = map_of("");

	cr_expect_eq(map.count, 0);
	expect_unmapped_inside(&map, 0);
	expect_unmapped_host(&map, 0);
}

Test(idmap, refuses_what_is_no_map)
{
	static const char *const texts[] = {
		"0",
		"0 1",
		"0 1\n",
		"0 1 1 1\n",
		"0 1 1x\n",
		"x 0 1 1\n",
		"-1 0 1\n",
		"+1 0 1\n",
		"0 -1 1\n",
		"0x0 0 1\n",
		"0,1,1\n",
		"\n",
		" \n",
		"0 1 1\n\n",
		"\n0 1 1\n",
		"0\n1\n1\n",
		"0 1 1\r\n",
		"0 1 1;5 6 1\n",
		"0 1 1 ;\n5 6 1\n",
		/* no ids at all */
		"0 1 0\n",
		/* beyond the last id, which is 4294967294 */
		"4294967295 0 1\n",
		"0 4294967295 1\n",
		"4294967294 0 2\n",
		"0 4294967294 2\n",
		"1 0 4294967295\n",
		"0 1 4294967295\n",
		"0 2000000000 4000000000\n",
		/* no 32 bits */
		"4294967296 0 1\n",
		"0 4294967296 1\n",
		"0 0 4294967296\n",
		"18446744073709551616 0 1\n",
		"0 0 18446744073709551617\n",
		"99999999999999999999999999999999 0 1\n",
	};
	struct id_map map;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		cr_expect_eq(parse(texts[i], &map), -EINVAL, "'%s' was taken", texts[i]);
	cr_expect_eq(parse_bytes("0 1 1\0\n", 7, &map), -EINVAL);
	cr_expect_eq(parse_bytes("0 1 1\0005 6 1\n", 12, &map), -EINVAL);
}

Test(idmap, leaves_the_result_alone_on_failure)
{
	struct id_map map = map_of("0 100000 65536\n");

	cr_assert_eq(parse("0 5 5\nnonsense\n", &map), -EINVAL);
	cr_expect_eq(map.count, 1);
	expect_extent(&map, 0, 0, 100000, 65536);
}

static size_t write_lines(char *text, unsigned int lines)
{
	size_t length = 0;

	for (unsigned int i = 0; i < lines; i++)
		length += (size_t)sprintf(text + length, "%10u %10u %10u\n", i, 100000 + 2 * i, 1);
	return length;
}

Test(idmap, takes_as_many_extents_as_the_kernel_does)
{
	char text[(ID_MAP_EXTENTS_MAX + 1) * 36];
	struct id_map map;

	cr_assert_eq(parse_bytes(text, write_lines(text, ID_MAP_EXTENTS_MAX), &map), 0);
	cr_expect_eq(map.count, ID_MAP_EXTENTS_MAX);
	expect_to_host(&map, 339, 100678);
	cr_expect_eq(parse_bytes(text, write_lines(text, ID_MAP_EXTENTS_MAX + 1), &map), -E2BIG);
}

Test(idmap, translates_from_the_first_to_the_last_id_of_an_extent)
{
	struct id_map map = map_of("10 100000 5\n");

	expect_unmapped_inside(&map, 9);
	expect_to_host(&map, 10, 100000);
	expect_to_host(&map, 14, 100004);
	expect_unmapped_inside(&map, 15);
	expect_unmapped_host(&map, 99999);
	expect_to_inside(&map, 100000, 10);
	expect_to_inside(&map, 100004, 14);
	expect_unmapped_host(&map, 100005);
}

Test(idmap, does_not_take_a_number_of_one_side_for_one_of_the_other)
{
	struct id_map map = map_of("10 20 1\n");

	expect_unmapped_inside(&map, 20);
	expect_unmapped_host(&map, 10);
}

Test(idmap, translates_in_each_extent_and_not_between_them)
{
	struct id_map map = map_of("0 1000 1\n1 100000 100\n200 50 10\n");

	expect_to_host(&map, 0, 1000);
	expect_to_host(&map, 1, 100000);
	expect_to_host(&map, 100, 100099);
	expect_unmapped_inside(&map, 101);
	expect_to_host(&map, 209, 59);
	expect_unmapped_host(&map, 1001);
	expect_to_inside(&map, 59, 209);
	expect_to_inside(&map, 1000, 0);
	expect_unmapped_host(&map, 0);
}
