/* SPDX-License-Identifier: Apache-2.0 */
#include "digest_algorithm.h"

#include <criterion/criterion.h>
#include <linux/hash_info.h>
#include <string.h>

Test(digest_algorithm, numbers_are_the_kernels)
{
	cr_expect_eq((int)DIGEST_SHA1, (int)HASH_ALGO_SHA1);
	cr_expect_eq((int)DIGEST_SHA224, (int)HASH_ALGO_SHA224);
	cr_expect_eq((int)DIGEST_SHA256, (int)HASH_ALGO_SHA256);
	cr_expect_eq((int)DIGEST_SHA384, (int)HASH_ALGO_SHA384);
	cr_expect_eq((int)DIGEST_SHA512, (int)HASH_ALGO_SHA512);
}

Test(digest_algorithm, finds_each_by_its_name_and_no_other)
{
	unsigned int known = 0;

	for (unsigned int i = 0; i < 300; i++) {
		enum digest_algorithm found;

		if (digest_size(i) == 0)
			continue;
		const char *name = digest_name((enum digest_algorithm)i);

		cr_expect(digest_algorithm_find(name, strlen(name), &found) && found == i);
		cr_expect_not(digest_algorithm_find(name, strlen(name) - 1, &found));
		cr_expect_leq(digest_size(i), DIGEST_SIZE_MAX);
		known |= DIGEST_BIT(i);
	}
	cr_expect_eq(known, 0xf4);
	cr_expect_not(digest_algorithm_find("md5", 3, &(enum digest_algorithm){ 0 }));
	cr_expect_not(digest_algorithm_find("", 0, &(enum digest_algorithm){ 0 }));
}
