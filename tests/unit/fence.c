/* SPDX-License-Identifier: Apache-2.0 */
#include "judge/fence.h"

#include <criterion/criterion.h>
#include <errno.h>

static unsigned int asks(enum integrity_kind kind, unsigned int conditions)
{
	const struct integrity_rule rule = { .kind = kind, .conditions = conditions };
	const struct integrity integrity = { .rules = &rule, .rule_count = 1 };

	return fence_asks(&integrity);
}

Test(fence, asks_what_rules_ask)
{
	cr_expect_eq(asks(KIND_APPRAISE, IF_UID), GATE_ASKS_UID);
	cr_expect_eq(asks(KIND_MEASURE, IF_EUID), GATE_ASKS_EUID);
	cr_expect_eq(asks(KIND_APPRAISE, IF_GID | IF_MASK), GATE_ASKS_GID);
	cr_expect_eq(asks(KIND_APPRAISE, IF_EGID | IF_FSNAME), GATE_ASKS_EGID);
	cr_expect_eq(asks(KIND_APPRAISE, IF_FOWNER), GATE_ASKS_OWNER);
	cr_expect_eq(asks(KIND_APPRAISE, IF_FGROUP), GATE_ASKS_OWNER);
	cr_expect_eq(asks(KIND_APPRAISE, IF_FSMAGIC | IF_FSNAME | IF_FSUUID), 0);
}

Test(fence, asks_nothing_for_a_line_of_the_log)
{
	cr_expect_eq(asks(KIND_AUDIT, IF_UID | IF_FOWNER), 0);
}

Test(fence, asks_for_all_rules)
{
	const struct integrity_rule rules[] = { { .conditions = IF_UID },
						{ .conditions = IF_EGID } };
	const struct integrity integrity = { .rules = rules, .rule_count = 2 };

	cr_expect_eq(fence_asks(&integrity), GATE_ASKS_UID | GATE_ASKS_EGID);
}

static bool lasts(int answer, uint64_t number)
{
	const struct gate_version before = { .number = 5 }, now = { .number = number };

	return fence_version_lasts(&before, answer, &now);
}

Test(fence, knows_a_version_until_another_has_taken_its_place)
{
	cr_expect(lasts(GATE_SETTLED, 5));
	cr_expect(lasts(GATE_CHANGING, 5),
		  "a change that is about to be made, or fails, is none yet");
	cr_expect_not(lasts(GATE_SETTLED, 6));
	cr_expect_not(lasts(GATE_CHANGING, 6));
}

Test(fence, knows_no_version_of_what_cannot_be_judged)
{
	static const int answers[] = { GATE_LAYERED, GATE_OPEN_WRITERS, GATE_WAS_MAPPED,
				       GATE_UNVERIFIABLE, -ENODEV };

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
		cr_expect_not(lasts(answers[i], 5));
}
