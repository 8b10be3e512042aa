/* SPDX-License-Identifier: Apache-2.0 */
#include "value_text.h"

#include <criterion/criterion.h>
#include <string.h>

static void expect_decoded(const char *text, const char *bytes, size_t length)
{
	char decoded[1024];
	size_t size = 0;

	cr_assert_null(value_text_decode(text, strlen(text), decoded, &size), "%s", text);
	cr_assert_eq(size, length, "%s", text);
	cr_expect_arr_eq(decoded, bytes, length, "%s", text);
}

static const char *fault_of(const char *text, size_t length)
{
	char decoded[1024];
	size_t size;

	return value_text_decode(text, length, decoded, &size);
}

static void expect_fault(const char *text, const char *word)
{
	const char *fault = fault_of(text, strlen(text));

	cr_assert_not_null(fault, "%s", text);
	cr_expect_not_null(strstr(fault, word), "%s: %s", text, fault);
}

Test(value_text, takes_text_as_it_is)
{
	expect_decoded("y", "y", 1);
	expect_decoded("", "", 0);
	expect_decoded("0", "0", 1);
	expect_decoded("1x00", "1x00", 4);
	expect_decoded("00x1", "00x1", 4);
	expect_decoded(" 0x00", " 0x00", 5);
	expect_decoded("\"y\"", "\"y\"", 3);
}

Test(value_text, reads_hexadecimal_digits)
{
	expect_decoded("0x", "", 0);
	expect_decoded("0x00", "\0", 1);
	expect_decoded("0X7fFf80", "\x7f\xff\x80", 3);
}

Test(value_text, refuses_what_is_no_hexadecimal)
{
	expect_fault("0x0", "hexadecimal");
	expect_fault("0xgg", "hexadecimal");
	expect_fault("0x0 ", "hexadecimal");
	expect_fault("0x00 00", "hexadecimal");
	expect_fault("0x:;", "hexadecimal");
	expect_fault("0x@G", "hexadecimal");
}

/* The test vectors of RFC 4648, section 10. */
Test(value_text, reads_base64)
{
	expect_decoded("0s", "", 0);
	expect_decoded("0sZg==", "f", 1);
	expect_decoded("0sZm8=", "fo", 2);
	expect_decoded("0sZm9v", "foo", 3);
	expect_decoded("0SZm9vYg==", "foob", 4);
	expect_decoded("0sZm9vYmE=", "fooba", 5);
	expect_decoded("0sZm9vYmFy", "foobar", 6);
	expect_decoded("0s+/+/", "\xfb\xff\xbf", 3);
}

Test(value_text, refuses_what_is_no_base64)
{
	expect_fault("0sZ", "base64");
	expect_fault("0sZg", "base64");
	expect_fault("0sZg=", "base64");
	expect_fault("0sZ===", "base64");
	expect_fault("0s====", "base64");
	expect_fault("0sZm9v=", "base64");
	expect_fault("0sZg==Zg==", "base64");
	expect_fault("0sZm 9", "base64");
	expect_fault("0s-_-_", "base64");
}

Test(value_text, refuses_bits_that_belong_to_no_byte)
{
	expect_fault("0sZh==", "base64");
	expect_fault("0sZm9=", "base64");
}

Test(value_text, refuses_values_of_more_than_256_bytes)
{
	char text[1024] = "0x";

	memset(text + 2, '0', 512);
	cr_expect_null(fault_of(text, 514));
	memset(text + 2, '0', 514);
	cr_expect_not_null(fault_of(text, 516));
	memset(text, 'a', 257);
	cr_expect_null(fault_of(text, 256));
	cr_expect_not_null(fault_of(text, 257));
}
