/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/capability_set.h"

#include <criterion/criterion.h>
#include <linux/capability.h>
#include <string.h>

#define BIT(capability) (UINT64_C(1) << (capability))

static int number_of(const char *name)
{
	return capability_number(name, strlen(name));
}

Test(capability_set, names_have_a_prefix_or_none_in_any_case)
{
	cr_expect_eq(number_of("CAP_CHOWN"), CAP_CHOWN);
	cr_expect_eq(number_of("SYS_ADMIN"), CAP_SYS_ADMIN);
	cr_expect_eq(number_of("cap_checkpoint_restore"), CAP_CHECKPOINT_RESTORE);
	cr_expect_eq(number_of("sys_time"), CAP_SYS_TIME);
	cr_expect_eq(number_of("CAP_"), -1);
	cr_expect_eq(number_of(""), -1);
	cr_expect_eq(number_of("SYS"), -1);
	cr_expect_eq(number_of("CAP_SYS_ADMINX"), -1);
}

static void becomes(uint64_t before, const char *list, uint64_t expected)
{
	uint64_t set = before;

	cr_assert(capability_set_change(&set, list), "%s", list);
	cr_expect_eq(set, expected, "%s: %llx", list, (unsigned long long)set);
}

Test(capability_set, a_list_adds_and_takes_away_in_its_order)
{
	becomes(BIT(CAP_MKNOD), "sys_admin", BIT(CAP_MKNOD) | BIT(CAP_SYS_ADMIN));
	becomes(BIT(CAP_MKNOD), "CAP_SYS_ADMIN,-MKNOD", BIT(CAP_SYS_ADMIN));
	becomes(BIT(CAP_MKNOD), "-all,chown", BIT(CAP_CHOWN));
	becomes(BIT(CAP_MKNOD), "chown,-ALL", 0);
	becomes(0, "all,-bpf", (BIT(CAP_CHECKPOINT_RESTORE + 1) - 1) & ~BIT(CAP_BPF));
}

Test(capability_set, what_is_no_list_changes_nothing)
{
	static const char *const lists[] = { "",	   "-",	     "chown,",	   ",chown",
					     "chown,none", "+chown", "chown mknod" };

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		uint64_t set = 7;

		cr_expect_not(capability_set_change(&set, lists[i]), "%s", lists[i]);
		cr_expect_eq(set, 7);
	}
}
