/* SPDX-License-Identifier: Apache-2.0 */
#include "ima_value.h"

#include <criterion/criterion.h>
#include <string.h>

static uint8_t bytes[70000];

static enum ima_value_mistake decode(size_t length, struct ima_value *value)
{
	memset(value, 0xee, sizeof(*value));
	return ima_value_decode(bytes, length, value);
}

static void make_signature(uint8_t type, uint8_t version, size_t size)
{
	const uint8_t header[] = { type, version, DIGEST_SHA384,	0xab,	      0xcd,
				   0xef, 0x01,	  (uint8_t)(size >> 8), (uint8_t)size };

	memcpy(bytes, header, sizeof(header));
}

Test(ima_value, takes_a_sha1)
{
	struct ima_value value;

	bytes[0] = 1;
	cr_expect_eq(decode(21, &value), IMA_VALUE_IS_SOUND);
	cr_expect_eq(value.type, IMA_VALUE_SHA1);
	cr_expect_eq(value.algorithm, DIGEST_SHA1);
	cr_expect_eq(value.bytes, bytes + 1);
	cr_expect_eq(value.length, 20);
	cr_expect_not(ima_value_is_signature(&value));
}

Test(ima_value, takes_digests_of_exactly_their_size)
{
	struct ima_value value;

	for (unsigned int number = 0; number < 256; number++) {
		size_t size = digest_size(number);

		bytes[0] = 4;
		bytes[1] = (uint8_t)number;
		if (size == 0) {
			cr_expect_eq(decode(34, &value), IMA_VALUE_ALGORITHM);
			continue;
		}
		cr_expect_eq(decode(2 + size, &value), IMA_VALUE_IS_SOUND);
		cr_expect_eq(value.algorithm, number);
		cr_expect_eq(value.bytes, bytes + 2);
		cr_expect_eq(value.length, size);
		cr_expect_eq(decode(1 + size, &value), IMA_VALUE_SIZE);
		cr_expect_eq(decode(3 + size, &value), IMA_VALUE_SIZE);
	}
}

Test(ima_value, takes_signatures_whose_sizes_agree)
{
	struct ima_value value;
	const size_t sizes[] = { 1, 71, 256, 512, 65535 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		make_signature(3, 2, sizes[i]);
		cr_expect_eq(decode(9 + sizes[i], &value), IMA_VALUE_IS_SOUND);
		cr_expect_eq(value.type, IMA_VALUE_SIGNATURE);
		cr_expect_eq(value.algorithm, DIGEST_SHA384);
		cr_expect_eq(value.keyid, 0xabcdef01);
		cr_expect_eq(value.bytes, bytes + 9);
		cr_expect_eq(value.length, sizes[i]);
		cr_expect(ima_value_is_signature(&value));
		cr_expect_eq(decode(8 + sizes[i], &value), IMA_VALUE_SIZE);
		cr_expect_eq(decode(10 + sizes[i], &value), IMA_VALUE_SIZE);
	}
	make_signature(3, 2, 0);
	cr_expect_eq(decode(9, &value), IMA_VALUE_SIZE, "an empty one");
}

Test(ima_value, wants_the_version_of_the_type)
{
	struct ima_value value;

	make_signature(6, 3, 100);
	cr_expect_eq(decode(109, &value), IMA_VALUE_IS_SOUND);
	cr_expect_eq(value.type, IMA_VALUE_VERITY_SIGNATURE);
	make_signature(6, 2, 100);
	cr_expect_eq(decode(109, &value), IMA_VALUE_VERSION);
	make_signature(3, 3, 100);
	cr_expect_eq(decode(109, &value), IMA_VALUE_VERSION);
	cr_expect_eq(value.type, IMA_VALUE_SIGNATURE, "the type is known");
	make_signature(3, 1, 100);
	cr_expect_eq(decode(109, &value), IMA_VALUE_VERSION);
}

Test(ima_value, wants_an_algorithm_that_is_known)
{
	struct ima_value value;

	make_signature(3, 2, 100);
	for (unsigned int number = 0; number < 256; number++) {
		bytes[2] = (uint8_t)number;
		cr_expect_eq(decode(109, &value),
			     digest_size(number) > 0 ? IMA_VALUE_IS_SOUND : IMA_VALUE_ALGORITHM);
	}
}

Test(ima_value, takes_nothing_else)
{
	struct ima_value value;

	for (unsigned int type = 0; type < 256; type++) {
		memset(bytes, (int)type, 300);
		if (type != 1 && type != 3 && type != 4 && type != 6)
			cr_expect_eq(decode(300, &value), IMA_VALUE_TYPE);
	}
	cr_expect_eq(decode(0, &value), IMA_VALUE_TYPE);
	cr_expect_eq(value.type, 0);
	for (uint8_t type = 1; type <= 6; type++) {
		bytes[0] = type;
		cr_expect_neq(decode(1, &value), IMA_VALUE_IS_SOUND);
	}
}
