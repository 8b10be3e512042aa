/* SPDX-License-Identifier: Apache-2.0 */
#include "yaml/spelling.h"

#include <criterion/criterion.h>

static const char *nearest(const char *word)
{
	static const char *const known[] = { "map-users", "map-groups", "policy", "verbose",
					     "run" };
	struct spelling spelling = { .word = word };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		spelling_offer(&spelling, known[i]);
	return spelling.nearest;
}

Test(spelling, finds_a_word_with_a_letter_missing_added_or_wrong)
{
	cr_expect_str_eq(nearest("polcy"), "policy");
	cr_expect_str_eq(nearest("pollicy"), "policy");
	cr_expect_str_eq(nearest("pulicy"), "policy");
	cr_expect_str_eq(nearest("ran"), "run");
}

Test(spelling, finds_a_word_with_two_letters_swapped)
{
	cr_expect_str_eq(nearest("rnu"), "run");
	cr_expect_str_eq(nearest("oplciy"), "policy");
	cr_expect_null(nearest("nur"));
}

Test(spelling, prefers_the_nearer_of_two)
{
	cr_expect_str_eq(nearest("map-user"), "map-users");
	cr_expect_str_eq(nearest("map-group"), "map-groups");
}

Test(spelling, suggests_nothing_for_another_word)
{
	cr_expect_null(nearest("xyzzy"));
	cr_expect_null(nearest(""));
	cr_expect_null(nearest("r"));
	cr_expect_null(nearest("a-word-that-is-longer-than-any-that-is-known-here"));
}
