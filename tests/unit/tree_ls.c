/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "file_capability.h"
#include "paper_inode.h"

#define MANY 3000

static char list[65536];

/* Of the container with the root 7, and all other values are of three bytes. */
static ssize_t get(const char *name, unsigned long number, char *value, size_t size)
{
	static const char capability[FILE_CAPABILITY_SIZE] = { [3] = 3, [20] = 7 };

	(void)number;
	return file_capability_is_name(name, strlen(name)) ?
		       paper_give(capability, sizeof(capability), value, size) :
		       paper_give("abc", 3, value, size);
}

static void list_many(void)
{
	paper = (struct paper){ .list = list, .get = get };
	paper.length = (size_t)snprintf(list, sizeof(list), "%s", FILE_CAPABILITY_NAME) + 1;
	for (int i = 0; i < MANY; i++)
		paper.length += (size_t)snprintf(list + paper.length, sizeof(list) - paper.length,
						 "trusted.%04d@uid=5", i) +
				1;
}

static void expect_line(const struct paper_run *run, const char *line)
{
	cr_expect_not_null(strstr(run->output, line), "%s is not in\n%s", line, run->output);
}

/* A file capability is read whenever the list is gone over. */
Test(tree_ls, goes_over_a_list_once)
{
	list_many();
	struct paper_run run =
		paper_run(cli_tree_ls, (const char *const[]){ "/proc/self/exe", NULL });

	cr_expect_eq(run.status, 0, "%s", run.said);
	expect_line(&run, "5                   3000           1          9000\n");
	expect_line(&run, "7                      1           1            24\n");
	cr_expect_leq(paper.gets, MANY + 2, "%lu", paper.gets);
	paper_run_done(&run);
}

/* As no file system of the kernel's has it. */
Test(tree_ls, counts_a_file_once_for_a_name_that_is_there_twice)
{
	static const char twice[] = "trusted.a@uid=5\0trusted.a@uid=5";

	paper = (struct paper){ .list = twice, .length = sizeof(twice), .get = get };
	struct paper_run run =
		paper_run(cli_tree_ls, (const char *const[]){ "--names", "/proc/self/exe", NULL });

	expect_line(&run, "5                      2           1             6  trusted.a\n");
	paper_run_done(&run);
}

static ssize_t get_nothing(const char *name, unsigned long number, char *value, size_t size)
{
	(void)name;
	(void)number;
	(void)value;
	(void)size;
	return -EIO;
}

Test(tree_ls, reports_a_capability_that_cannot_be_read)
{
	paper = (struct paper){ .list = FILE_CAPABILITY_NAME,
				.length = sizeof(FILE_CAPABILITY_NAME),
				.get = get_nothing };
	struct paper_run run =
		paper_run(cli_tree_ls, (const char *const[]){ "/proc/self/exe", NULL });

	cr_expect_eq(run.status, 1);
	cr_expect_str_eq(run.said, "nsxattr: /proc/self/exe: security.capability: "
				   "Input/output error\n");
	paper_run_done(&run);
}
