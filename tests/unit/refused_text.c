/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/refused_text.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

TestSuite(refused_text, .timeout = 60);

Test(refused_text, does_not_steer_a_terminal)
{
	struct refused_starts starts = { .count = 1 };
	char name[] = "a\033[2Jb\x7f", reason[] = "c\nd\xc2\x9b"
						  "31me\xc2\x85\xc3\xa4";
	char *text = NULL;
	size_t length = 0;
	FILE *to = open_memstream(&text, &length);

	cr_assert_not_null(to);
	starts.all[0] = (struct refused_start){ .container = name, .reason = reason };
	refused_show(&starts, to);
	fclose(to);
	cr_expect_not_null(strstr(text, "  a?[2Jb?: c?d?31me?\xc3\xa4\n"), "%s", text);
	free(text);
}
