/* SPDX-License-Identifier: Apache-2.0 */
#include "integrity/gate_verdicts.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/fd.h"

/* Return: a map; the test is skipped where there is none, as for plain users. */
static int make_map(void)
{
	int map = gate_verdicts_new();

	if (map < 0)
		cr_skip("a map of verdicts cannot be made: %s", strerror(-map));
	return map;
}

Test(gate_verdicts, are_for_one_generation_of_revoked_keys)
{
	struct gate_case about = { .version = { .number = 5 }, .generation = 1 };
	_cleanup_fd_ int map = make_map();

	cr_assert_eq(gate_verdicts_allow(map, 0, &about, GATE_EXECUTE), 0);
	cr_expect_eq(gate_verdicts_allowed(map, 0, &about), GATE_EXECUTE);
	about.generation = 2;
	cr_expect_eq(gate_verdicts_allowed(map, 0, &about), 0);
	cr_assert_eq(gate_verdicts_allow(map, 0, &about, GATE_MAP), 0);
	cr_expect_eq(gate_verdicts_allowed(map, 0, &about), GATE_MAP);
	about.generation = 1;
	cr_expect_eq(gate_verdicts_allowed(map, 0, &about), GATE_EXECUTE, "each has its own");
}
