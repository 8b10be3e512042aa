/* SPDX-License-Identifier: Apache-2.0 */
#include "file_capability.h"

#include <criterion/criterion.h>
#include <string.h>

/* cap_net_raw+ep of the root 100000, and without a root, as Linux has them on the inode */
static const uint8_t of_root[] = { 1, 0, 0, 3, 0, 0x20, 0, 0, 0,    0,	  0, 0,
				   0, 0, 0, 0, 0, 0,	0, 0, 0xa0, 0x86, 1, 0 };
static const uint8_t plain[] = { 1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 };

Test(file_capability, tells_its_root)
{
	uint32_t root = 1;

	cr_expect(file_capability_root(of_root, sizeof(of_root), &root));
	cr_expect_eq(root, 100000);
}

Test(file_capability, has_no_root_in_other_versions)
{
	uint8_t old[12] = { 0, 0, 0, 1 };
	uint32_t root = 1;

	cr_expect_not(file_capability_root(plain, sizeof(plain), &root));
	cr_expect_not(file_capability_root(old, sizeof(old), &root));
	cr_expect_not(file_capability_root(of_root, sizeof(of_root) - 1, &root));
	cr_expect_not(file_capability_root(of_root, 3, &root));
	cr_expect_not(file_capability_root("", 0, &root));
	cr_expect_eq(root, 1);
}

Test(file_capability, is_given_to_a_root)
{
	uint8_t given[FILE_CAPABILITY_SIZE];

	cr_expect(file_capability_give(plain, sizeof(plain), 100000, given));
	cr_expect_arr_eq(given, of_root, sizeof(of_root));
	cr_expect(file_capability_give(of_root, sizeof(of_root), 0x01020304, given));
	cr_expect_eq(given[20], 4);
	cr_expect_eq(given[23], 1);
	cr_expect(file_capability_give(given, sizeof(given), 100000, given));
	cr_expect_arr_eq(given, of_root, sizeof(of_root));
	cr_expect_not(file_capability_give(of_root, 20, 1, given));
	cr_expect_not(file_capability_give(plain, 24, 1, given));
}

Test(file_capability, is_plain_for_its_root)
{
	uint8_t value[FILE_CAPABILITY_SIZE];

	cr_expect_eq(file_capability_plain(of_root, sizeof(of_root), value), sizeof(plain));
	cr_expect_arr_eq(value, plain, sizeof(plain));
	cr_expect_eq(file_capability_plain(plain, sizeof(plain), value), 0);
}

Test(file_capability, goes_by_its_name)
{
	cr_expect(file_capability_is_name("security.capability", 19));
	cr_expect_not(file_capability_is_name("security.capability@uid=1", 25));
	cr_expect_not(file_capability_is_name("security.capabilit", 18));
}
