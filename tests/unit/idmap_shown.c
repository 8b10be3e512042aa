/* SPDX-License-Identifier: Apache-2.0 */
#include "idmap_shown.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct id_map two = { 2, { { 0, 100000, 65536 }, { 65536, 1000, 1 } } };

/* So many extents, as those of rootless podman with many ranges. */
static struct id_map long_map(unsigned int count)
{
	struct id_map map = { .count = count };

	for (unsigned int i = 0; i < count; i++)
		map.extents[i] = (struct id_extent){ i, 4000000000 + 7 * i, 1 };
	return map;
}

Test(idmap_shown, is_shown_whole_where_there_is_room)
{
	char text[64];

	id_map_show(&two, text, sizeof(text));
	cr_expect_str_eq(text, "0 100000 65536; 65536 1000 1");
	cr_expect(id_map_is_shown(&two, text));
	cr_expect_not(id_map_is_shown(&two, "0 100000 65536"));
	cr_expect_not(id_map_is_shown(&(struct id_map){ 0 }, ""));
}

Test(idmap_shown, is_known_by_its_beginning_where_there_is_not)
{
	for (unsigned int count = 1; count <= ID_MAP_EXTENTS_MAX; count++) {
		const struct id_map map = long_map(count);
		struct id_map other = map, longer = map;
		char text[64];

		id_map_show(&map, text, sizeof(text));
		cr_assert_lt(strlen(text), sizeof(text));
		cr_assert(id_map_is_shown(&map, text), "%s", text);
		other.extents[0].host++;
		cr_assert_not(id_map_is_shown(&other, text), "%s", text);
		cr_assert_eq(strcmp(text + strlen(text) - 3, "...") == 0, count > 4, "%s", text);
		longer.count = count < 3 ? count + 1 : 2;
		cr_assert_not(id_map_is_shown(&longer, text), "%s", text);
	}
}

/* A number is not the beginning of another one. */
Test(idmap_shown, is_not_known_by_a_part_of_an_extent)
{

	cr_expect(id_map_is_shown(&two, "0 100000 65536; ..."));
	cr_expect_not(id_map_is_shown(&two, "0 100000 655; ..."));
	cr_expect_not(id_map_is_shown(&two, "0 100000 65536; 65536 1000 1; ..."));
}
