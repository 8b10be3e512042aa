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

/* ---- stored names ---- */

/* In a copy that ends where the name ends. */
static bool split_stored(enum store store, const char *name, struct stored_name *ret_stored,
			 size_t *ret_base_at)
{
	size_t length = strlen(name);
	char *copy = malloc(length > 0 ? length : 1);

	cr_assert_not_null(copy);
	memcpy(copy, name, length);
	bool is_stored = name_split_stored(store, copy, length, ret_stored);

	*ret_base_at = is_stored ? (size_t)(ret_stored->base - copy) : 0;
	free(copy);
	return is_stored;
}

static void expect_stored(enum store store, const char *base, uint32_t number, const char *expected)
{
	struct stored_name stored;
	char name[NAME_SIZE];
	size_t base_at;

	cr_assert_eq(name_join_stored(store, base, strlen(base), number, name), 0);
	cr_expect_str_eq(name, expected);
	cr_assert(split_stored(store, name, &stored, &base_at), "%s", name);
	cr_expect_eq(stored.number, number);
	cr_expect_eq(stored.base_length, strlen(base));
	cr_expect_arr_eq(name + base_at, base, strlen(base));
}

static void expect_not_stored(enum store store, const char *name)
{
	struct stored_name stored;
	size_t base_at;

	cr_expect_not(split_stored(store, name, &stored, &base_at), "%s", name);
}

Test(name, of_a_value_has_the_form_of_its_store)
{
	expect_stored(STORE_SECURITY, "security.ima", 100000, "security.ima@uid=100000");
	expect_stored(STORE_SECURITY, "trusted.gfid", 1, "trusted.gfid@uid=1");
	expect_stored(STORE_USER, "security.ima", 100000, "user.nsxattr.100000.security.ima");
	expect_stored(STORE_USER, "trusted.gfid", 4294967294,
		      "user.nsxattr.4294967294.trusted.gfid");
	expect_stored(STORE_TRUSTED, "security.ima", 7, "trusted.nsxattr.7.security.ima");
	expect_stored(STORE_TRUSTED, "trusted.a.b", 100000, "trusted.nsxattr.100000.trusted.a.b");
	expect_stored(STORE_USER, "security.5.x", 6, "user.nsxattr.6.security.5.x");
	expect_stored(STORE_SECURITY, "security.a", 0, "security.a@uid=0");
	expect_stored(STORE_USER, "security.a", 0, "user.nsxattr.0.security.a");
	expect_stored(STORE_USER, "security..", 6, "user.nsxattr.6.security..");
}

/* archive/tar of Go takes no key with an '=' in it. */
Test(name, of_a_value_in_user_has_no_equals_sign_of_ours)
{
	char name[NAME_SIZE];

	cr_assert_eq(name_join_stored(STORE_USER, "security.ima", 12, 100000, name), 0);
	cr_expect_null(strchr(name, '='));
}

Test(name, of_another_form_is_no_value_s)
{
	static const char *const names[] = {
		"",
		"security.ima",
		"security.ima@",
		"security.ima@uid=05",
		"security.ima@uid=5@uid=5",
		"security.@uid=5",
		"trusted.@uid=5",
		"user.a@uid=5",
		"system.posix_acl_access@uid=5",
		"trusted.nsxattr.5.security.a@uid=6",
		"trusted.nsxattr.a@uid=6",
		"user.nsxattr.security.a@uid=5",
		"user.nsxattr.",
		"user.nsxattr.@",
		"user.nsxattr.5",
		"user.nsxattr.5.",
		"user.nsxattr..security.a",
		"user.nsxattr.x.security.a",
		"user.nsxattr.05.security.a",
		"user.nsxattr.+5.security.a",
		"user.nsxattr. 5.security.a",
		"user.nsxattr.4294967296.security.a",
		"user.nsxattr.5.security.",
		"user.nsxattr.5.trusted.",
		"user.nsxattr.5.security",
		"user.nsxattr.5.user.a",
		"user.nsxattr.5.system.a",
		"user.nsxattr.5.security.a@",
		"user.nsxattr.5.security.a@uid=5",
		"user.nsxattr.5.trusted.nsxattr.5.security.a",
		"user.nsxattr5.security.a",
		"trusted.nsxattr.5.user.a",
		"trusted.nsxattr.5.trusted.nsxattr.6.security.a",
	};

	for (enum store store = 0; store < STORE_COUNT; store++)
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			expect_not_stored(store, names[i]);
}

