/* SPDX-License-Identifier: Apache-2.0 */
/* Values and signatures are made by evmctl(1), over "file". */
#include "integrity/appraise.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "integrity.h"
#include "integrity/content.h"
#include "integrity/crypto.h"
#include "integrity/keyring.h"
#include "integrity/revoked_keys.h"
#include "signer.h"

static struct crypto *crypto;
static struct keyring *keyring;
static struct revocation *revocation;
static const struct integrity_actions anything, signed_only = { .needs_signature = true };
static const struct integrity_actions verity_only = { .needs_signature = true,
						      .needs_verity = true };

static struct keyring *read_key(const char *path)
{
	struct key_complaint complaint;
	struct keyring *read = NULL;

	cr_assert_eq(keyring_read(crypto, &path, 1, &read, &complaint), 0, "%s", complaint.text);
	return read;
}

static struct revocation *revocation_of(const char *path)
{
	struct key_complaint complaint;
	struct revoked_keys *keys = NULL;

	cr_assert_eq(revoked_keys_read(NULL, &path, 1, &keys, &complaint), 0, "%s", complaint.text);
	return revocation_new(keys);
}

static void begin(void)
{
	signer_begin();
	cr_assert_eq(crypto_new(&crypto), 0);
	signer_write("file", "content", 7);
	signer_make_key("a", "rsa:2048");
	keyring = read_key("a.der");
	revocation = NULL;
}

static void end(void)
{
	keyring_free(keyring);
	revocation_free(revocation);
	crypto_free(crypto);
	signer_end();
}

TestSuite(appraise, .init = begin, .fini = end);

static struct appraisal appraise_value(const struct integrity_actions *actions,
				       const uint8_t *value, size_t length)
{
	_cleanup_fd_ int file = open("file", O_RDONLY | O_CLOEXEC);
	struct content content = { .crypto = crypto, .fd = file };
	struct appraisal appraisal = { .cause = CAUSE_FAILURE };
	const struct appraisal_request request = {
		.actions = actions,
		.keyring = keyring,
		.revocation = revocation,
		.value = value,
		.length = length,
		.content = &content,
	};

	cr_assert_eq(appraise(&request, &appraisal), 0);
	return appraisal;
}

/* The value in a file. What points into it is not to be looked at. */
static struct appraisal appraise_file(const struct integrity_actions *actions, const char *path)
{
	size_t length;
	_cleanup_free_ uint8_t *value = signer_read(path, &length);

	return appraise_value(actions, value, length);
}

static void expect_cause(const struct integrity_actions *actions, const char *path,
			 enum appraisal_cause cause)
{
	struct appraisal appraisal = appraise_file(actions, path);

	cr_expect_eq(appraisal.cause, cause, "%s", cause_word(appraisal.cause));
}

/* evmctl only prints a value, in hexadecimal digits. */
static void make_hash(const char *algorithm)
{
	uint8_t value[DIGEST_SIZE_MAX + 2];
	unsigned int byte;
	size_t length = 0;

	signer_run("evmctl ima_hash -n -a %s file 2>/dev/null | tail -n 1 >digits", algorithm);
	_cleanup_file_ FILE *digits = fopen("digits", "re");

	cr_assert_not_null(digits);
	while (length < sizeof(value) && fscanf(digits, "%2x", &byte) == 1)
		value[length++] = (uint8_t)byte;
	signer_write("hash", value, length);
}

Test(appraise, finds_a_signature_of_the_content_valid)
{
	signer_sign("file", "a", "sha256");
	struct appraisal appraisal = appraise_file(&signed_only, "file.sig");

	cr_expect_eq(appraisal.cause, CAUSE_NONE);
	cr_expect_eq(appraisal.value.type, IMA_VALUE_SIGNATURE);
	cr_expect_eq(appraisal.value.algorithm, DIGEST_SHA256);
	cr_expect_eq(appraisal.key, &keyring->keys[0]);
	cr_expect_eq(appraisal.value.keyid, keyring->keys[0].key.keyids[0]);
	expect_cause(&anything, "file.sig", CAUSE_NONE);
}

Test(appraise, finds_a_digest_of_the_content_valid_where_no_signature_is_wanted)
{
	static const char *const algorithms[] = { "sha1", "sha224", "sha256", "sha384", "sha512" };

	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
		make_hash(algorithms[i]);
		expect_cause(&anything, "hash", CAUSE_NONE);
		expect_cause(&signed_only, "hash", CAUSE_SIGNATURE_REQUIRED);
	}
}

Test(appraise, wants_a_value)
{
	cr_expect_eq(appraise_value(&anything, NULL, 0).cause, CAUSE_NO_VALUE);
	cr_expect_eq(appraise_value(&signed_only, NULL, 0).cause, CAUSE_SIGNATURE_REQUIRED);
}

Test(appraise, notices_a_changed_byte)
{
	signer_sign("file", "a", "sha256");
	make_hash("sha256");
	signer_write("file", "c0ntent", 7);
	expect_cause(&anything, "file.sig", CAUSE_SIGNATURE);
	expect_cause(&anything, "hash", CAUSE_HASH);
	signer_write("file", "content\n", 8);
	expect_cause(&anything, "file.sig", CAUSE_SIGNATURE);
	expect_cause(&anything, "hash", CAUSE_HASH);
}

Test(appraise, does_not_know_the_key_of_another)
{
	signer_make_key("b", "prime256v1");
	signer_sign("file", "b", "sha256");
	struct appraisal appraisal = appraise_file(&signed_only, "file.sig");

	cr_expect_eq(appraisal.cause, CAUSE_NO_KEY);
	cr_expect_null(appraisal.key);
	cr_expect_neq(appraisal.value.keyid, 0);
	cr_expect_str_eq(cause_word(appraisal.cause), "invalid-signature");
}

