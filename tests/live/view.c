/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a namespace sees, sets and removes under which name: the rules of docs/design.md, "The view",
 * on real inodes, with the host looking on.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "actor.h"
#include "count_of.h"
#include "dice.h"
#include "inode.h"
#include "launch.h"

/* Two namespaces that both contain the host's ids 300000 to 300009. */
#define FIRST_MAP "0:100000:65536,65536:300000:10"
#define SECOND_MAP "0:200000:65536,65536:300000:10"
#define SHARED_OWNER 300000

/* A namespace inside the usual one: its root is 1000 there, and 101000 on the host. */
#define NESTED_MAP "0:1000:1000"
#define NESTED_ROOT 101000

static void begin(void)
{
	scratch_new();
}

TestSuite(view, .init = begin, .fini = scratch_remove, .timeout = 120);

static struct actor *inside_map(const char *map)
{
	return actor_start(&(struct launch){ .is_supervised = true, .map = map });
}

static struct actor *on_host(void)
{
	return actor_start(&(struct launch){ .is_supervised = true });
}

/* ---- names ---- */

Test(view, a_value_lies_under_the_name_of_its_root)
{
	const char *file = inode_file("file", USUAL_ROOT);
	struct actor *inside = actor_inside();

	inode_set(file, "security.a", "hosts");
	EXPECT(inside, "0", "setxattr file security.a own");
	EXPECT(inside, "0", "setxattr file trusted.t own");
	EXPECT(inside, "0", "setxattr file user.u own");
	EXPECT(inside, "3 own", "getxattr file security.a");
	INODE_HAS(file, "security.a", "hosts");
	INODE_HAS(file, "security.a@uid=100000", "own");
	INODE_HAS(file, "trusted.t@uid=100000", "own");
	INODE_HAS(file, "user.u", "own");
	INODE_HAS(file, "trusted.t", NULL);
	EXPECT(inside, "0", "removexattr file security.a");
	INODE_HAS(file, "security.a", "hosts");
	INODE_HAS(file, "security.a@uid=100000", NULL);
	actor_end(inside);
}

Test(view, explicit_names)
{
	static const struct {
		const char *name, *set, *get, *remove;
	} rows[] = {
		/* Mapped: the variant of a namespace that is nested in this one. */
		{ "security.a@uid=1000", "0", "5 value", "0" },
		{ "security.a@uid=65535", "0", "5 value", "0" },
		{ "trusted.t@uid=1", "0", "5 value", "0" },
		/* The own one. */
		{ "security.a@uid=0", "0", "5 value", "0" },
		/* Not mapped. */
		{ "security.a@uid=65536", "EINVAL", "ENODATA", "ENODATA" },
		{ "security.a@uid=100000", "EINVAL", "ENODATA", "ENODATA" },
		{ "security.a@uid=4294967294", "EINVAL", "ENODATA", "ENODATA" },
		{ "security.a@uid=4294967295", "EINVAL", "ENODATA", "ENODATA" },
		{ "trusted.t@uid=100000", "EINVAL", "ENODATA", "ENODATA" },
		/* Not of that form. */
		{ "security.a@", "EINVAL", "EINVAL", "EINVAL" },
		{ "security.a@what", "EINVAL", "EINVAL", "EINVAL" },
		{ "security.a@uid=", "EINVAL", "EINVAL", "EINVAL" },
		{ "security.a@uid=007", "EINVAL", "EINVAL", "EINVAL" },
		{ "security.a@uid=00", "EINVAL", "EINVAL", "EINVAL" },
		{ "security.a@uid=+5", "EINVAL", "EINVAL", "EINVAL" },
		{ "security.a@uid=-5", "EINVAL", "EINVAL", "EINVAL" },
		{ "security.a@uid=5x", "EINVAL", "EINVAL", "EINVAL" },
		{ "security.a@UID=5", "EINVAL", "EINVAL", "EINVAL" },
		{ "security.a@gid=5", "EINVAL", "EINVAL", "EINVAL" },
		{ "security.a@uid=4294967296", "EINVAL", "EINVAL", "EINVAL" },
		{ "security.a@uid=18446744073709551617", "EINVAL", "EINVAL", "EINVAL" },
		{ "security.a@uid=5@uid=5", "EINVAL", "EINVAL", "EINVAL" },
		{ "security.a@@uid=5", "EINVAL", "EINVAL", "EINVAL" },
		{ "security.@uid=5", "EINVAL", "EINVAL", "EINVAL" },
		{ "trusted.@uid=0", "EINVAL", "EINVAL", "EINVAL" },
		{ "trusted.t@what", "EINVAL", "EINVAL", "EINVAL" },
		/* Nothing that is ours. */
		{ "user.u@uid=5", "0", "5 value", "0" },
		{ "user.u@what", "0", "5 value", "0" },
	};
	const char *file = inode_file("file", USUAL_ROOT);
	struct actor *inside = actor_inside();

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		EXPECT(inside, rows[i].set, "setxattr file %s value", rows[i].name);
		EXPECT(inside, rows[i].get, "getxattr file %s", rows[i].name);
		EXPECT(inside, rows[i].remove, "removexattr file %s", rows[i].name);
		INODE_LISTS(file, "");
	}
	actor_end(inside);
}

