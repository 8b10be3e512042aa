/* SPDX-License-Identifier: Apache-2.0 */
#include "integrity/revoked_keys.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "integrity/keyring.h"

static uint32_t keyids[] = { 0x01234567, 0x89abcdef };
static uint8_t fingerprints[1][FINGERPRINT_SIZE] = { { 1, 2, 3 } };
static const struct revoked_keys set = {
	.keyid_count = 2, .fingerprint_count = 1, .keyids = keyids, .fingerprints = fingerprints
};

static char *pack(const struct revoked_keys *keys, size_t *ret_length)
{
	char *bytes = NULL;

	cr_assert_eq(revoked_keys_pack(keys, &bytes, ret_length), 0);
	return bytes;
}

Test(revoked_keys, are_the_same_when_they_were_bytes)
{
	_cleanup_revoked_keys_ struct revoked_keys *found = NULL;
	size_t length;
	_cleanup_free_ char *bytes = pack(&set, &length);

	cr_assert_eq(revoked_keys_unpack(bytes, length, &found), 0);
	cr_assert_eq(found->keyid_count, 2);
	cr_assert_eq(found->fingerprint_count, 1);
	cr_expect_arr_eq(found->keyids, keyids, sizeof(keyids));
	cr_expect_arr_eq(found->fingerprints, fingerprints, sizeof(fingerprints));
}

Test(revoked_keys, can_be_none)
{
	_cleanup_revoked_keys_ struct revoked_keys *found = NULL;
	size_t length;
	_cleanup_free_ char *bytes = pack(&(const struct revoked_keys){ 0 }, &length);

	cr_assert_eq(revoked_keys_unpack(bytes, length, &found), 0);
	cr_expect_eq(found->keyid_count + found->fingerprint_count, 0);
}

Test(revoked_keys, are_not_made_of_other_bytes)
{
	struct revoked_keys *found = NULL;
	const uint64_t many[] = { UINT64_MAX / 2, UINT64_MAX / 2 }, one_more = REVOKED_KEYS_MAX + 1;
	size_t length;
	_cleanup_free_ char *bytes = pack(&set, &length);

	for (size_t shorter = 0; shorter < length; shorter++)
		cr_expect_eq(revoked_keys_unpack(bytes, shorter, &found), -EBADMSG);
	memcpy(bytes, many, sizeof(many));
	cr_expect_eq(revoked_keys_unpack(bytes, length, &found), -EBADMSG);
	memcpy(bytes, &one_more, sizeof(one_more));
	cr_expect_eq(revoked_keys_unpack(bytes, length, &found), -EBADMSG);
	cr_expect_null(found);
}
