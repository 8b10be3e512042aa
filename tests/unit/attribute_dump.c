/* SPDX-License-Identifier: Apache-2.0 */
#include "attribute_dump.h"

#include <criterion/criterion.h>
#include <string.h>

static struct dump_line found;
static char line[512];

static enum dump_line_kind read_line(const char *text)
{
	memset(&found, 0, sizeof(found));
	strcpy(line, text);
	return attribute_dump_read(line, strlen(line), &found);
}

static void expect_value(const char *text, const char *name, const char *value, size_t length)
{
	cr_assert_eq(read_line(text), DUMP_VALUE, "%s", text);
	cr_expect_str_eq(found.name, name);
	cr_expect_eq(found.length, length, "%s has %zu bytes", text, found.length);
	cr_expect(found.length == length && memcmp(found.value, value, length) == 0, "%s", text);
}

Test(attribute_dump, knows_files)
{
	cr_expect_eq(read_line("# file: a/b c"), DUMP_FILE);
	cr_expect_str_eq(found.name, "a/b c");
	cr_expect_eq(read_line("# file: \\012\\134\\303\\274=\\0"), DUMP_FILE);
	cr_expect_str_eq(found.name, "\n\\\xc3\xbc=\\0");
	cr_expect_eq(read_line("# file: "), DUMP_MISTAKE);
	cr_expect_eq(read_line("# file: a\\000b"), DUMP_MISTAKE);
}

Test(attribute_dump, knows_values_in_each_encoding)
{
	expect_value("security.a=\"v\\\"\\\\\\012\\0\"", "security.a", "v\"\\\n\\0", 6);
	expect_value("security.a\\075b=0x00fF10", "security.a=b", "\0\xff\x10", 3);
	expect_value("security.a=0sAAECAwQ=", "security.a", "\0\1\2\3\4", 5);
	expect_value("security.a=0SAAEC", "security.a", "\0\1\2", 3);
	expect_value("security.a=0sAAECAw", "security.a", "\0\1\2\3", 4);
	expect_value("security.a=\"\"", "security.a", "", 0);
	expect_value("security.a=", "security.a", "", 0);
	expect_value("security.a=v=w", "security.a", "v=w", 3);
	expect_value("security.a=\"x\\000y\"", "security.a", "x\0y", 3);
}

Test(attribute_dump, passes_over_comments)
{
	cr_expect_eq(read_line(""), DUMP_NOTHING);
	cr_expect_eq(read_line("# owner: root"), DUMP_NOTHING);
	cr_expect_eq(read_line("#"), DUMP_NOTHING);
}

Test(attribute_dump, takes_nothing_else)
{
	static const char *const wrong[] = { "security.a",	   "=v",
					     "security.a=0x0",	   "security.a=0xg0",
					     "security.a=0sA",	   "security.a=0sAA=",
					     "security.a=0sAA=A",  "security.a=0sA-==",
					     "security.a=\"v",	   "security.a\\000=v",
					     "security.a=0sAAEC=", "security.a=\"" };

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		cr_expect_eq(read_line(wrong[i]), DUMP_MISTAKE, "%s", wrong[i]);
}

Test(attribute_dump, writes_what_it_reads)
{
	char text[512], value[40];

	for (size_t length = 0; length < sizeof(value); length++)
		for (int first = ' '; first < 256; first += 13) {
			for (size_t i = 0; i < length; i++)
				value[i] = (char)(first + (int)i);
			strcpy(text, "security.a=");
			attribute_dump_write_value(value, length, text + strlen(text));
			expect_value(text, "security.a", value, length);
		}
}

Test(attribute_dump, writes_as_getfattr)
{
	char text[ATTRIBUTE_DUMP_NAME_SIZE(32)];

	cr_expect_eq(attribute_dump_write_name("a\n\\=\r\xfc", 6, text), 18);
	cr_expect_str_eq(text, "a\\012\\134\\075\\015\xfc");
	attribute_dump_write_value("say \"\\\"", 7, text);
	cr_expect_str_eq(text, "\"say \\\"\\\\\\\"\"");
	attribute_dump_write_value("\0\1\2\3", 4, text);
	cr_expect_str_eq(text, "0sAAECAw==");
}