Test(view, explicit_names_are_in_the_numbers_of_the_namespace)
{
	const char *file = inode_file("file", USUAL_ROOT);
	struct actor *inside = actor_inside();

	EXPECT(inside, "0", "setxattr file security.a@uid=1000 x");
	EXPECT(inside, "0", "setxattr file security.b@uid=0 y");
	INODE_LISTS(file, "security.b@uid=100000,security.a@uid=101000,");
	EXPECT_NAMES(inside, "security.b,security.a@uid=1000,", "listxattr file");
	EXPECT(inside, "1 y", "getxattr file security.b");
	EXPECT(inside, "ENODATA", "getxattr file security.a");
	actor_end(inside);
}

#if defined(__x86_64__)
/* Whether the kernel has this ABI or not: no call goes past us. */
Test(view, calls_of_x32_have_it_too)
{
	const char *file = inode_file("file", USUAL_ROOT);
	struct actor *inside = actor_inside();

	EXPECT(inside, "0", "x32-setxattr file security.a mine");
	INODE_LISTS(file, "security.a@uid=100000,");
	EXPECT(inside, "4 mine", "x32-getxattr file security.a");
	EXPECT(inside, "11 security.a,", "x32-listxattr file");
	EXPECT(inside, "0", "x32-removexattr file security.a");
	INODE_LISTS(file, "");
	actor_end(inside);
}
#endif

/* "@uid=100000" are eleven bytes, a name has 255 at most. */
Test(view, names_that_leave_no_room)
{
	static const struct {
		int length;
		const char *set, *get, *remove;
	} rows[] = {
		{ 244, "0", "1 v", "0" },
		{ 245, "ERANGE", "ERANGE", "ERANGE" },
		{ 255, "ERANGE", "ERANGE", "ERANGE" },
	};
	const char *file = inode_file("file", USUAL_ROOT);
	struct actor *inside = actor_inside();
	char name[256];

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		memset(name, 'n', sizeof(name));
		memcpy(name, "security.", 9);
		name[rows[i].length] = '\0';
		EXPECT(inside, rows[i].set, "setxattr file %s v", name);
		EXPECT(inside, rows[i].get, "getxattr file %s", name);
		EXPECT(inside, rows[i].remove, "removexattr file %s", name);
		INODE_LISTS(file, "");
	}
	actor_end(inside);
}

Test(view, the_host_has_its_own_names)
{
	const char *file = inode_file("file", 0);
	struct actor *host = on_host();

	EXPECT(host, "0", "setxattr file security.a x");
	EXPECT(host, "0", "setxattr file security.a@uid=100000 y");
	EXPECT(host, "0", "setxattr file trusted.t@what z");
	INODE_HAS(file, "security.a", "x");
	INODE_HAS(file, "security.a@uid=100000", "y");
	INODE_HAS(file, "trusted.t@what", "z");
	EXPECT(host, "0", "removexattr file security.a");
	EXPECT(host, "ENODATA", "getxattr file security.a");
	INODE_HAS(file, "security.a@uid=100000", "y");
	actor_end(host);
}

