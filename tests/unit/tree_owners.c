/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/tree_owners.h"

#include <criterion/criterion.h>
#include <search.h>
#include <stdio.h>
#include <string.h>

static struct tree_owners owners;
static char text[256];

static void release(void)
{
	tree_owners_done(&owners);
}

TestSuite(tree_owners, .fini = release);

static void append(void *place, const struct tree_owner *owner)
{
	size_t length = strlen(text);

	(void)place;
	snprintf(text + length, sizeof(text) - length, "%u %s %lu %lu %lu\n", owner->number,
		 owner->base ? owner->base : "-", owner->values, owner->files, owner->bytes);
}

static void expect_all(const char *expected)
{
	text[0] = '\0';
	tree_owners_each(&owners, append, NULL);
	cr_expect_str_eq(text, expected);
}

Test(tree_owners, are_sorted_by_number)
{
	tree_owners_begin(&owners);
	cr_assert(tree_owners_add(&owners, 4294967294, NULL, 5, 1));
	cr_assert(tree_owners_add(&owners, 0, NULL, 5, 2));
	cr_assert(tree_owners_add(&owners, 9, NULL, 5, 3));
	expect_all("0 - 1 1 2\n9 - 1 1 3\n4294967294 - 1 1 1\n");
	cr_expect_eq(owners.count, 3);
}

Test(tree_owners, count_an_inode_once)
{
	tree_owners_begin(&owners);
	tree_owners_add(&owners, 5, NULL, 0, 10);
	tree_owners_add(&owners, 6, NULL, 0, 10);
	tree_owners_add(&owners, 5, NULL, 0, 10);
	tree_owners_begin(&owners);
	tree_owners_add(&owners, 5, NULL, 0, 10);
	expect_all("5 - 3 2 30\n6 - 1 1 10\n");
}

Test(tree_owners, tell_names_apart)
{
	tree_owners_begin(&owners);
	tree_owners_add(&owners, 5, "security.ab", 11, 1);
	tree_owners_add(&owners, 5, "security.abc", 10, 1);
	tree_owners_add(&owners, 5, "security.a@uid=5", 10, 1);
	tree_owners_add(&owners, 4, "security.b", 10, 1);
	expect_all("4 security.b 1 1 1\n5 security.a 2 1 2\n5 security.ab 1 1 1\n");
}

static int deepest;

static void look(const void *node, VISIT visit, int depth)
{
	(void)node;
	(void)visit;
	if (depth > deepest)
		deepest = depth;
}

/* A search takes a comparison a level. */
Test(tree_owners, take_few_comparisons_whatever_names_come)
{
	char name[32];

	tree_owners_begin(&owners);
	for (int i = 1 << 16; i > 0; i--) {
		size_t length = (size_t)snprintf(name, sizeof(name), "security.%08d", i);

		cr_assert(tree_owners_add(&owners, 5, name, length, 1));
	}
	cr_expect_eq(owners.count, 1 << 16);
	twalk(owners.root, look);
	cr_expect_leq(deepest, 2 * 17, "%d", deepest);
}