Test(name, of_a_value_is_known_in_its_store_only)
{
	expect_not_stored(STORE_USER, "security.a@uid=5");
	expect_not_stored(STORE_TRUSTED, "security.a@uid=5");
	expect_not_stored(STORE_SECURITY, "user.nsxattr.5.security.a");
	expect_not_stored(STORE_TRUSTED, "user.nsxattr.5.security.a");
	expect_not_stored(STORE_SECURITY, "trusted.nsxattr.5.security.a");
	expect_not_stored(STORE_USER, "trusted.nsxattr.5.security.a");
}

static void expect_no_place(const char *base, uint32_t number, int error)
{
	for (enum store store = 0; store < STORE_COUNT; store++) {
		char name[NAME_SIZE] = "before";

		cr_expect_eq(name_join_stored(store, base, strlen(base), number, name), error);
		cr_expect_str_eq(name, "before", "the name was touched on failure");
	}
}

Test(name, of_another_class_is_not_stored)
{
	expect_no_place("security.", 5, -EINVAL);
	expect_no_place("trusted.", 5, -EINVAL);
	expect_no_place("user.a", 5, -EINVAL);
	expect_no_place("", 5, -EINVAL);
	expect_no_place("security.a@", 5, -EINVAL);
	expect_no_place("trusted.nsxattr.5.security.a", 5, -EINVAL);
}

static void expect_longest(enum store store, size_t longest)
{
	char base[XATTR_NAME_MAX + 1], name[NAME_SIZE] = "before";

	memset(base, 'b', sizeof(base));
	memcpy(base, "security.", 9);
	for (size_t length = longest + 1; length <= XATTR_NAME_MAX; length++)
		cr_expect_eq(name_join_stored(store, base, length, 100000, name), -ERANGE);
	cr_expect_str_eq(name, "before", "the name was touched on failure");
	cr_expect_eq(name_join_stored(store, base, longest, 100000, name), 0);
	cr_expect_eq(strlen(name), XATTR_NAME_MAX);
}

Test(name, may_be_as_long_as_its_store_allows)
{
	expect_longest(STORE_SECURITY, XATTR_NAME_MAX - strlen("@uid=100000"));
	expect_longest(STORE_USER, XATTR_NAME_MAX - strlen("user.nsxattr.100000."));
	expect_longest(STORE_TRUSTED, XATTR_NAME_MAX - strlen("trusted.nsxattr.100000."));
}

Test(name, is_below_a_store_by_its_prefix)
{
	cr_expect(name_is_below_store(STORE_USER, "user.nsxattr.5.security.ima", 27));
	cr_expect(name_is_below_store(STORE_USER, "user.nsxattr.", 13));
	cr_expect_not(name_is_below_store(STORE_USER, "user.nsxattr", 12));
	cr_expect_not(name_is_below_store(STORE_USER, "user.nsxattr.x", 12));
	cr_expect_not(name_is_below_store(STORE_USER, "user.nsxattrs.x", 15));
	cr_expect_not(name_is_below_store(STORE_USER, "trusted.nsxattr.x", 17));
	cr_expect(name_is_below_store(STORE_TRUSTED, "trusted.nsxattr.x", 17));
	cr_expect_not(name_is_below_store(STORE_TRUSTED, "user.nsxattr.x", 14));
	cr_expect_not(name_is_below_store(STORE_SECURITY, "security.ima@uid=5", 18));
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