/* Uid 0 of the namespace is the host's: what it may not do natively it may not do now. */
Test(view, a_namespace_whose_root_is_the_hosts_is_left_to_the_kernel)
{
	const char *file = inode_file("file", 0);
	struct actor *nested = on_host();

	inode_set(file, "security.a", "hosts");
	inode_set(file, "trusted.t", "hosts");
	EXPECT(nested, "0", "nest 0:0:1");
	EXPECT(nested, "EPERM", "setxattr file security.a mine");
	EXPECT(nested, "EPERM", "removexattr file security.a");
	EXPECT(nested, "EPERM", "setxattr file security.b mine");
	EXPECT(nested, "EPERM", "setxattr file trusted.t mine");
	EXPECT(nested, "5 hosts", "getxattr file security.a");
	EXPECT(nested, "ENODATA", "getxattr file trusted.t");
	EXPECT(nested, "11 security.a,", "listxattr file");
	INODE_LISTS(file, "trusted.t,security.a,");
	INODE_HAS(file, "security.a", "hosts");
	actor_end(nested);
}

Test(view, a_namespace_without_a_root_has_no_values_of_its_own)
{
	const char *file = inode_file("file", 100001);
	struct actor *nested = on_host();

	inode_set(file, "security.a", "hosts");
	EXPECT(nested, "0", "nest 1:100001:1000");
	EXPECT(nested, "EINVAL", "setxattr file security.a mine");
	EXPECT(nested, "5 hosts", "getxattr file security.a");
	EXPECT(nested, "ENODATA", "getxattr file trusted.t");
	EXPECT(nested, "EINVAL", "removexattr file security.a");
	EXPECT(nested, "EINVAL", "setxattr file security.a@uid=0 mine");
	EXPECT(nested, "11 security.a,", "listxattr file");
	/* A variant by its number is one that is mapped. */
	EXPECT(nested, "0", "setxattr file security.a@uid=5 fives");
	EXPECT(nested, "28 security.a,security.a@uid=5,", "listxattr file");
	INODE_HAS(file, "security.a@uid=100005", "fives");
	INODE_HAS(file, "security.a", "hosts");
	actor_end(nested);
}

/* ---- inheritance ---- */

Test(view, the_hosts_value_shows_until_there_is_an_own_one)
{
	const char *file = inode_file("file", USUAL_ROOT);
	struct actor *inside = actor_inside();

	inode_set(file, "security.a", "hosts");
	EXPECT(inside, "5 hosts", "getxattr file security.a");
	EXPECT(inside, "5 hosts", "getxattr file security.a@uid=0");
	EXPECT(inside, "ENODATA", "getxattr file security.a@uid=1000");
	EXPECT(inside, "11 security.a,", "listxattr file");
	EXPECT(inside, "5", "getxattr file security.a 0");
	EXPECT(inside, "ERANGE", "getxattr file security.a 4");
	EXPECT(inside, "5 hosts", "getxattr file security.a 5");
	EXPECT(inside, "0", "setxattr file security.a mine");
	EXPECT(inside, "4 mine", "getxattr file security.a");
	EXPECT(inside, "11 security.a,", "listxattr file");
	EXPECT(inside, "0", "removexattr file security.a");
	EXPECT(inside, "5 hosts", "getxattr file security.a");
	EXPECT(inside, "ENODATA", "removexattr file security.a");
	INODE_HAS(file, "security.a", "hosts");
	actor_end(inside);
}

/* An empty value of one's own is a value: nothing else shows. */
Test(view, an_empty_own_value_hides_too)
{
	const char *file = inode_file("file", USUAL_ROOT);
	struct actor *inside = actor_inside();

	inode_set(file, "security.a", "hosts");
	EXPECT(inside, "0", "setxattr file security.a \"\"");
	EXPECT(inside, "0", "getxattr file security.a");
	EXPECT(inside, "0", "getxattr file security.a 0");
	EXPECT(inside, "0", "removexattr file security.a");
	EXPECT(inside, "5 hosts", "getxattr file security.a");
	actor_end(inside);
}

