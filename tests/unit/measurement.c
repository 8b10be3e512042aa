/* SPDX-License-Identifier: Apache-2.0 */
#include "integrity/measurement.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <linux/limits.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t digest[32] = { 0xd1, 0x9e, [31] = 0x57 };
static const uint8_t signature[] = { 3, 2, 4, 0xaa, 0xbb, 0xcc, 0xdd, 0, 1, 0x77 };

static struct measurement measured_file(enum integrity_template template)
{
	return (struct measurement){
		.template = template,
		.algorithm = DIGEST_SHA256,
		.digest = digest,
		.path = "/bin/x",
		.value = signature,
		.value_size = sizeof(signature),
	};
}

static uint8_t *made[4];
static size_t made_count;

/* Return: the entry; it is freed at the end of the test. */
static uint8_t *encode(const struct measurement *measurement, struct measured *entry)
{
	uint8_t **bytes = &made[made_count++];

	cr_assert_eq(measurement_encode(measurement, bytes, entry), 0);
	return *bytes;
}

static void free_entries(void)
{
	while (made_count > 0)
		free(made[--made_count]);
}

TestSuite(measurement, .fini = free_entries);

static struct measured_fields split(const struct measured *entry)
{
	struct measured_fields fields = { 0 };

	cr_assert(measured_split(entry, &fields));
	return fields;
}

Test(measurement, is_what_the_kernel_writes)
{
	static const uint8_t expected[] =
		"\x0a\0\0\0"
		"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
		"\x07\0\0\0ima-sig"
		"\x45\0\0\0"
		"\x28\0\0\0sha256:\0"
		"\xd1\x9e\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x57"
		"\x07\0\0\0/bin/x\0"
		"\x0a\0\0\0\x03\x02\x04\xaa\xbb\xcc\xdd\0\x01\x77";
	struct measurement file = measured_file(TEMPLATE_IMA_SIG);
	struct measured entry;
	uint8_t *bytes = encode(&file, &entry);

	cr_assert_eq(entry.size, sizeof(expected) - 1);
	cr_expect_arr_eq(bytes, expected, sizeof(expected) - 1);
	cr_expect_eq(entry.pcr, 10);
	cr_expect_eq(measurement_digest(bytes), entry.digest);
}

Test(measurement, has_no_signature_with_ima_ng)
{
	struct measurement file = measured_file(TEMPLATE_IMA_NG);
	struct measured entry;
	(void)encode(&file, &entry);
	struct measured_fields fields = split(&entry);

	cr_expect_arr_eq(entry.template, "ima-ng", 6);
	cr_expect_eq(fields.signature_size, 0);
	cr_expect_not(fields.has_signature_field);
}

Test(measurement, has_a_value_that_is_a_signature_only)
{
	static const uint8_t hash[33] = { 4, 4 };
	struct measurement file = measured_file(TEMPLATE_IMA_SIG);
	struct measured entry;

	file.value = hash;
	file.value_size = sizeof(hash);
	(void)encode(&file, &entry);
	struct measured_fields fields = split(&entry);

	cr_expect_eq(fields.signature_size, 0);
	cr_expect(fields.has_signature_field);
}

Test(measurement, of_a_violation_is_a_path_and_zeros)
{
	struct measurement file = measured_file(TEMPLATE_IMA_SIG);
	struct measured entry;

	file.is_violation = true;
	file.digest = NULL;
	(void)encode(&file, &entry);
	struct measured_fields fields = split(&entry);

	cr_expect_eq(fields.digest_size, 32);
	for (size_t i = 0; i < fields.digest_size; i++)
		cr_expect_eq(fields.digest[i], 0);
	cr_expect_eq(fields.signature_size, 0);
	cr_expect(measured_is_violation(&entry));
}

Test(measurement, has_an_underscore_for_a_space)
{
	struct measurement file = measured_file(TEMPLATE_IMA_NG);
	struct measured entry;

	file.path = "/a b\n c (deleted)";
	(void)encode(&file, &entry);

	cr_expect_str_eq(split(&entry).path, "/a_b\n_c_(deleted)");
}

Test(measurement, of_a_path_that_is_too_long_has_its_last_component)
{
	char path[PATH_MAX + 100];
	struct measurement file = measured_file(TEMPLATE_IMA_NG);
	struct measured entry;

	for (size_t i = 0; i < sizeof(path); i++)
		path[i] = i % 200 ? 'x' : '/';
	memcpy(path + sizeof(path) - 5, "/end", 5);
	file.path = path;
	(void)encode(&file, &entry);

	cr_expect_str_eq(split(&entry).path, "end");
	path[PATH_MAX - 1] = '\0';
	(void)encode(&file, &entry);

	cr_expect_eq(split(&entry).path_length, PATH_MAX - 1, "this one is not too long");
	memset(path, 'x', sizeof(path) - 1);
	(void)encode(&file, &entry);

	cr_expect_eq(split(&entry).path_length, PATH_MAX - 1, "it has no component");
}

Test(measurement, with_a_value_longer_than_values_are_is_refused)
{
	struct measurement file = measured_file(TEMPLATE_IMA_SIG);
	uint8_t *bytes = NULL;
	struct measured entry;

	file.value_size = XATTR_SIZE_MAX + 1;
	cr_expect_eq(measurement_encode(&file, &bytes, &entry), -E2BIG);
	cr_expect_null(bytes);
}

Test(measurement, that_is_cut_anywhere_is_none)
{
	struct measurement file = measured_file(TEMPLATE_IMA_SIG);
	struct measured entry, read;
	struct measured_fields fields;
	uint8_t *bytes = encode(&file, &entry);

	for (size_t size = 0; size < entry.size; size++)
		cr_expect_not(measurement_parse(bytes, size, &read), "of %zu bytes", size);
	cr_assert(measurement_parse(bytes, entry.size, &read));
	for (size_t size = 0; size < read.data_size; size++) {
		struct measured cut = read;

		cut.data_size = size;
		cr_expect_not(measured_split(&cut, &fields), "of %zu bytes", size);
	}
}

Test(measurement, with_lengths_that_lead_out_of_it_is_none)
{
	struct measurement file = measured_file(TEMPLATE_IMA_SIG);
	struct measured entry;
	struct measured_fields fields;
	uint8_t *bytes = encode(&file, &entry);
	/* of the template's name, of the data, and of three fields */
	const size_t lengths[] = { 24, 35, 39, 83, 94 };

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		uint8_t *length = bytes + lengths[i], right = *length;

		for (int j = 0; j < 4; j++) {
			length[j] ^= 0x80;
			cr_expect_not(measurement_parse(bytes, entry.size, &entry) &&
					      measured_split(&entry, &fields),
				      "the length at %zu", lengths[i]);
			length[j] ^= 0x80;
		}
		cr_assert_eq(*length, right);
	}
}
