/* SPDX-License-Identifier: Apache-2.0 */
#include "integrity/measurements_text.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "integrity/measurement.h"

/* Return: the text of an entry, the caller's to free(3). */
static char *print(const struct measurement *measurement)
{
	_cleanup_free_ uint8_t *bytes = NULL;
	struct measured entry;
	char *text = NULL;
	size_t size = 0;

	cr_assert_eq(measurement_encode(measurement, &bytes, &entry), 0);
	FILE *file = open_memstream(&text, &size);

	cr_assert_not_null(file);
	cr_expect_eq(measurements_print(bytes, entry.size, file), entry.size);
	fclose(file);
	return text;
}

static const uint8_t digest[20] = { 0xab, [19] = 0x0c };

Test(measurements_text, is_what_the_kernel_shows)
{
	const struct measurement file = {
		.template = TEMPLATE_IMA_SIG,
		.algorithm = DIGEST_SHA1,
		.digest = digest,
		.path = "/usr/bin/x",
		.value = "\x03\x02\xff",
		.value_size = 3,
	};
	_cleanup_free_ char *text = print(&file);

	cr_expect_str_eq(text, "10 0000000000000000000000000000000000000000 ima-sig "
			       "sha1:ab0000000000000000000000000000000000000c /usr/bin/x 0302ff\n");
}

Test(measurements_text, keeps_the_place_of_a_signature_that_is_not_there)
{
	struct measurement file = {
		.template = TEMPLATE_IMA_SIG,
		.algorithm = DIGEST_SHA1,
		.digest = digest,
		.path = "/x",
	};
	_cleanup_free_ char *with = print(&file);

	file.template = TEMPLATE_IMA_NG;
	_cleanup_free_ char *without = print(&file);

	cr_expect(strstr(with, " /x \n"));
	cr_expect(strstr(without, " /x\n"));
}

Test(measurements_text, of_any_path_is_one_line)
{
	const struct measurement file = {
		.template = TEMPLATE_IMA_NG,
		.algorithm = DIGEST_SHA1,
		.digest = digest,
		.path = "/a\n10 00 ima-ng\\ \x1b[1m\x7f\xc3\xa4",
	};
	_cleanup_free_ char *text = print(&file);

	cr_expect(strstr(text, " /a\\01210_00_ima-ng\\134_\\033[1m\\177\xc3\xa4\n"), "%s", text);
}

Test(measurements_text, ends_before_what_is_no_entry)
{
	const struct measurement file = {
		.template = TEMPLATE_IMA_NG,
		.algorithm = DIGEST_SHA1,
		.digest = digest,
		.path = "/x",
	};
	_cleanup_free_ uint8_t *bytes = NULL;
	struct measured entry;
	_cleanup_file_ FILE *file_out = fopen("/dev/null", "we");

	cr_assert_eq(measurement_encode(&file, &bytes, &entry), 0);
	uint8_t two[1024];

	memcpy(two, bytes, entry.size);
	memcpy(two + entry.size, bytes, entry.size);
	cr_expect_eq(measurements_print(two, 2 * entry.size - 1, file_out), entry.size);
	two[entry.size + 28] = 'x'; /* a template of another name */
	cr_expect_eq(measurements_print(two, 2 * entry.size, file_out), entry.size);
}