Test(view, flags_are_judged_by_what_shows)
{
	const char *file = inode_file("file", USUAL_ROOT);
	struct actor *inside = actor_inside();

	inode_set(file, "security.a", "hosts");
	inode_set(file, "trusted.t", "hosts");
	EXPECT(inside, "EEXIST", "setxattr file security.a mine create");
	EXPECT(inside, "EEXIST", "setxattr file security.a mine create replace");
	EXPECT(inside, "ENODATA", "setxattr file security.b mine create replace");
	EXPECT(inside, "ENODATA", "setxattr file security.b mine replace");
	INODE_LISTS(file, "trusted.t,security.a,");
	EXPECT(inside, "0", "setxattr file security.a mine replace");
	INODE_HAS(file, "security.a", "hosts");
	INODE_HAS(file, "security.a@uid=100000", "mine");
	EXPECT(inside, "0", "setxattr file security.a again replace");
	EXPECT(inside, "EEXIST", "setxattr file security.a again create");
	/* The host's trusted.* does not show. */
	EXPECT(inside, "ENODATA", "setxattr file trusted.t mine replace");
	EXPECT(inside, "0", "setxattr file trusted.t mine create");
	INODE_HAS(file, "trusted.t", "hosts");
	/* Nor does a variant show what others have. */
	EXPECT(inside, "ENODATA", "setxattr file security.a@uid=1000 mine replace");
	EXPECT(inside, "0", "setxattr file security.a@uid=1000 mine create");
	actor_end(inside);
}

Test(view, trusted_is_not_inherited)
{
	const char *file = inode_file("file", NESTED_ROOT);
	struct actor *nested = actor_inside();

	inode_set(file, "trusted.t", "hosts");
	inode_set(file, "trusted.t@uid=100000", "parents");
	EXPECT(nested, "7 parents", "getxattr file trusted.t");
	EXPECT(nested, "0", "nest " NESTED_MAP);
	EXPECT(nested, "ENODATA", "getxattr file trusted.t");
	EXPECT(nested, "0", "listxattr file");
	EXPECT(nested, "0", "setxattr file trusted.t nesteds create");
	EXPECT(nested, "10 trusted.t,", "listxattr file");
	INODE_HAS(file, "trusted.t@uid=101000", "nesteds");
	INODE_HAS(file, "trusted.t@uid=100000", "parents");
	actor_end(nested);
}

/* Two actors: the parent, and beside it, from a second start, one that goes on into a nested one. */
Test(view, a_parent_and_what_is_nested_in_it)
{
	const char *file = inode_file("file", NESTED_ROOT);
	struct actor *parent = actor_inside(), *nested = actor_inside();

	EXPECT(nested, "0", "nest " NESTED_MAP);
	EXPECT(parent, "0", "setxattr file security.a parents");
	EXPECT(nested, "7 parents", "getxattr file security.a");
	EXPECT(nested, "11 security.a,", "listxattr file");
	EXPECT(nested, "ENODATA", "removexattr file security.a");
	EXPECT(nested, "EEXIST", "setxattr file security.a nesteds create");
	EXPECT(nested, "0", "setxattr file security.a nesteds replace");
	EXPECT(nested, "7 nesteds", "getxattr file security.a");
	EXPECT(nested, "11 security.a,", "listxattr file");

	EXPECT(parent, "7 parents", "getxattr file security.a");
	EXPECT(parent, "7 nesteds", "getxattr file security.a@uid=1000");
	EXPECT_NAMES(parent, "security.a,security.a@uid=1000,", "listxattr file");
	EXPECT(nested, "ENODATA", "getxattr file security.a@uid=1000");
	INODE_LISTS(file, "security.a@uid=100000,security.a@uid=101000,");

	EXPECT(parent, "0", "setxattr file security.a@uid=1000 given");
	EXPECT(nested, "5 given", "getxattr file security.a");
	EXPECT(parent, "0", "removexattr file security.a@uid=1000");
	EXPECT(nested, "7 parents", "getxattr file security.a");
	EXPECT(parent, "0", "removexattr file security.a");
	EXPECT(nested, "ENODATA", "getxattr file security.a");
	actor_end(nested);
	actor_end(parent);
}

