/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/filter_text.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

/* Instructions of these bytes, eight each; what base64(1) makes of them. */
static void gives(const char *bytes, unsigned short count, const char *expected)
{
	struct sock_filter instructions[3];
	struct sock_fprog program = { count, instructions };

	cr_assert_leq(count, 3);
	memcpy(instructions, bytes, count * sizeof(instructions[0]));
	char *text = filter_text_new(&program);

	cr_expect_str_eq(text, expected);
	free(text);
}

Test(filter_text, is_base64)
{
	gives("", 0, "");
	gives("abcdefgh", 1, "YWJjZGVmZ2g=");
	gives("abcdefghijklmnop", 2, "YWJjZGVmZ2hpamtsbW5vcA==");
	gives("\0\0\0\0\xff\xff\xff\xff>?>?>?>?\x01\x02\x03\x04\x05\x06\x07\x08", 3,
	      "AAAAAP////8+Pz4/Pj8+PwECAwQFBgcI");
}
