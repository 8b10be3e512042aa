/* SPDX-License-Identifier: Apache-2.0 */
#include "name.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Splits a copy that ends where the name ends, so that a sanitizer sees a step beyond it. */
static struct name_parts split(const char *name)
{
	size_t length = strlen(name);
	char *copy = malloc(length > 0 ? length : 1);

	cr_assert_not_null(copy);
	memcpy(copy, name, length);
	struct name_parts parts = name_split(copy, length);

	free(copy);
	return parts;
}

static void expect_variant(const char *name, size_t base_length, uint32_t uid)
{
	struct name_parts parts = split(name);

	cr_expect_eq(parts.form, NAME_VARIANT, "%s", name);
	cr_expect_eq(parts.base_length, base_length, "%s", name);
	cr_expect_eq(parts.uid, uid, "%s", name);
}

Test(name, without_an_at_sign_is_plain)
{
	static const char *const names[] = { "security.ima", "security.", "uid=5", "" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct name_parts parts = split(names[i]);

		cr_expect_eq(parts.form, NAME_PLAIN, "%s", names[i]);
		cr_expect_eq(parts.base_length, strlen(names[i]), "%s", names[i]);
	}
}

Test(name, with_a_canonical_number_is_a_variant)
{
	expect_variant("security.ima@uid=0", 12, 0);
	expect_variant("security.ima@uid=7", 12, 7);
	expect_variant("security.ima@uid=100000", 12, 100000);
	expect_variant("security.ima@uid=4294967294", 12, 4294967294);
	expect_variant("security.ima@uid=4294967295", 12, 4294967295);
	expect_variant("a@uid=10", 1, 10);
	expect_variant("@uid=5", 0, 5);
}

Test(name, with_anything_else_behind_the_at_sign_is_malformed)
{
	static const char *const endings[] = {
		"@",
		"@@",
		"@u",
		"@uid",
		"@uid=",
		"@uid=x",
		"@uid=-1",
		"@uid=+1",
		"@uid= 1",
		"@uid=1 ",
		"@uid=1x",
		"@uid=0x1",
		"@uid=00",
		"@uid=01",
		"@uid=0100000",
		"@uid=1.0",
		"@UID=1",
		"@gid=1",
		"@uid:1",
		"@uid==1",
		"@ uid=1",
		"@uid=1@",
		"@uid=1@uid=1",
		"@@uid=1",
		"@x@uid=1",
		"@uid=1\n",
		"@uid=18446744073709551617",
		"@uid=99999999999999999999999999",
	};

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		char name[64] = "security.ima";

		strcat(name, endings[i]);
		struct name_parts parts = split(name);

		cr_expect_eq(parts.form, NAME_MALFORMED, "%s", name);
		cr_expect_eq(parts.base_length, 12, "%s", name);
	}
}

Test(name, looks_at_no_byte_behind_its_length)
{
	struct name_parts parts = name_split("security.ima@uid=100000", 12);

	cr_expect_eq(parts.form, NAME_PLAIN);
	parts = name_split("security.ima@uid=100000", 18);
	cr_expect_eq(parts.form, NAME_VARIANT);
	cr_expect_eq(parts.uid, 1);
	parts = name_split("security.ima@uid=100000", 17);
	cr_expect_eq(parts.form, NAME_MALFORMED);
}

static void expect_joined(const char *base, uint32_t uid, const char *expected)
{
	char name[NAME_SIZE];

	cr_assert_eq(name_join(base, strlen(base), uid, name), 0);
	cr_expect_str_eq(name, expected);
}

Test(name, is_joined_from_a_base_and_a_number)
{
	expect_joined("security.ima", 0, "security.ima@uid=0");
	expect_joined("security.ima", 9, "security.ima@uid=9");
	expect_joined("security.ima", 10, "security.ima@uid=10");
	expect_joined("security.ima", 100000, "security.ima@uid=100000");
	expect_joined("security.ima", 4294967294, "security.ima@uid=4294967294");
	expect_joined("security.ima", UINT32_MAX, "security.ima@uid=4294967295");
}

Test(name, is_joined_from_no_more_than_the_base)
{
	char name[NAME_SIZE];

	cr_assert_eq(name_join("security.ima@uid=5", 12, 100000, name), 0);
	cr_expect_str_eq(name, "security.ima@uid=100000");
}

Test(name, comes_apart_into_what_it_was_joined_from)
{
	static const uint32_t uids[] = { 0,	    1,		99,	    100000,
					 999999999, 1000000000, 4294967294, 4294967295 };

	for (size_t i = 0; i < sizeof(uids) / sizeof(uids[0]); i++) {
		char name[NAME_SIZE];

		cr_assert_eq(name_join("trusted.gfid", 12, uids[i], name), 0);
		expect_variant(name, 12, uids[i]);
	}
}

