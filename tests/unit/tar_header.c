/* SPDX-License-Identifier: Apache-2.0 */
#include "tar_header.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static char block[TAR_BLOCK], path[TAR_PATH_SIZE], type;
static uint64_t size;

static const struct tar_member file = {
	.path = "./a/file",
	.type = TAR_FILE,
	.mode = 04755,
	.uid = 100000,
	.gid = 3000000,
	.size = 1234,
	.time = 1700000000,
};

static enum tar_header_kind read_block(void)
{
	memset(path, 0, sizeof(path));
	type = 0;
	size = 99;
	return tar_header_read(block, path, &type, &size);
}

/* The sum of a header that was changed by hand. */
static void sum_up(void)
{
	unsigned int sum = 0;

	memset(block + 148, ' ', 8);
	for (size_t i = 0; i < TAR_BLOCK; i++)
		sum += (unsigned char)block[i];
	for (int i = 5; i >= 0; i--, sum /= 8)
		block[148 + i] = (char)('0' + sum % 8);
	block[154] = '\0';
}

Test(tar_header, is_read_as_written)
{
	tar_header_write(&file, block);
	cr_expect_eq(read_block(), TAR_IS_MEMBER);
	cr_expect_str_eq(path, "./a/file");
	cr_expect_eq(type, TAR_FILE);
	cr_expect_eq(size, 1234);
	cr_expect_str_eq(block + 100, "0004755");
	cr_expect_str_eq(block + 108, "0303240");
}

Test(tar_header, ends_with_zeros)
{
	memset(block, 0, sizeof(block));
	cr_expect_eq(read_block(), TAR_IS_END);
}

Test(tar_header, is_none_when_it_is_damaged)
{
	tar_header_write(&file, block);
	block[0] ^= 1;
	cr_expect_eq(read_block(), TAR_IS_NONE);
	memset(block, 'a', sizeof(block));
	cr_expect_eq(read_block(), TAR_IS_NONE);
	tar_header_write(&file, block);
	memcpy(block + 124, "9", 1);
	sum_up();
	cr_expect_eq(read_block(), TAR_IS_NONE);
}

Test(tar_header, knows_prefixes_and_large_sizes)
{
	tar_header_write(&file, block);
	strcpy(block + 345, "prefix");
	memcpy(block + 124, "\x80\0\0\0\0\0\0\4\0\0\0\1", 12);
	sum_up();
	cr_expect_eq(read_block(), TAR_IS_MEMBER);
	cr_expect_str_eq(path, "prefix/./a/file");
	cr_expect_eq(size, UINT64_C(0x400000001));
	memcpy(block + 124, "\x80\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 12);
	sum_up();
	cr_expect_eq(read_block(), TAR_IS_NONE);
}

static void expect_record(const struct tar_records *records, size_t *at, const char *key,
			  const char *value, size_t length)
{
	struct tar_record record;

	cr_assert_eq(tar_record_next(records->bytes, records->length, at, &record), 1);
	cr_expect(tar_record_is(&record, key), "%.*s", (int)record.key_length, record.key);
	cr_expect_eq(record.length, length);
	cr_expect(record.length == length && memcmp(record.value, value, length) == 0);
}

Test(tar_header, has_records_of_any_length)
{
	static char value[1100];
	struct tar_records records = { 0 };
	size_t at = 0;

	memset(value, '\n', sizeof(value));
	for (size_t length = 0; length < sizeof(value); length++)
		cr_assert_eq(tar_records_add(&records, "k", value, length), 0);
	for (size_t length = 0; length < sizeof(value); length++)
		expect_record(&records, &at, "k", value, length);
	cr_expect_eq(at, records.length);
	free(records.bytes);
}

Test(tar_header, has_records_up_to_a_bound)
{
	static char value[TAR_RECORDS_MAX - 12];
	struct tar_records records = { 0 };

	memset(value, 'v', sizeof(value));
	cr_expect_eq(tar_records_add(&records, "key", value, sizeof(value)), -E2BIG);
	cr_assert_eq(tar_records_add(&records, "key", value, sizeof(value) - 1), 0);
	cr_expect_eq(records.length, TAR_RECORDS_MAX);
	cr_expect_eq(tar_records_add(&records, "k", value, 0), -E2BIG);
	cr_expect_eq(records.length, TAR_RECORDS_MAX);
	free(records.bytes);
}

Test(tar_header, has_records_for_what_does_not_fit)
{
	char far[200];
	struct tar_records records = { 0 };
	struct tar_member member = file;
	size_t at = 0;

	cr_assert_eq(tar_records_add_member(&records, &member), 0);
	expect_record(&records, &at, "gid", "3000000", 7);
	cr_expect_eq(at, records.length);
	memset(far, 'x', sizeof(far) - 1);
	far[sizeof(far) - 1] = '\0';
	member.path = far;
	member.link = far;
	member.size = UINT64_C(1) << 40;
	cr_assert_eq(tar_records_add_member(&records, &member), 0);
	expect_record(&records, &at, "path", far, sizeof(far) - 1);
	expect_record(&records, &at, "linkpath", far, sizeof(far) - 1);
	expect_record(&records, &at, "gid", "3000000", 7);
	expect_record(&records, &at, "size", "1099511627776", 13);
	free(records.bytes);
}

Test(tar_header, has_attributes_by_names_that_tools_read)
{
	struct tar_records records = { 0 };
	struct tar_record record;
	char name[256];
	size_t at = 0;

	cr_assert_eq(tar_records_add_attribute(&records, "security.a@uid=5%", "v\0w", 3), 0);
	cr_expect_arr_eq(records.bytes, "42 SCHILY.xattr.security.a@uid%3D5%25=v\0w\n", 42);
	cr_assert_eq(tar_record_next(records.bytes, records.length, &at, &record), 1);
	cr_expect(tar_record_attribute(&record, name));
	cr_expect_str_eq(name, "security.a@uid=5%");
	free(records.bytes);
}

static bool read_number(const char *value, uint64_t *number)
{
	const struct tar_record record = { "size", 4, value, strlen(value) };

	return tar_record_number(&record, number);
}

Test(tar_header, has_numbers_of_digits_alone)
{
	static const char *const wrong[] = { "",   " 5",  "+5", "-5",
					     "5 ", "0x5", "5.", "18446744073709551616" };
	uint64_t number = 0;

	cr_expect(read_number("18446744073709551615", &number));
	cr_expect_eq(number, UINT64_MAX);
	cr_expect(read_number("007", &number));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		cr_expect_not(read_number(wrong[i], &number), "%s", wrong[i]);
	cr_expect_eq(number, 7);
}

Test(tar_header, takes_no_other_records)
{
	static const char *const wrong[] = { "5 a=b\n", "7 a=b\n", "x a=b\n",
					     "6 ab\n",	"6 a=bc",  "99999999999999999999 a=b\n",
					     "0 a=b\n", "6a=b\n\n" };
	struct tar_record record;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		size_t at = 0;

		cr_expect_eq(tar_record_next(wrong[i], strlen(wrong[i]), &at, &record), -EINVAL,
			     "%s", wrong[i]);
	}
}
