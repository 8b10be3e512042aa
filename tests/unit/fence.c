/* SPDX-License-Identifier: Apache-2.0 */
#include "judge/fence.h"

#include <criterion/criterion.h>

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
