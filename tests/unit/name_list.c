/* SPDX-License-Identifier: Apache-2.0 */
#include "name_list.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "cpu_time.h"

#define LIST(text) (text), sizeof(text) - 1

static void expect_sorted(const char *names, size_t length, const char *expected,
			  size_t expected_length)
{
	uint32_t offsets[64];
	char sorted[256];

	cr_assert_leq(NAME_LIST_COUNT_MAX(length), sizeof(offsets) / sizeof(offsets[0]));
	size_t found = name_list_sort(names, length, NAME_LIST_RISING, offsets, sorted);

	cr_expect_eq(found, expected_length, "%zu bytes instead of %zu", found, expected_length);
	cr_expect(found == expected_length && memcmp(sorted, expected, found) == 0,
		  "it begins with %s", found > 0 ? sorted : "nothing");
}

Test(name_list, ends_at_its_end_or_at_an_empty_name)
{
	cr_expect_eq(name_list_length_at(LIST("user.a\0b\0"), 0), 6);
	cr_expect_eq(name_list_length_at(LIST("user.a\0b\0"), 7), 1);
	cr_expect_eq(name_list_length_at(LIST("user.a\0b\0"), 9), 0);
	cr_expect_eq(name_list_length_at(LIST("a\0\0b\0"), 2), 0);
	cr_expect_eq(name_list_length_at(LIST("a\0user.b"), 2), 0);
	cr_expect_eq(name_list_length_at(LIST(""), 0), 0);
}

Test(name_list, is_sorted_by_the_bytes_of_names)
{
	expect_sorted(LIST("user.b\0user.a\0security.z\0trusted.a\0"),
		      LIST("security.z\0trusted.a\0user.a\0user.b\0"));
	expect_sorted(LIST("b\0a.b\0a\0ab\0a\xff\0"), LIST("a\0a.b\0ab\0a\xff\0b\0"));
	expect_sorted(LIST("user.a\0"), LIST("user.a\0"));
	expect_sorted(LIST(""), LIST(""));
}

Test(name_list, has_names_of_system_where_it_begins)
{
	expect_sorted(
		LIST("system.posix_acl_default\0system.posix_acl_access\0user.a\0security.b\0"),
		LIST("system.posix_acl_default\0system.posix_acl_access\0security.b\0user.a\0"));
	expect_sorted(LIST("user.a\0system.b\0security.c\0"),
		      LIST("security.c\0system.b\0user.a\0"));
}

Test(name_list, is_sorted_without_a_last_name_that_has_no_end)
{
	expect_sorted(LIST("b\0a\0cc"), LIST("a\0b\0"));
	expect_sorted(LIST("system.a\0b"), LIST("system.a\0"));
}

Test(name_list, is_sorted_backwards)
{
	uint32_t offsets[32];
	char sorted[64];
	const char names[] = "system.a\0user.a\0user.c\0user.b\0";

	cr_assert_eq(name_list_sort(names, sizeof(names) - 1, NAME_LIST_FALLING, offsets, sorted),
		     30);
	cr_expect_eq(memcmp(sorted, LIST("system.a\0user.c\0user.b\0user.a\0")), 0);
}

Test(name_list, has_an_order_or_none)
{
	cr_expect_eq(name_list_order(LIST("a\0b\0c\0")), NAME_LIST_RISING);
	cr_expect_eq(name_list_order(LIST("c\0b\0a\0")), NAME_LIST_FALLING);
	cr_expect_eq(name_list_order(LIST("b\0c\0a\0")), NAME_LIST_UNORDERED);
	cr_expect_eq(name_list_order(LIST("b\0a\0c\0")), NAME_LIST_UNORDERED);
	cr_expect_eq(name_list_order(LIST("a\0")), NAME_LIST_UNORDERED);
	cr_expect_eq(name_list_order(LIST("")), NAME_LIST_UNORDERED);
	cr_expect_eq(name_list_order(LIST("b\0a\0c")), NAME_LIST_FALLING);
	cr_expect_eq(name_list_order(LIST("system.z\0system.y\0a\0b\0")), NAME_LIST_RISING);
}

Test(name_list, has_an_index_that_finds_each_name_and_no_other)
{
	const char names[] = "user.c\0user.a\0security.ima\0user.b\0user.aa\0";
	uint32_t offsets[NAME_LIST_COUNT_MAX(sizeof(names))];
	struct name_index index = { .offsets = offsets };

	name_index_make(&index, names, sizeof(names) - 1);
	cr_expect_eq(index.count, 5);
	for (size_t at = 0; at < sizeof(names) - 1; at += strlen(names + at) + 1)
		cr_expect(name_index_has(&index, names + at), "%s", names + at);
	cr_expect_not(name_index_has(&index, "user."));
	cr_expect_not(name_index_has(&index, "user.ab"));
	cr_expect_not(name_index_has(&index, "security.im"));
	cr_expect_not(name_index_has(&index, "user.d"));
	cr_expect_not(name_index_has(&index, ""));
	name_index_make(&index, names, 0);
	cr_expect_not(name_index_has(&index, "user.a"));
}

/* As many as fit into the longest list, in an order that is bad for sorting by halves. */
Test(name_list, is_sorted_soon_however_long)
{
	static char names[65536], sorted[65536];
	static uint32_t offsets[NAME_LIST_COUNT_MAX(sizeof(names))];
	size_t length = 0;

	limit_cpu_time(10);
	for (unsigned int i = 0; length + 8 < sizeof(names); i++)
		length += (size_t)snprintf(names + length, 8, "%06x", 0xffffffU - i) + 1;
	for (unsigned int round = 0; round < 20; round++)
		cr_assert_eq(name_list_sort(names, length, NAME_LIST_RISING, offsets, sorted),
			     length);
	for (size_t at = 7; at < length; at += 7)
		cr_assert_lt(strcmp(sorted + at - 7, sorted + at), 0);
}
