/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/tree_job.h"

#include <criterion/criterion.h>
#include <string.h>

#include "exec/tree.h"

static struct tree_room room;
static const struct tree_entry entry = { .path = "file" };
static struct tree_inode inode = { .entry = &entry, .room = &room };

/* Append @length bytes, which begin so, to the list. */
static void list(const char *begin, size_t length)
{
	char *to = room.list + inode.length;

	memset(to, 'x', length);
	memcpy(to, begin, strlen(begin));
	to[length] = '\0';
	inode.length += length + 1;
}

Test(tree_job, takes_no_name_that_is_too_long)
{
	struct tree_job job = { .takes_plain = true };
	struct tree_value value;
	size_t at = 0;

	list("user.", XATTR_NAME_MAX + 1);
	list("user.nsxattr.5.security.", 4000);
	list("security.a@uid=5", 16);
	list("trusted.", XATTR_NAME_MAX);
	cr_assert(tree_inode_next(&job, &inode, &at, &value));
	cr_expect_str_eq(value.name, "security.a@uid=5");
	cr_assert(tree_inode_next(&job, &inode, &at, &value));
	cr_expect_eq(strlen(value.name), XATTR_NAME_MAX);
	cr_expect_not(tree_inode_next(&job, &inode, &at, &value));
}

Test(tree_job, trims_paths)
{
	char path[] = "/a//", root[] = "//", none[] = "";

	tree_job_trim(path);
	cr_expect_str_eq(path, "/a");
	tree_job_trim(root);
	cr_expect_str_eq(root, "/");
	tree_job_trim(none);
	cr_expect_str_eq(none, "");
}

Test(tree_job, takes_plain_names_only_if_it_is_told_to)
{
	struct tree_job job = { .names = { "security.*" }, .name_count = 1 };
	struct tree_value value;
	size_t at = 0;

	list("security.plain", 14);
	list("trusted.a@uid=7", 15);
	list("security.a@uid=7", 16);
	cr_assert(tree_inode_next(&job, &inode, &at, &value));
	cr_expect_str_eq(value.name, "security.a@uid=7");
	cr_expect_eq(value.parts.number, 7);
	cr_expect_not(tree_inode_next(&job, &inode, &at, &value));
}
