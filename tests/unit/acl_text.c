/* SPDX-License-Identifier: Apache-2.0 */
#include "acl_text.h"

#include <criterion/criterion.h>
#include <string.h>

static const uint8_t list[] = {
	2,  0, 0, 0, /* version */
	1,  0, 7, 0, 0xff, 0xff, 0xff, 0xff, /* */
	2,  0, 5, 0, 0xa1, 0x86, 1,    0, /* 100001 */
	4,  0, 4, 0, 0xff, 0xff, 0xff, 0xff, /* */
	8,  0, 2, 0, 0xfe, 0xff, 0xff, 0xff, /* the last id */
	16, 0, 7, 0, 0xff, 0xff, 0xff, 0xff, /* */
	32, 0, 0, 0, 0xff, 0xff, 0xff, 0xff,
};

static bool shift(void *place, uint32_t *id)
{
	*id -= *(uint32_t *)place;
	return true;
}

/* But for @place. */
static bool leave_out(void *place, uint32_t *id)
{
	return *id != *(uint32_t *)place;
}

Test(acl_text, names_each_entry)
{
	char text[ACL_TEXT_SIZE(sizeof(list))];
	uint32_t by = 0;

	cr_expect_eq(acl_text_write(list, sizeof(list), shift, &by, text), strlen(text));
	cr_expect_str_eq(text, "user::rwx,user:100001:r-x,group::r--,group:4294967294:-w-,"
			       "mask::rwx,other::---");
	by = 100000;
	acl_text_write(list, sizeof(list) - 32, shift, &by, text);
	cr_expect_str_eq(text, "user::rwx,user:1:r-x");
}

Test(acl_text, leaves_entries_out)
{
	char text[ACL_TEXT_SIZE(sizeof(list))];
	uint32_t id = 100001;

	acl_text_write(list, sizeof(list), leave_out, &id, text);
	cr_expect_str_eq(text, "user::rwx,group::r--,group:4294967294:-w-,mask::rwx,other::---");
	id = 4294967294;
	acl_text_write(list, sizeof(list) - 16, leave_out, &id, text);
	cr_expect_str_eq(text, "user::rwx,user:100001:r-x,group::r--");
}

Test(acl_text, takes_nothing_else)
{
	char text[ACL_TEXT_SIZE(sizeof(list))];
	uint8_t other[12];
	uint32_t by = 0;

	cr_expect_eq(acl_text_write(list, sizeof(list) - 1, shift, &by, text), 0);
	cr_expect_eq(acl_text_write(list, 4, shift, &by, text), 0);
	cr_expect_eq(acl_text_write("", 0, shift, &by, text), 0);
	memcpy(other, list, sizeof(other));
	other[0] = 3;
	cr_expect_eq(acl_text_write(other, sizeof(other), shift, &by, text), 0);
	memcpy(other, list, sizeof(other));
	other[4] = 3;
	cr_expect_eq(acl_text_write(other, sizeof(other), shift, &by, text), 0);
}