Test(view, the_nearest_ancestor_wins)
{
	/* 0:1000:1000, then 0:10:100 in it, then 0:5:50 in that: roots 101000, 101010, 101015 */
	const char *file = inode_file("file", 101015);
	struct actor *nested = actor_inside();

	inode_set(file, "security.a", "0");
	EXPECT(nested, "0", "nest 0:1000:1000");
	EXPECT(nested, "0", "nest 0:10:100");
	EXPECT(nested, "0", "nest 0:5:50");
	EXPECT(nested, "1 0", "getxattr file security.a");
	inode_set(file, "security.a@uid=100000", "1");
	EXPECT(nested, "1 1", "getxattr file security.a");
	inode_set(file, "security.a@uid=101010", "3");
	EXPECT(nested, "1 3", "getxattr file security.a");
	inode_set(file, "security.a@uid=101000", "2");
	EXPECT(nested, "1 3", "getxattr file security.a");
	EXPECT(nested, "11 security.a,", "listxattr file");
	EXPECT(nested, "0", "setxattr file security.a 4 replace");
	EXPECT(nested, "1 4", "getxattr file security.a");
	INODE_HAS(file, "security.a@uid=101015", "4");
	EXPECT(nested, "0", "removexattr file security.a");
	EXPECT(nested, "1 3", "getxattr file security.a");
	actor_end(nested);
}

/* A namespace whose map is written only later: nothing is remembered of what it was before. */
Test(view, a_namespace_without_a_map)
{
	const char *file = inode_file("file", USUAL_ROOT);
	struct actor *nested = actor_inside();

	inode_set(file, "security.a", "hosts");
	EXPECT(nested, "0", "nest -");
	EXPECT(nested, "EPERM", "setxattr file security.a mine");
	EXPECT(nested, "EPERM", "removexattr file security.a");
	EXPECT(nested, "5 hosts", "getxattr file security.a");
	EXPECT(nested, "11 security.a,", "listxattr file");
	INODE_LISTS(file, "security.a,");
	actor_end(nested);
}

/* ---- lists ---- */

struct names {
	char text[4096];
};

static void append_name(struct names *names, const char *name, size_t length)
{
	size_t at = strlen(names->text);

	snprintf(names->text + at, sizeof(names->text) - at, "%.*s,", (int)length, name);
}

static void append_variant(struct names *names, const char *base, size_t length,
			   unsigned long number)
{
	size_t at = strlen(names->text);

	snprintf(names->text + at, sizeof(names->text) - at, "%.*s@uid=%lu,", (int)length, base,
		 number);
}

static bool has(const char *list, const char *name)
{
	size_t length = strlen(name);

	for (; *list; list += strcspn(list, ",") + 1)
		if (strncmp(list, name, length) == 0 && list[length] == ',')
			return true;
	return false;
}

/* What the usual namespace, in no other one, is to see of one stored name. */
static void expect_name(struct names *view, const char *stored, const char *name)
{
	size_t length = strcspn(name, "@");
	unsigned long number = name[length] ? strtoul(name + length + 5, NULL, 10) : 0;
	char own[256];

	snprintf(own, sizeof(own), "%.*s@uid=%d", (int)length, name, USUAL_ROOT);
	if (strncmp(name, "user.", 5) == 0)
		append_name(view, name, strlen(name));
	else if (!name[length] && strncmp(name, "trusted.", 8) != 0 && !has(stored, own))
		append_name(view, name, length);
	else if (number == USUAL_ROOT)
		append_name(view, name, length);
	else if (number > USUAL_ROOT && number < USUAL_ROOT + 65536)
		append_variant(view, name, length, number - USUAL_ROOT);
}

