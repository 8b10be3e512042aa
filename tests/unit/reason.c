/* SPDX-License-Identifier: Apache-2.0 */
#include "reason.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "access.h"

Test(reason, has_a_word_of_its_own)
{
	for (unsigned int i = 0; i < REASON_COUNT; i++) {
		const char *word = reason_word((enum reason)i);

		cr_expect_eq(strspn(word, "abcdefghijklmnopqrstuvwxyz-"), strlen(word), "%s", word);
		for (unsigned int j = 0; j < i; j++)
			cr_expect_str_neq(word, reason_word((enum reason)j));
	}
}

Test(reason, has_a_sentence_that_goes_on_behind_an_error)
{
	for (unsigned int i = 0; i < REASON_COUNT; i++) {
		const char *text = reason_text((enum reason)i);

		cr_assert_gt(strlen(text), 10);
		cr_expect(strncmp(text, "LXC ", 4) == 0 || (text[0] >= 'a' && text[0] <= 'z'), "%s",
			  text);
		cr_expect_neq(text[strlen(text) - 1], '.', "%s", text);
	}
}

Test(reason, of_a_failure_of_ours_says_what_there_was_none_of)
{
	cr_expect_eq(reason_of_failure(ENOMEM), REASON_MEMORY);
	cr_expect_eq(reason_of_failure(EMFILE), REASON_DESCRIPTORS);
	cr_expect_eq(reason_of_failure(ENFILE), REASON_DESCRIPTORS);
	cr_expect_eq(reason_of_failure(ETIMEDOUT), REASON_DEADLINE);
	cr_expect_eq(reason_of_failure(ESRCH), REASON_GONE);
	cr_expect_eq(reason_of_failure(EPROTO), REASON_FAILURE);
}

Test(reason, tells_what_nsxattr_refuses_from_what_the_kernel_would)
{
	cr_expect(reason_is_refusal(REASON_DENY));
	cr_expect(reason_is_refusal(REASON_OWNER));
	cr_expect(reason_is_refusal(REASON_FAILURE));
	cr_expect_not(reason_is_refusal(REASON_NONE));
	cr_expect_not(reason_is_refusal(REASON_KERNEL));
	cr_expect_not(reason_is_refusal(REASON_ABSENT));
	cr_expect_not(reason_is_refusal(REASON_GONE));
}

/* Two registers of each ABI that there is: no request's time is spent on it. */
Test(reason, makes_an_outcome_no_larger)
{
	cr_expect_eq(sizeof(struct outcome), sizeof(int) + sizeof(int) + sizeof(long));
	cr_expect_eq(outcome_refused(EPERM, REASON_HIDE).reason, REASON_HIDE);
	cr_expect_eq(outcome_value(1).reason, REASON_NONE);
	cr_expect_eq(outcome_kernel(REASON_HOST).reason, REASON_HOST);
}
