/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/tree_progress.h"

#include <criterion/criterion.h>

static void expect_line(const char *line, unsigned long done, unsigned long total,
			uint64_t milliseconds)
{
	char found[128];

	tree_progress_write(found, sizeof(found), done, total, milliseconds);
	cr_expect_str_eq(found, line);
}

Test(tree_progress, tells_the_rate)
{
	expect_line("0 files, 0 a second", 0, 0, 0);
	expect_line("1000 files, 2000 a second", 1000, 0, 500);
}

Test(tree_progress, tells_how_much_time_is_left)
{
	expect_line("1000 of 3000 files, 1000 a second, 0:02 left", 1000, 3000, 1000);
	expect_line("1000 of 76000 files, 1000 a second, 1:15 left", 1000, 76000, 1000);
	expect_line("10 of 43210 files, 10 a second, 1:12:00 left", 10, 43210, 1000);
	expect_line("3000 of 3000 files, 1000 a second, 0:00 left", 3000, 3000, 3000);
}

Test(tree_progress, does_not_believe_a_tree_that_has_grown)
{
	expect_line("3001 files, 1000 a second", 3001, 3000, 3001);
	expect_line("0 files, 0 a second", 0, 3000, 1000);
}
