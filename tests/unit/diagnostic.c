/* SPDX-License-Identifier: Apache-2.0 */
#include "yaml/diagnostic.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct diagnostics diagnostics;

static void expect_quoted(const char *text, const char *expected)
{
	struct quoted_text quoted;

	cr_expect_str_eq(quote_text(text, strlen(text), &quoted), expected);
}

Test(diagnostic, keeps_the_order_of_places)
{
	diagnostics_add(&diagnostics, 2, 1, "third");
	diagnostics_add(&diagnostics, 1, 9, "%s", "second");
	diagnostics_add(&diagnostics, 2, 1, "fourth, %s of the same place", "later");
	diagnostics_add(&diagnostics, 1, 3, "first");
	cr_assert_eq(diagnostics.count, 4);
	cr_expect_str_eq(diagnostics.entries[0].text, "first");
	cr_expect_str_eq(diagnostics.entries[1].text, "second");
	cr_expect_str_eq(diagnostics.entries[2].text, "third");
	cr_expect_str_eq(diagnostics.entries[3].text, "fourth, later of the same place");
	cr_expect_not(diagnostics.is_cut);
}

Test(diagnostic, keeps_as_many_as_there_is_room_for)
{
	for (unsigned int i = 0; i < DIAGNOSTICS_MAX; i++)
		diagnostics_add(&diagnostics, 1, 1, "%u", i);
	cr_expect_not(diagnostics.is_cut);
	diagnostics_add(&diagnostics, 1, 1, "one more");
	cr_expect_eq(diagnostics.count, DIAGNOSTICS_MAX);
	cr_expect(diagnostics.is_cut);
	cr_expect_str_eq(diagnostics.entries[DIAGNOSTICS_MAX - 1].text, "99");
}

Test(diagnostic, cuts_a_text_that_is_too_long)
{
	diagnostics_add(&diagnostics, 1, 1, "%01000d", 0);
	cr_expect_eq(strlen(diagnostics.entries[0].text), DIAGNOSTIC_TEXT_SIZE - 1);
}

Test(diagnostic, quotes_text_as_it_is)
{
	expect_quoted("", "''");
	expect_quoted("a 'b' \xc3\xa4", "'a 'b' \xc3\xa4'");
	expect_quoted("\xc2\xa0", "'\xc2\xa0'");
}

Test(diagnostic, quotes_no_control)
{
	expect_quoted("\x1b[2J\n\t\x7f", "'?[2J\?\?\?'");
	expect_quoted("\xc2\x9b"
		      "31m",
		      "'?31m'");
	/* At the end there is no second byte to look at. */
	expect_quoted("\xc2", "'\xc2'");
}

Test(diagnostic, cuts_between_characters)
{
	char text[QUOTED_MAX + 8], expected[QUOTED_MAX + 16];

	memset(text, 'a', QUOTED_MAX);
	text[QUOTED_MAX] = '\0';
	snprintf(expected, sizeof(expected), "'%s'", text);
	expect_quoted(text, expected);
	strcpy(text + QUOTED_MAX - 1, "\xe2\x82\xac");
	snprintf(expected, sizeof(expected), "'%.*s'...", QUOTED_MAX - 1, text);
	expect_quoted(text, expected);
}
