/* SPDX-License-Identifier: Apache-2.0 */
#include "attach/subid.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct found {
	int result;
	struct id_extent extent;
	unsigned int line;
};

/* What user "root", number 0, or another one, finds in a file of this text. */
static struct found find(const char *text, const char *name, uint32_t uid)
{
	struct found found = { 0 };
	int file = memfd_create("subid", MFD_CLOEXEC);
	char path[32];

	cr_assert_geq(file, 0);
	cr_assert_eq(write(file, text, strlen(text)), (ssize_t)strlen(text));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	found.result = subid_find(path, name, uid, &found.extent, &found.line);
	close(file);
	return found;
}

static void expect_range(struct found found, uint32_t first, uint32_t count)
{
	cr_expect_eq(found.result, SUBID_FOUND);
	cr_expect_eq(found.extent.inside, 0);
	cr_expect_eq(found.extent.host, first);
	cr_expect_eq(found.extent.count, count);
}

Test(subid, finds_a_user_by_name)
{
	expect_range(find("lxd:1:2\nroot:100000:65536\n", "root", 0), 100000, 65536);
}

Test(subid, finds_a_user_by_number)
{
	expect_range(find("10:1:2\n0:100000:65536\n", "root", 0), 100000, 65536);
	expect_range(find("4294967294:5:6\n", NULL, 4294967294), 5, 6);
}

Test(subid, takes_the_first_of_several_lines)
{
	expect_range(find("0:7:8\nroot:100000:65536\nroot:1:2\n", "root", 0), 7, 8);
}

Test(subid, needs_no_newline_at_the_end)
{
	expect_range(find("root:100000:65536", "root", 0), 100000, 65536);
}

Test(subid, takes_no_part_of_a_name_for_the_name)
{
	cr_expect_eq(find("root2:1:2\nroo:1:2\nroot\n00:1:2\n", "root", 0).result, SUBID_NONE);
	cr_expect_eq(find(":1:2\n", "", 5).result, SUBID_NONE);
}

Test(subid, finds_nothing_in_an_empty_or_missing_file)
{
	struct id_extent extent;
	unsigned int line;

	cr_expect_eq(find("", "root", 0).result, SUBID_NONE);
	cr_expect_eq(subid_find("/proc/self/nonexistent", "root", 0, &extent, &line), SUBID_NONE);
}

Test(subid, says_which_line_is_malformed)
{
	static const char *const texts[] = { "#\n\nroot:\n", "\n\nroot:1\n", "\n\nroot:1:2:3\n",
					     "x\ny\nroot:-1:2\n", "x\ny\nroot:1:4294967296\n" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct found found = find(texts[i], "root", 0);

		cr_expect_eq(found.result, SUBID_MALFORMED, "%s", texts[i]);
		cr_expect_eq(found.line, 3, "%s", texts[i]);
	}
}

Test(subid, does_not_mind_what_others_write)
{
	expect_range(find("::::\n\xff\xfe\nlxd:none:\nroot:1:2\n", "root", 0), 1, 2);
}

Test(subid, tells_an_unreadable_file_from_a_missing_one)
{
	struct id_extent extent;
	unsigned int line;

	cr_expect_eq(subid_find("/proc/self/exe/x", "root", 0, &extent, &line), -ENOTDIR);
	cr_expect_eq(subid_find("/", "root", 0, &extent, &line), -EIO);
}