static void expect_list(struct actor *inside, const char *file)
{
	static struct names view;
	char stored[4096], name[256], answer[5000];

	view.text[0] = '\0';
	inode_list(file, stored, sizeof(stored));
	for (const char *at = stored; *at; at += strcspn(at, ",") + 1) {
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(at, ","), at);
		expect_name(&view, stored, name);
	}
	size_t length = strlen(view.text);

	if (length == 0) {
		EXPECT(inside, "0", "listxattr file");
		return;
	}
	snprintf(answer, sizeof(answer), "%zu %s", length, view.text);
	EXPECT(inside, answer, "listxattr file");
	EXPECT(inside, answer, "listxattr file %zu", length);
	EXPECT(inside, "ERANGE", "listxattr file %zu", length - 1);
	snprintf(answer, sizeof(answer), "%zu", length);
	EXPECT(inside, answer, "listxattr file 0");
	/* Each name that is listed can be read. */
	for (const char *at = view.text; *at; at += strcspn(at, ",") + 1)
		EXPECT(inside, "1 v", "getxattr file %.*s", (int)strcspn(at, ","), at);
}

/* The host puts random names on an inode; some of them show, in the order of the inode. */
Test(view, a_list_is_what_can_be_read)
{
	static const char *const names[] = {
		"security.a",
		"security.a@uid=100000",
		"security.a@uid=101000",
		"security.a@uid=200000",
		"security.ab@uid=100000",
		"security.ab@uid=99999",
		"security.b",
		"security.b@uid=165535",
		"security.b@uid=165536",
		"security.c",
		"trusted.t",
		"trusted.t@uid=100000",
		"trusted.t@uid=100001",
		"trusted.u",
		"trusted.v@uid=5",
		"user.u",
		"user.v@uid=100000",
	};
	const char *file = inode_file("file", USUAL_ROOT);
	struct actor *inside = actor_inside();
	struct dice dice = dice_new(dice_seed(), 0);

	for (unsigned int round = 0; round < ROUNDS(150); round++) {
		const char *name = *DICE_PICK(&dice, names);

		if (removexattr(file, name) < 0)
			inode_set(file, name, "v");
		expect_list(inside, file);
	}
	actor_end(inside);
}

Test(view, trusted_is_listed_for_who_may_read_it)
{
	const char *file = inode_file("file", USUAL_ROOT);
	struct actor *inside = actor_inside();

	inode_set(file, "trusted.t@uid=100000", "v");
	inode_set(file, "security.a@uid=100000", "v");
	EXPECT_NAMES(inside, "trusted.t,security.a,", "listxattr file");
	EXPECT(inside, "0", "as adminless");
	EXPECT(inside, "11 security.a,", "listxattr file");
	EXPECT(inside, "ENODATA", "getxattr file trusted.t");
	actor_end(inside);
}

/* More names than any buffer of a usual size holds. */
Test(view, long_lists)
{
	const char *file = inode_file("file", USUAL_ROOT);
	struct actor *inside = actor_inside();
	char name[256];

	for (unsigned int i = 0; i < 60; i++) {
		snprintf(name, sizeof(name), "security.%02u@uid=%u", i, i % 2 ? 100000 : 101000);
		inode_set(file, name, "");
	}
	EXPECT(inside, "990", "listxattr file 0");
	cr_expect(strncmp(actor_ask(inside, "listxattr file 990"), "990 ", 4) == 0);
	EXPECT(inside, "ERANGE", "listxattr file 989");
	actor_end(inside);
}

/* ---- neighbours ---- */

struct neighbour {
	struct actor *actor;
	const char *suffix;
	char values[4][16]; /* "" for none */
};

static const char *const shared_names[] = { "security.a", "security.b", "trusted.t", "trusted.u" };

static void neighbour_looks(const struct neighbour *neighbour, size_t name)
{
	const char *value = neighbour->values[name];
	char expected[32];

	snprintf(expected, sizeof(expected), "%zu %s", strlen(value), value);
	EXPECT(neighbour->actor, *value ? expected : "ENODATA", "getxattr shared %s",
	       shared_names[name]);
}

