/* SPDX-License-Identifier: Apache-2.0 */
#include "integrity/crypto.h"

#include <criterion/criterion.h>
#include <string.h>

#include "hex.h"

static void expect_hex(const uint8_t *digest, size_t size, const char *expected)
{
	char text[HEX_SIZE(DIGEST_SIZE_MAX)];

	hex_write(digest, size, text);
	cr_expect_str_eq(text, expected);
}

/* FIPS 180: of "abc" */
static const struct {
	enum digest_algorithm algorithm;
	const char *expected;
} known[] = {
	{ DIGEST_SHA1, "a9993e364706816aba3e25717850c26c9cd0d89d" },
	{ DIGEST_SHA224, "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7" },
	{ DIGEST_SHA256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
	{ DIGEST_SHA384, "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
			 "8086072ba1e7cc2358baeca134c825a7" },
	{ DIGEST_SHA512, "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
			 "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f" },
};

Test(crypto, digests_as_the_standard_has_it)
{
	_cleanup_crypto_ struct crypto *crypto = NULL;

	cr_assert_eq(crypto_new(&crypto), 0);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		uint8_t digest[DIGEST_SIZE_MAX];

		cr_expect_eq(crypto_digest(crypto, known[i].algorithm, "abc", 3, digest), 0);
		expect_hex(digest, digest_size(known[i].algorithm), known[i].expected);
	}
}

Test(crypto, digests_piece_by_piece)
{
	_cleanup_crypto_ struct crypto *crypto = NULL;

	cr_assert_eq(crypto_new(&crypto), 0);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		_cleanup_digest_ struct digest *digest = NULL;
		uint8_t bytes[DIGEST_SIZE_MAX];

		cr_assert_eq(digest_new(crypto, known[i].algorithm, &digest), 0);
		cr_expect_eq(digest_add(digest, "a", 1), 0);
		cr_expect_eq(digest_add(digest, "", 0), 0);
		cr_expect_eq(digest_add(digest, "bc", 2), 0);
		cr_expect_eq(digest_finish(digest, bytes), 0);
		expect_hex(bytes, digest_size(known[i].algorithm), known[i].expected);
	}
}

Test(crypto, two_contexts_have_nothing_in_common)
{
	_cleanup_crypto_ struct crypto *first = NULL, *second = NULL;
	uint8_t digest[DIGEST_SIZE_MAX];

	cr_assert_eq(crypto_new(&first), 0);
	cr_assert_eq(crypto_new(&second), 0);
	crypto_free(first);
	first = NULL;
	cr_expect_eq(crypto_digest(second, DIGEST_SHA1, "abc", 3, digest), 0);
	expect_hex(digest, 20, known[0].expected);
}
