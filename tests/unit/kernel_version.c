/* SPDX-License-Identifier: Apache-2.0 */
#include "base/kernel_version.h"

#include <criterion/criterion.h>

TestSuite(kernel_version, .timeout = 60);

static void parses(const char *release, const char *version, unsigned int major, unsigned int minor,
		   unsigned int patch)
{
	unsigned int found[3] = { 9, 9, 9 };

	kernel_version_parse(release, version, found);
	cr_expect(found[0] == major && found[1] == minor && found[2] == patch, "%s: %u.%u.%u",
		  release, found[0], found[1], found[2]);
}

Test(kernel_version, find_the_version_where_each_distribution_has_it)
{
	parses("6.18.5", "#1 SMP", 6, 18, 5);
	parses("6.18.0-rc1", "#1 SMP", 6, 18, 0);
	parses("6.12.117+deb12-amd64", "#1 SMP PREEMPT_DYNAMIC Debian 6.12.117-1~bpo12+1", 6, 12,
	       117);
	parses("6.1.0-56-amd64", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.170-3 (2026-05-01)", 6, 1, 170);
	parses("6.1.0-56-amd64", "#1 SMP Debian something", 6, 1, 0);
	parses("", "", 0, 0, 0);
}

Test(kernel_version, is_read_up_to_what_is_behind_it)
{
	unsigned int numbers[2] = { 9, 9 };

	cr_expect_str_eq(kernel_version_read("6.1.0-13-amd64", numbers, 2), ".0-13-amd64");
	cr_expect(numbers[0] == 6 && numbers[1] == 1);
	cr_expect_str_eq(kernel_version_read("4.8", numbers, 2), "");
	cr_expect_null(kernel_version_read("6", numbers, 2));
	cr_expect(numbers[0] == 6 && numbers[1] == 0);
	cr_expect_null(kernel_version_read("6.x", numbers, 2));
	cr_expect_null(kernel_version_read("-6.1", numbers, 2));
	cr_expect_null(kernel_version_read("6.10000", numbers, 2));
}