Test(appraise, does_not_count_a_revoked_key)
{
	revocation = revocation_of("a.pub");
	signer_sign("file", "a", "sha256");
	struct appraisal appraisal = appraise_file(&signed_only, "file.sig");

	cr_expect_eq(appraisal.cause, CAUSE_REVOKED_KEY);
	cr_expect_eq(appraisal.key, &keyring->keys[0]);
}

Test(appraise, wants_an_allowed_algorithm)
{
	const struct integrity_actions long_ones = { .algorithms = DIGEST_BIT(DIGEST_SHA384) |
								   DIGEST_BIT(DIGEST_SHA512) };

	signer_sign("file", "a", "sha256");
	expect_cause(&long_ones, "file.sig", CAUSE_ALGORITHM);
	signer_sign("file", "a", "sha384");
	expect_cause(&long_ones, "file.sig", CAUSE_NONE);
	make_hash("sha1");
	expect_cause(&long_ones, "hash", CAUSE_ALGORITHM);
	make_hash("sha512");
	expect_cause(&long_ones, "hash", CAUSE_NONE);
}

Test(appraise, says_of_a_bad_value_what_the_kernel_says)
{
	size_t length;

	signer_sign("file", "a", "sha256");
	_cleanup_free_ uint8_t *value = signer_read("file.sig", &length);

	cr_expect_eq(appraise_value(&anything, value, length - 1).cause, CAUSE_SIGNATURE);
	cr_expect_eq(appraise_value(&anything, value, 5).cause, CAUSE_SIGNATURE);
	value[1] = 3;
	cr_expect_eq(appraise_value(&anything, value, length).cause, CAUSE_SIGNATURE_VERSION);
	value[1] = 2;
	value[2] = 17;
	cr_expect_eq(appraise_value(&anything, value, length).cause, CAUSE_SIGNATURE);
	value[0] = 4;
	cr_expect_eq(appraise_value(&anything, value, length).cause, CAUSE_HASH);
	cr_expect_eq(appraise_value(&signed_only, value, 2).cause, CAUSE_SIGNATURE_REQUIRED);
	value[0] = 5;
	cr_expect_eq(appraise_value(&anything, value, length).cause, CAUSE_UNKNOWN_VALUE);
	cr_expect_eq(appraise_value(&signed_only, value, 1).cause, CAUSE_UNKNOWN_VALUE);
}

Test(appraise, wants_fs_veritys_digest_for_a_signature_of_it)
{
	uint8_t value[IMA_SIGNATURE_HEADER + 256] = { 6, 3, DIGEST_SHA256, 1, 2, 3, 4, 1, 0 };

	cr_expect_eq(appraise_value(&anything, value, sizeof(value)).cause, CAUSE_NO_VERITY);
	cr_expect_eq(appraise_value(&signed_only, value, sizeof(value)).cause,
		     CAUSE_SIGNATURE_REQUIRED);
	cr_expect_eq(appraise_value(&verity_only, value, sizeof(value)).cause, CAUSE_NO_VERITY);
	cr_expect_eq(appraise_value(&anything, value, sizeof(value) - 1).cause,
		     CAUSE_VERITY_SIGNATURE);
}

Test(appraise, wants_no_other_where_that_is_wanted)
{
	signer_sign("file", "a", "sha256");
	expect_cause(&verity_only, "file.sig", CAUSE_VERITY_SIGNATURE_REQUIRED);
	make_hash("sha256");
	expect_cause(&verity_only, "hash", CAUSE_VERITY_SIGNATURE_REQUIRED);
	cr_expect_eq(appraise_value(&verity_only, NULL, 0).cause, CAUSE_VERITY_SIGNATURE_REQUIRED);
}

Test(appraise, does_not_read_what_it_need_not)
{
	struct content content = { .crypto = crypto, .fd = -1 };
	const uint8_t hash[] = { 4, DIGEST_SHA256, 1 };
	struct appraisal_request request = { .actions = &signed_only,
					     .keyring = keyring,
					     .value = hash,
					     .length = sizeof(hash),
					     .content = &content };
	struct appraisal appraisal;

	cr_expect_eq(appraise(&request, &appraisal), 0);
	cr_expect_eq(appraisal.cause, CAUSE_SIGNATURE_REQUIRED);
	signer_sign("file", "a", "sha256");
	size_t length;
	_cleanup_free_ uint8_t *value = signer_read("file.sig", &length);

	request.value = value;
	request.length = length;
	cr_expect_eq(appraise(&request, &appraisal), -EBADF, "and what fails of ours is no cause");
}

Test(appraise, measures_in_the_algorithm_of_the_value)
{
	const uint8_t hash[] = { 1,  1,	 2,  3,	 4,  5,	 6,  7,	 8,  9, 10,
				 11, 12, 13, 14, 15, 16, 17, 18, 19, 20 };

	cr_expect_eq(appraisal_algorithm(hash, sizeof(hash)), DIGEST_SHA1);
	cr_expect_eq(appraisal_algorithm(hash, sizeof(hash) - 1), DIGEST_SHA256);
	cr_expect_eq(appraisal_algorithm(NULL, 0), DIGEST_SHA256);
}

Test(appraise, has_a_word_and_a_sentence_for_each_cause)
{
	for (enum appraisal_cause cause = CAUSE_NONE; cause < CAUSE_COUNT; cause++) {
		cr_assert_not_null(cause_word(cause));
		cr_assert_not_null(cause_text(cause));
	}
}