/* "@uid=100000" has eleven bytes, a name at most 255. */
Test(name, may_be_as_long_as_the_kernel_allows)
{
	char base[XATTR_NAME_MAX + 1], name[NAME_SIZE] = "before";

	memset(base, 'b', sizeof(base));
	cr_expect_eq(name_join(base, 245, 100000, name), -ERANGE);
	cr_expect_str_eq(name, "before", "the name was touched on failure");
	cr_expect_eq(name_join(base, XATTR_NAME_MAX, 0, name), -ERANGE);
	cr_expect_eq(name_join(base, 244, 100000, name), 0);
	cr_expect_eq(strlen(name), XATTR_NAME_MAX);
	cr_expect_str_eq(name + 244, "@uid=100000");
}

static void expect_stored(bool in_user, const char *base, uint32_t root, const char *expected)
{
	char name[NAME_SIZE];

	cr_assert_eq(name_stored(in_user, base, strlen(base), root, name), 0);
	cr_expect_str_eq(name, expected);
}

Test(name, is_stored_in_its_class_or_below_user)
{
	expect_stored(false, "security.ima", 100000, "security.ima@uid=100000");
	expect_stored(true, "security.ima", 100000, "user.nsxattr.security.ima@uid=100000");
	expect_stored(true, "trusted.gfid", 4294967294, "user.nsxattr.trusted.gfid@uid=4294967294");
}

/* "user.nsxattr." has thirteen bytes more. */
Test(name, may_be_as_long_below_user_as_in_its_class)
{
	char base[XATTR_NAME_MAX + 1], name[NAME_SIZE] = "before";

	memset(base, 'b', sizeof(base));
	cr_expect_eq(name_stored(false, base, 245, 100000, name), -ERANGE);
	cr_expect_eq(name_stored(true, base, 232, 100000, name), -ERANGE);
	cr_expect_eq(name_stored(true, base, 242, 0, name), -ERANGE);
	cr_expect_eq(name_stored(true, base, 243, 0, name), -ERANGE);
	cr_expect_eq(name_stored(true, base, XATTR_NAME_MAX, 0, name), -ERANGE);
	cr_expect_str_eq(name, "before", "the name was touched on failure");
	cr_expect_eq(name_stored(true, base, 231, 100000, name), 0);
	cr_expect_eq(strlen(name), XATTR_NAME_MAX);
	cr_expect_eq(name_stored(false, base, 244, 100000, name), 0);
	cr_expect_eq(strlen(name), XATTR_NAME_MAX);
}

Test(name, is_in_the_user_store_by_its_prefix)
{
	cr_expect_eq(name_in_user_store("user.nsxattr.security.ima@uid=5", 31), 13);
	cr_expect_eq(name_in_user_store("user.nsxattr.", 13), 13);
	cr_expect_eq(name_in_user_store("user.nsxattr", 12), 0);
	cr_expect_eq(name_in_user_store("user.nsxattr.x", 12), 0);
	cr_expect_eq(name_in_user_store("user.nsxattrs.x", 15), 0);
	cr_expect_eq(name_in_user_store("security.user.nsxattr.x", 23), 0);
}

Test(name, has_a_prefix_only_if_it_is_long_enough)
{
	cr_expect(name_has_prefix("security.ima", 12, "security."));
	cr_expect(name_has_prefix("security.", 9, "security."));
	cr_expect_not(name_has_prefix("security.ima", 8, "security."));
	cr_expect_not(name_has_prefix("Security.ima", 12, "security."));
}

Test(name, is_trusted_by_its_prefix)
{
	cr_expect(name_is_trusted("trusted.gfid", 12));
	cr_expect(name_is_trusted("trusted.gfid@uid=5", 18));
	cr_expect(name_is_trusted("trusted.", 8));
	cr_expect_not(name_is_trusted("trusted", 7));
	cr_expect_not(name_is_trusted("trustedx.gfid", 13));
	cr_expect_not(name_is_trusted("security.trusted.", 17));
}

Test(name, is_a_class_when_nothing_follows_the_prefix)
{
	cr_expect(name_is_class("security.", 9));
	cr_expect(name_is_class("trusted.", 8));
	cr_expect(name_is_class("security.@uid=5", 9));
	cr_expect_not(name_is_class("security", 8));
	cr_expect_not(name_is_class("security.a", 10));
	cr_expect_not(name_is_class("trusted.a", 9));
	cr_expect_not(name_is_class("user.", 5));
	cr_expect_not(name_is_class("", 0));
}