static void neighbour_sets(struct neighbour *neighbour, struct dice *dice, size_t name)
{
	unsigned int number = dice_below(dice, 1000);
	bool is_create = dice_chance(dice, 50), exists = neighbour->values[name][0];

	EXPECT(neighbour->actor,
	       is_create != exists ? "0" :
	       is_create	   ? "EEXIST" :
				     "ENODATA",
	       "setxattr shared %s %s%u %s", shared_names[name], neighbour->suffix, number,
	       is_create ? "create" : "replace");
	if (is_create != exists)
		snprintf(neighbour->values[name], sizeof(neighbour->values[0]), "%s%u",
			 neighbour->suffix, number);
}

static void neighbour_removes(struct neighbour *neighbour, size_t name)
{
	EXPECT(neighbour->actor, neighbour->values[name][0] ? "0" : "ENODATA",
	       "removexattr shared %s", shared_names[name]);
	neighbour->values[name][0] = '\0';
}

/* What one does, the other never notices; the host's values do not change. */
Test(view, neighbours_on_one_inode_do_not_meet)
{
	const char *file = inode_file("shared", SHARED_OWNER);
	struct neighbour neighbours[] = {
		{ .actor = inside_map(FIRST_MAP), .suffix = "first" },
		{ .actor = inside_map(SECOND_MAP), .suffix = "second" },
	};
	struct dice dice = dice_new(dice_seed(), 1);

	inode_set(file, "trusted.t", "hosts");
	for (unsigned int i = 0; i < ROUNDS(400); i++) {
		struct neighbour *neighbour = DICE_PICK(&dice, neighbours);
		size_t name = dice_below(&dice, COUNT_OF(shared_names));

		if (dice_chance(&dice, 60))
			neighbour_sets(neighbour, &dice, name);
		else
			neighbour_removes(neighbour, name);
		neighbour_looks(&neighbours[0], name);
		neighbour_looks(&neighbours[1], name);
	}
	INODE_HAS(file, "trusted.t", "hosts");
	EXPECT(neighbours[0].actor, "EINVAL", "setxattr shared security.a@uid=200000 x");
	EXPECT(neighbours[0].actor, "ENODATA", "getxattr shared security.a@uid=200000");
	EXPECT(neighbours[0].actor, "ENODATA", "removexattr shared security.a@uid=200000");
	actor_end(neighbours[0].actor);
	actor_end(neighbours[1].actor);
}

Test(view, a_neighbours_inode_is_not_ones_own)
{
	const char *file = inode_file("file", 200000);
	struct actor *inside = actor_inside();

	inode_set(file, "security.a@uid=200000", "theirs");
	EXPECT(inside, "EPERM", "setxattr file security.a mine");
	EXPECT(inside, "EPERM", "removexattr file security.a");
	EXPECT(inside, "EPERM", "setxattr file security.a@uid=5 mine");
	EXPECT(inside, "EPERM", "setxattr file trusted.t mine");
	EXPECT(inside, "ENODATA", "getxattr file security.a");
	EXPECT(inside, "0", "listxattr file");
	INODE_LISTS(file, "security.a@uid=200000,");
	actor_end(inside);
}

/* ---- file capabilities: the kernel's own scheme ---- */

Test(view, file_capabilities_are_the_kernels)
{
	const char *file = inode_file("file", USUAL_ROOT);
	struct actor *inside = actor_inside();
	char stored[4096];

	EXPECT(inside, "0", "setxattr file security.capability v2");
	/* 24 bytes on the inode: revision 3, with the root of the namespace. */
	cr_expect_eq(getxattr(file, "security.capability", stored, sizeof(stored)), 24);
	cr_expect(memcmp(stored + 20, &(uint32_t){ USUAL_ROOT }, 4) == 0);
	INODE_LISTS(file, "security.capability,");
	EXPECT(inside, "20", "getxattr file security.capability 0");
	EXPECT(inside, "EEXIST", "setxattr file security.capability v2 create");
	EXPECT(inside, "EINVAL", "setxattr file security.capability garbage");
	EXPECT(inside, "20 security.capability,", "listxattr file");
	EXPECT(inside, "0", "removexattr file security.capability");
	INODE_LISTS(file, "");
	actor_end(inside);
}
