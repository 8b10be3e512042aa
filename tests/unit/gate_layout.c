/* SPDX-License-Identifier: Apache-2.0 */
#include "integrity/gate_layout.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct gate_ids poor = {
	.uid = 1,
	.euid = 2,
	.suid = 3,
	.gid = 4,
	.egid = 5,
	.sgid = 6,
};

static const struct {
	const char *name;
	struct gate_ids ids;
	unsigned int matters; /* to those who ask for this: enum gate_asked */
} others[] = {
	{ "uid", { 9, 2, 3, 4, 5, 6, false, false }, GATE_ASKS_UID },
	{ "euid", { 1, 9, 3, 4, 5, 6, false, false }, GATE_ASKS_EUID },
	{ "suid, which cannot be taken", { 1, 2, 9, 4, 5, 6, false, false }, 0 },
	{ "CAP_SETUID", { 1, 2, 3, 4, 5, 6, true, false }, GATE_ASKS_EUID },
	{ "gid", { 1, 2, 3, 9, 5, 6, false, false }, GATE_ASKS_GID },
	{ "egid", { 1, 2, 3, 4, 9, 6, false, false }, GATE_ASKS_EGID },
	{ "sgid, which cannot be taken", { 1, 2, 3, 4, 5, 9, false, false }, 0 },
	{ "CAP_SETGID", { 1, 2, 3, 4, 5, 6, false, true }, GATE_ASKS_EGID },
};

static bool is_same(unsigned int asked, const struct gate_ids *left, const struct gate_ids *right)
{
	const struct gate_subject one = gate_subject_of(asked, left);
	const struct gate_subject two = gate_subject_of(asked, right);

	return memcmp(&one, &two, sizeof(one)) == 0;
}

Test(gate_layout, subjects_differ_by_what_is_asked_for)
{
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		for (unsigned int asked = 0; asked <= GATE_ASKS_SUBJECT; asked++)
			cr_expect_eq(is_same(asked, &poor, &others[i].ids),
				     !(asked & others[i].matters), "%s, asked %u", others[i].name,
				     asked);
}

Test(gate_layout, who_can_take_other_ids_differs_by_them)
{
	struct gate_ids able = poor, other;

	able.has_setuid = able.has_setgid = true;
	other = able;
	other.uid = 9;
	cr_expect_not(is_same(GATE_ASKS_EUID, &able, &other), "the real one");
	other = able;
	other.suid = 9;
	cr_expect_not(is_same(GATE_ASKS_EUID, &able, &other), "the saved one");
	other = able;
	other.gid = 9;
	cr_expect_not(is_same(GATE_ASKS_EGID, &able, &other), "the group");
	other = able;
	other.sgid = 9;
	cr_expect_not(is_same(GATE_ASKS_EGID, &able, &other), "the saved group");
	cr_expect(is_same(GATE_ASKS_UID | GATE_ASKS_GID, &able, &poor),
		  "of these alone all is said");
}

Test(gate_layout, where_all_ids_are_one_a_capability_makes_no_difference)
{
	struct gate_ids plain = { 7, 7, 7, 8, 8, 8, false, false }, able = plain;

	able.has_setuid = able.has_setgid = true;
	cr_expect(is_same(GATE_ASKS_SUBJECT, &plain, &able));
}

/* The kernel compares keys byte by byte. */
Test(gate_layout, keys_have_no_gaps)
{
	cr_expect_eq(sizeof(struct gate_subject), 8 * sizeof(uint32_t));
	cr_expect_eq(sizeof(struct gate_use), 40 + sizeof(struct gate_subject));
}
