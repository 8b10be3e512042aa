/* SPDX-License-Identifier: Apache-2.0 */
#include "judge/file_system.h"

#include <criterion/criterion.h>
#include <string.h>

static const char *type_of(const char *text, uint64_t *ret_id)
{
	static char line[256];

	strncpy(line, text, sizeof(line) - 1);
	return file_system_type(line, ret_id);
}

Test(file_system, has_its_type_behind_the_optional_fields)
{
	uint64_t id = 0;

	cr_expect_str_eq(type_of("36 35 98:0 /a /b rw,noatime master:1 - ext3 /dev/root rw\n", &id),
			 "ext3");
	cr_expect_eq(id, 36);
	cr_expect_str_eq(type_of("7 1 0:9 / /b rw - fuse.sshfs host:/ rw\n", &id), "fuse.sshfs");
	cr_expect_eq(id, 7);
}

/* Blanks in a path are escaped there, so that none of a target's making looks like the mark. */
Test(file_system, is_not_told_by_a_path)
{
	uint64_t id = 0;

	cr_expect_str_eq(type_of("8 1 0:9 / /a\\040-\\040proc rw - tmpfs none rw\n", &id), "tmpfs");
	cr_expect_null(type_of("", &id));
	cr_expect_null(type_of("garbage", &id));
}
