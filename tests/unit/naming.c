/* SPDX-License-Identifier: Apache-2.0 */
#include "naming.h"

#include <criterion/criterion.h>
#include <string.h>

static struct id_map map_of(const char *text)
{
	struct id_map map;

	cr_assert_eq(id_map_parse(text, strlen(text), &map), 0);
	return map;
}

static void expect_pair(const struct naming *naming, uint32_t uid, uint32_t number)
{
	uint32_t found;

	cr_assert(naming_number(naming, uid, &found), "%u has no number", uid);
	cr_expect_eq(found, number, "%u is %u instead of %u", uid, found, number);
	cr_assert(naming_uid(naming, number, &found), "%u has no owner", number);
	cr_expect_eq(found, uid, "%u is of %u instead of %u", number, found, uid);
}

static void expect_no_number(const struct naming *naming, uint32_t uid)
{
	uint32_t found = 12345;

	cr_expect_not(naming_number(naming, uid, &found), "%u is %u", uid, found);
	cr_expect_eq(found, 12345, "the result was touched");
}

static void expect_no_owner(const struct naming *naming, uint32_t number)
{
	uint32_t found = 12345;

	cr_expect_not(naming_uid(naming, number, &found), "%u is of %u", number, found);
	cr_expect_eq(found, 12345, "the result was touched");
}

Test(naming, leaves_ids_as_they_are_without_a_translation)
{
	struct naming plain = { 0 };

	expect_pair(NULL, 100000, 100000);
	expect_pair(&plain, 100000, 100000);
	expect_pair(&plain, 1, 1);
	expect_pair(&plain, UINT32_MAX - 1, UINT32_MAX - 1);
}

Test(naming, has_no_number_for_root_of_the_host)
{
	struct id_map mount = map_of("100000 0 10\n");
	struct id_map range = map_of("0 0 10\n");
	struct naming by_mount = { .mount = &mount }, by_owner = { .range = &range, .owner = 500 };

	cr_expect(naming_is_host_root(NULL, 0));
	cr_expect_not(naming_is_host_root(NULL, 1));
	expect_no_number(NULL, 0);
	expect_no_owner(NULL, 0);
	expect_no_number(&by_mount, 0);
	expect_no_owner(&by_mount, 100000);
	expect_pair(&by_mount, 1, 100001);
	expect_no_number(&by_owner, 0);
	expect_no_owner(&by_owner, 500);
	expect_pair(&by_owner, 1, 501);
}

Test(naming, follows_the_mount_to_the_ids_of_the_file_system)
{
	struct id_map mount = map_of("0 200000 1000\n5000 300000 10\n");
	struct naming naming = { .mount = &mount };

	expect_pair(&naming, 200000, 0);
	expect_pair(&naming, 200999, 999);
	expect_pair(&naming, 300009, 5009);
	expect_no_number(&naming, 201000);
	expect_no_number(&naming, 100000);
	expect_no_owner(&naming, 1000);
	expect_no_owner(&naming, 200000);
}

Test(naming, counts_from_the_owner_whatever_the_range)
{
	struct id_map one = map_of("0 100000 65536\n"),
		      other = map_of("0 1000 1\n1 300000 65535\n");
	struct naming first = { .range = &one, .owner = 1000000 };
	struct naming second = { .range = &other, .owner = 1000000 };

	expect_pair(&first, 100000, 1000000);
	expect_pair(&second, 1000, 1000000);
	expect_pair(&first, 100010, 1000010);
	expect_pair(&second, 300009, 1000010);
	expect_no_number(&first, 99999);
	expect_no_number(&second, 1001);
	expect_no_owner(&first, 999999);
	expect_no_owner(&first, 1065536);
	expect_no_owner(&first, 100000);
}

Test(naming, has_no_number_beyond_the_last_id)
{
	struct id_map range = map_of("0 100000 65536\n");
	struct naming naming = { .range = &range, .owner = UINT32_MAX - 2 };

	expect_pair(&naming, 100000, UINT32_MAX - 2);
	expect_pair(&naming, 100001, UINT32_MAX - 1);
	expect_no_number(&naming, 100002);
	expect_no_number(&naming, 100003);
	expect_no_owner(&naming, 0);
}

Test(naming, prefers_the_owner_to_the_mount)
{
	struct id_map range = map_of("0 200000 10\n"), mount = map_of("0 200000 10\n");
	struct naming naming = { .range = &range, .owner = 7000, .mount = &mount };

	expect_pair(&naming, 200003, 7003);
	expect_no_owner(&naming, 3);
}

Test(naming, counts_in_the_namespace_around_the_supervisor)
{
	struct id_map outer = map_of("0 1001 1\n1 100000 65536\n"), mount = map_of("0 5 10\n");
	struct naming naming = { .outer = &outer };
	struct naming idmapped = { .outer = &outer, .mount = &mount };

	cr_expect_not(naming_is_host_root(&naming, 0));
	expect_pair(&naming, 0, 1001);
	expect_pair(&naming, 5, 100004);
	expect_no_number(&naming, 70000);
	expect_no_owner(&naming, 5);
	/* The mount tells ids of the file system, which no namespace counts in its own way. */
	expect_pair(&idmapped, 5, 0);
}

Test(naming, knows_root_of_the_host_through_the_namespace_around)
{
	struct id_map outer = map_of("0 1001 1\n5 0 1\n");
	struct naming naming = { .outer = &outer };

	cr_expect(naming_is_host_root(&naming, 5));
	expect_no_number(&naming, 5);
	expect_no_owner(&naming, 0);
}

/* unshare(1) in unshare(1): what is around has a 0 of its own, and knows of no other. */
Test(naming, a_zero_around_that_is_not_root_of_the_host)
{
	struct id_map outer = map_of("0 0 1\n1 5 9\n");
	struct naming naming = { .outer = &outer, .is_rootless = true };

	cr_expect_not(naming_is_host_root(&naming, 0));
	expect_pair(&naming, 0, 0);
	expect_pair(&naming, 1, 5);
	naming.is_rootless = false;
	cr_expect(naming_is_host_root(&naming, 0));
	expect_no_number(&naming, 0);
}
