/* SPDX-License-Identifier: Apache-2.0 */
#include "attach/idmap_arg.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct id_map map_of(const char *const *texts)
{
	struct id_map map = { 0 };

	for (; *texts; texts++) {
		struct id_extent extent;

		cr_assert_null(idmap_arg_parse(*texts, &extent), "%s", *texts);
		cr_assert_null(idmap_arg_add(&map, &extent), "%s", *texts);
	}
	return map;
}

static const char *complaint_of(struct id_map map, struct id_extent extent)
{
	unsigned int before = map.count;
	const char *complaint = idmap_arg_add(&map, &extent);

	cr_assert_not_null(complaint);
	cr_assert_eq(map.count, before, "a refused extent was added");
	return complaint;
}

#define complains(complaint, word) \
	cr_expect_not_null(strstr((complaint), (word)), "%s", (complaint))

Test(idmap_arg, reads_three_numbers)
{
	struct id_extent extent;

	cr_assert_null(idmap_arg_parse("0:100000:65536", &extent));
	cr_expect_eq(extent.inside, 0);
	cr_expect_eq(extent.host, 100000);
	cr_expect_eq(extent.count, 65536);
	cr_assert_null(idmap_arg_parse("4294967295:1:2", &extent));
	cr_expect_eq(extent.inside, 4294967295);
}

Test(idmap_arg, refuses_what_is_not_three_numbers)
{
	static const char *const texts[] = { "",
					     "0",
					     "0:1",
					     "0:1:",
					     ":1:2",
					     "0::2",
					     "0:1:2:3",
					     "0:1:2 ",
					     " 0:1:2",
					     "0:-1:2",
					     "+0:1:2",
					     "0x0:1:2",
					     "0,1,2",
					     "a:1:2",
					     "0:1:4294967296",
					     "0:1:99999999999999999999" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct id_extent extent = { 7, 7, 7 };

		cr_expect_not_null(idmap_arg_parse(texts[i], &extent), "\"%s\"", texts[i]);
		cr_expect_eq(extent.count, 7, "\"%s\" has changed the extent", texts[i]);
	}
}

Test(idmap_arg, refuses_ranges_that_are_empty_or_too_long)
{
	struct id_map none = { 0 };

	complains(complaint_of(none, (struct id_extent){ 0, 1, 0 }), "COUNT is 0");
	complains(complaint_of(none, (struct id_extent){ 0, 1, UINT32_MAX }), "beyond");
	complains(complaint_of(none, (struct id_extent){ 1, 0, UINT32_MAX }), "beyond");
	complains(complaint_of(none, (struct id_extent){ UINT32_MAX, 0, 1 }), "beyond");
}

Test(idmap_arg, takes_all_ids_there_are)
{
	const char *const texts[] = { "0:0:4294967295", NULL };

	cr_expect_eq(map_of(texts).count, 1);
}

Test(idmap_arg, takes_ranges_that_touch_and_refuses_those_that_overlap)
{
	const char *const texts[] = { "0:1000:10", "10:2000:10", "20:1010:10", NULL };
	struct id_map map = map_of(texts);

	complains(complaint_of(map, (struct id_extent){ 29, 5000, 1 }), "inside");
	complains(complaint_of(map, (struct id_extent){ 0, 5000, 100 }), "inside");
	complains(complaint_of(map, (struct id_extent){ 30, 999, 2 }), "outside");
	complains(complaint_of(map, (struct id_extent){ 30, 1500, 501 }), "outside");
}

Test(idmap_arg, writes_what_the_kernel_reads)
{
	const char *const texts[] = { "0:100000:65536", "65536:4294967294:1", NULL };
	struct id_map map = map_of(texts);
	struct id_map read;
	char text[ID_MAP_TEXT_SIZE];
	size_t length = idmap_arg_format(&map, text);

	cr_expect_str_eq(text, "0 100000 65536\n65536 4294967294 1\n");
	cr_expect_eq(length, strlen(text));
	cr_assert_eq(id_map_parse(text, length, &read), 0);
	cr_expect_eq(read.count, 2);
}

Test(idmap_arg, writes_nothing_for_an_empty_map)
{
	struct id_map none = { 0 };
	char text[ID_MAP_TEXT_SIZE];

	cr_expect_eq(idmap_arg_format(&none, text), 0);
}

Test(idmap_arg, stops_at_340_ranges)
{
	struct id_map map = { 0 };

	for (uint32_t i = 0; i < ID_MAP_EXTENTS_MAX; i++)
		cr_assert_null(idmap_arg_add(&map, &(struct id_extent){ i * 2, i * 2, 1 }));
	complains(complaint_of(map, (struct id_extent){ 1, 1, 1 }), "too many");
}

Test(idmap_arg, stops_before_the_text_exceeds_what_can_be_written)
{
	struct id_map map = { 0 };
	char text[ID_MAP_TEXT_SIZE];
	uint32_t i = 0;

	while (!idmap_arg_add(&map, &(struct id_extent){ 3000000000 + i, 4000000000 + i, 1 }))
		i++;
	cr_expect_lt(i, ID_MAP_EXTENTS_MAX);
	cr_expect_eq(map.count, i);
	cr_expect_gt(idmap_arg_format(&map, text), ID_MAP_TEXT_SIZE - 30);
	cr_expect_lt(strlen(text), ID_MAP_TEXT_SIZE);
}
