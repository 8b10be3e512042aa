/* SPDX-License-Identifier: Apache-2.0 */
#include "view.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu_time.h"
#include "naming.h"
#include "policy.h"
#include "simulated.h"

static struct user_namespace host;
static struct user_namespace container; /* below the host */
static struct user_namespace nested; /* below container, whose root it knows as 1 */
static struct user_namespace deep; /* below nested */

static void set_up(void)
{
	host = simulated_host();
	container = simulated_userns(&host, "0 100000 65536\n");
	nested = simulated_userns(&container, "0 100010 1\n1 100000 1\n2 100020 100\n");
	deep = simulated_userns(&nested, "0 100025 10\n");
}

TestSuite(view, .init = set_up);

/* The other half of the rule, and not by the literals of a test: what is listed can be got. */
static void expect_gettable(const struct policy *policy, const struct subject *subject,
			    const struct simulated_inode *inode, const char *view, size_t length)
{
	for (size_t at = 0; at < length; at += strlen(view + at) + 1)
		cr_expect_geq(simulated_get(policy, subject, inode, view + at), 0,
			      "%s is listed, but cannot be got", view + at);
}

static char *bytes_new(size_t length)
{
	char *bytes = malloc(length > 0 ? length : 1);

	cr_assert_not_null(bytes);
	return bytes;
}

/* Works on copies that end where the lists end, so that a sanitizer sees a step beyond them. */
static void expect_view_of(const struct policy *policy, const struct subject *subject,
			   struct simulated_inode inode, struct simulated_inode expected)
{
	char *stored = bytes_new(inode.length), *view = bytes_new(VIEW_SIZE(inode.length));
	uint32_t *index = (void *)bytes_new(NAME_LIST_COUNT_MAX(inode.length) * sizeof(*index));

	memcpy(stored, inode.names, inode.length);
	size_t length = view_list(policy, subject, stored, inode.length, index, view);

	cr_expect_eq(length, expected.length, "%zu bytes instead of %zu", length, expected.length);
	cr_expect(length == expected.length && memcmp(view, expected.names, length) == 0,
		  "it begins with %s instead of %s", length > 0 ? view : "nothing",
		  expected.length > 0 ? expected.names : "nothing");
	expect_gettable(policy, subject, &inode, view, length);
	free(stored);
	free(index);
	free(view);
}

static void expect_view_with(const struct user_namespace *userns, uint64_t capabilities,
			     struct simulated_inode inode, struct simulated_inode expected)
{
	struct subject subject = { .userns = userns, .capabilities = capabilities };

	expect_view_of(policy_builtin("default"), &subject, inode, expected);
}

#define expect_view(userns, stored, expected)                                 \
	expect_view_with((userns), EVERY_CAPABILITY, SIMULATED_INODE(stored), \
			 SIMULATED_INODE(expected))

Test(view, of_nothing_is_nothing)
{
	expect_view(&container, "", "");
}

Test(view, shows_the_own_variant_under_its_plain_name)
{
	expect_view(&container, "security.ima@uid=100000\0", "security.ima\0");
	expect_view(&container, "trusted.gfid@uid=100000\0", "trusted.gfid\0");
	expect_view(&deep, "security.ima@uid=100025\0", "security.ima\0");
}

Test(view, shows_mapped_variants_in_the_numbers_of_the_namespace)
{
	expect_view(&container, "security.ima@uid=100010\0security.ima@uid=165535\0",
		    "security.ima@uid=10\0security.ima@uid=65535\0");
	expect_view(&container, "trusted.gfid@uid=100010\0", "trusted.gfid@uid=10\0");
}

Test(view, drops_variants_of_others)
{
	expect_view(&container,
		    "security.ima@uid=99999\0security.ima@uid=165536\0security.ima@uid=5\0"
		    "trusted.gfid@uid=200000\0security.ima@uid=4294967295\0",
		    "");
	expect_view(&deep, "security.NTACL@uid=100024\0security.NTACL@uid=100035\0", "");
}

/* What the host calls B@uid=0 has no name in a namespace: B@uid=0 there is the namespace's own B. */
Test(view, drops_the_variant_of_uid_0)
{
	struct user_namespace inverted = simulated_userns(&host, "0 100000 10\n10 0 1\n");

	expect_view(&container, "security.ima@uid=0\0", "");
	expect_view(&inverted, "security.ima@uid=0\0", "");
}

Test(view, drops_malformed_variants)
{
	expect_view(&container,
		    "security.ima@\0security.ima@uid=\0security.ima@uid=0100000\0"
		    "security.ima@uid=100000x\0security.ima@gid=100000\0security.ima@@uid=100000\0"
		    "security.ima@uid=100000@uid=100000\0trusted.gfid@x\0",
		    "");
}

Test(view, shows_what_the_host_lets_inherit)
{
	expect_view(&container, "security.selinux\0", "security.selinux\0");
	expect_view(&deep, "security.selinux\0", "security.selinux\0");
}

Test(view, shows_no_trusted_name_of_the_host)
{
	expect_view(&container, "trusted.overlay.opaque\0trusted.gfid\0", "");
}

Test(view, shows_an_inherited_name_once)
{
	expect_view(&container, "security.ima\0security.ima@uid=100000\0", "security.ima\0");
	expect_view(&container, "security.ima@uid=100000\0security.ima\0", "security.ima\0");
	expect_view(&deep, "security.ima\0security.ima@uid=100000\0security.ima@uid=100010\0",
		    "security.ima\0");
}

/* 100000 is how 1000000 begins. */
Test(view, is_not_taken_in_by_a_name_that_begins_as_another)
{
	expect_view(&container, "security.ima@uid=1000000\0security.ima\0", "security.ima\0");
	expect_view(&container, "security.im@uid=100000\0security.ima\0",
		    "security.im\0security.ima\0");
}

/* In the order of the inode: the place of a plain name is that of the value it stands for. */
Test(view, shows_a_name_where_its_value_lies)
{
	expect_view(&container,
		    "security.ima\0security.selinux\0security.evm@uid=100000\0"
		    "security.ima@uid=100000\0security.evm\0",
		    "security.selinux\0security.evm\0security.ima\0");
	expect_view(&container, "user.b\0security.z@uid=100000\0user.a\0security.a@uid=100001\0",
		    "user.b\0security.z\0user.a\0security.a@uid=1\0");
}

Test(view, inherits_from_the_nearest_ancestor)
{
	expect_view(&deep, "security.a\0security.b\0security.a@uid=100000\0",
		    "security.b\0security.a\0");
	expect_view(&deep, "security.a@uid=100010\0security.a@uid=100000\0", "security.a\0");
}

/* The container's own value is what nested inherits, and it also has a name of its own there. */
Test(view, shows_a_value_under_each_name_that_gets_it)
{
	expect_view(&nested, "security.ima@uid=100000\0", "security.ima\0security.ima@uid=1\0");
	expect_view(&nested, "security.ima@uid=100000\0security.ima@uid=100010\0",
		    "security.ima@uid=1\0security.ima\0");
	expect_view(&nested, "trusted.gfid@uid=100000\0", "trusted.gfid@uid=1\0");
}

Test(view, shows_a_parent_the_variants_of_the_nested)
{
	expect_view(&container,
		    "security.ima@uid=100000\0security.ima@uid=100010\0security.ima@uid=100025\0",
		    "security.ima\0security.ima@uid=10\0security.ima@uid=25\0");
	expect_view(&nested, "security.ima@uid=100025\0", "security.ima@uid=7\0");
}

Test(view, of_an_ancestor_with_the_same_root_has_nothing_twice)
{
	struct user_namespace twin = simulated_userns(&container, "0 100000 10\n");

	expect_view(&twin, "security.ima@uid=100000\0", "security.ima\0");
	expect_view(&twin, "security.ima\0security.ima@uid=100000\0", "security.ima\0");
	expect_view(&twin, "security.ima@uid=100010\0", "");
}

Test(view, without_a_root_has_variants_and_what_it_inherits)
{
	struct user_namespace rootless = simulated_userns(&host, "1 300000 100\n");

	expect_view(&rootless, "security.ima\0security.ima@uid=300000\0user.a\0",
		    "security.ima\0security.ima@uid=1\0user.a\0");
}

Test(view, without_a_map_has_what_it_inherits)
{
	struct user_namespace fresh = simulated_userns(&host, "");

	expect_view(&fresh, "security.ima\0security.ima@uid=5\0user.a\0security.capability\0",
		    "security.ima\0user.a\0security.capability\0");
}

Test(view, inherits_past_an_ancestor_without_a_root)
{
	struct user_namespace rootless = simulated_userns(&host, "1 300000 100\n");
	struct user_namespace child = simulated_userns(&rootless, "0 300001 10\n");

	expect_view(&child, "security.ima\0", "security.ima\0");
}

Test(view, inherits_nothing_from_beyond_what_can_be_seen)
{
	struct user_namespace top = simulated_userns(NULL, "0 100000 65536\n");
	struct user_namespace child = simulated_userns(&top, "0 100010 10\n");

	expect_view(&child, "security.a\0security.b@uid=100000\0", "security.b\0");
}

Test(view, keeps_names_that_are_the_kernels)
{
	expect_view(&container,
		    "user.comment\0system.posix_acl_access\0security.capability\0"
		    "user.odd@uid=100000\0security.capability@uid=100000\0",
		    "user.comment\0system.posix_acl_access\0security.capability\0"
		    "user.odd@uid=100000\0security.capability@uid=100000\0");
}

Test(view, takes_a_longer_name_for_another_attribute)
{
	expect_view(&container,
		    "security.ima\0security.imaX@uid=100000\0security.capabilityX@uid=100000\0",
		    "security.ima\0security.imaX\0security.capabilityX\0");
}

Test(view, shows_trusted_names_to_administrators_only)
{
	const uint64_t others = EVERY_CAPABILITY & ~(1ULL << CAP_SYS_ADMIN);

	expect_view_with(&container, others,
			 SIMULATED_INODE("trusted.a@uid=100000\0trusted.a@uid=100010\0"
					 "security.a@uid=100000\0"),
			 SIMULATED_INODE("security.a\0"));
	expect_view_with(&container, 1ULL << CAP_SYS_ADMIN,
			 SIMULATED_INODE("trusted.a@uid=100000\0trusted.a@uid=100010\0"),
			 SIMULATED_INODE("trusted.a\0trusted.a@uid=10\0"));
}

/* They are shown to us, who are root of the host; the kernel would not show them to the target. */
Test(view, drops_trusted_names_that_are_the_kernels)
{
	struct subject subject = { .userns = &container, .capabilities = EVERY_CAPABILITY };

	expect_view_of(policy_builtin("kernel"), &subject,
		       SIMULATED_INODE("trusted.a\0security.a\0security.a@uid=100000\0user.a\0"),
		       SIMULATED_INODE("security.a\0security.a@uid=100000\0user.a\0"));
}

Test(view, follows_the_rule_of_each_name)
{
	static const struct rule rules[] = {
		{ .pattern = "security.*", .scheme = SCHEME_SUFFIX, .inherit = INHERIT_NONE },
		{ .pattern = "security.ima", .scheme = SCHEME_SUFFIX, .inherit = INHERIT_CHAIN },
		{ .pattern = "trusted.*", .scheme = SCHEME_SUFFIX, .inherit = INHERIT_CHAIN },
	};
	static const struct policy policy = { .rules = rules,
					      .rule_count = 3,
					      .fallback = { .pattern = "*" } };
	struct subject subject = { .userns = &container, .capabilities = EVERY_CAPABILITY };

	expect_view_of(&policy, &subject,
		       SIMULATED_INODE("security.evm\0security.ima\0trusted.a\0"
				       "security.capability@uid=100000\0"),
		       SIMULATED_INODE("security.ima\0trusted.a\0security.capability\0"));
}

Test(view, of_what_the_kernel_answers_lacks_what_the_policy_takes_away)
{
	static const struct rule rules[] = {
		{ .pattern = "security.*", .scheme = SCHEME_SUFFIX },
		{ .pattern = "security.hidden", .scheme = SCHEME_HIDE },
		{ .pattern = "security.none", .scheme = SCHEME_UNSUPPORTED },
		{ .pattern = "security.denied", .scheme = SCHEME_DENY },
	};
	static const struct policy policy = { .rules = rules,
					      .rule_count = 4,
					      .fallback = { .pattern = "*" } };
	static const struct policy none = { .fallback = { .pattern = "*",
							  .scheme = SCHEME_UNSUPPORTED } };
	static const char stored[] = "security.hidden\0security.none\0security.denied\0user.u";
	static const char expected[] = "security.denied\0user.u";
	char view[sizeof(stored)];

	cr_expect_eq(view_list_natively(&policy, stored, sizeof(stored), view), sizeof(expected));
	cr_expect_arr_eq(view, expected, sizeof(expected));
	cr_expect_eq(view_list_natively(&none, stored, sizeof(stored), view), 0);
}

/* Host root can store such a name; a get of "security." is EINVAL, natively too. */
Test(view, drops_a_class_without_a_name)
{
	expect_view(&container, "security.@uid=100000\0trusted.@uid=100000\0", "");
	expect_view(&container, "security.@uid=100010\0", "");
	expect_view(&nested, "security.@uid=100000\0", "");
}

Test(view, ignores_a_last_name_without_its_nul)
{
	expect_view(&container, "security.a@uid=100000\0security.b@uid=100000", "security.a\0");
	expect_view(&container, "user.a", "");
	/* neither is it a value that hides an inherited one */
	expect_view(&container, "security.a\0security.a@uid=100000", "security.a\0");
}

/* A plain name of 245 bytes has no own variant ("@uid=100000" has eleven), so a get is ERANGE. */
Test(view, drops_a_name_that_is_too_long_for_a_variant)
{
	char stored[XATTR_NAME_MAX + 1] = "security.";

	memset(stored + 9, 'x', 245 - 9);
	stored[245] = '\0';
	expect_view_with(&container, EVERY_CAPABILITY, (struct simulated_inode){ stored, 246 },
			 (struct simulated_inode){ "", 0 });
	stored[244] = '\0';
	expect_view_with(&container, EVERY_CAPABILITY, (struct simulated_inode){ stored, 245 },
			 (struct simulated_inode){ stored, 245 });
}

/* The number inside can have more digits than the one on the host. */
Test(view, drops_a_variant_whose_name_inside_would_be_too_long)
{
	struct user_namespace growing = simulated_userns(&host, "0 100000 1\n4000000000 7 1\n");
	char stored[NAME_SIZE] = "security.", shown[NAME_SIZE];

	memset(stored + 9, 'x', sizeof(stored) - 9);
	memcpy(shown, stored, sizeof(shown));
	strcpy(stored + 240, "@uid=7");
	strcpy(shown + 240, "@uid=4000000000");
	cr_assert_eq(strlen(shown), XATTR_NAME_MAX);
	expect_view_with(&growing, EVERY_CAPABILITY,
			 (struct simulated_inode){ stored, strlen(stored) + 1 },
			 (struct simulated_inode){ shown, strlen(shown) + 1 });
	strcpy(stored + 241 - 1, "x@uid=7");
	expect_view_with(&growing, EVERY_CAPABILITY,
			 (struct simulated_inode){ stored, strlen(stored) + 1 },
			 (struct simulated_inode){ "", 0 });
}

/* The shortest stored names that show twice, the second time with the longest number. */
Test(view, fits_in_its_size_when_it_grows_most)
{
	struct user_namespace parent = simulated_userns(&host, "0 1 1\n1 2 1\n");
	struct user_namespace child = simulated_userns(&parent, "0 2 1\n4294967294 1 1\n");

	expect_view(&child, "security.a@uid=1\0security.b@uid=1\0security.c@uid=1\0",
		    "security.a\0security.a@uid=4294967294\0"
		    "security.b\0security.b@uid=4294967294\0"
		    "security.c\0security.c@uid=4294967294\0");
}

/* ---- schemes and stores ---- */

static const struct rule scheme_rules[] = {
	{ .pattern = "security.*", .scheme = SCHEME_SUFFIX, .inherit = INHERIT_CHAIN },
	{ .pattern = "security.hidden", .scheme = SCHEME_HIDE },
	{ .pattern = "security.denied", .scheme = SCHEME_DENY },
	{ .pattern = "security.lent", .scheme = SCHEME_HOST },
	{ .pattern = "trusted.denied", .scheme = SCHEME_DENY },
	{ .pattern = "trusted.lent", .scheme = SCHEME_HOST },
	{ .pattern = "user.hidden", .scheme = SCHEME_HIDE },
	{ .pattern = "security.none", .scheme = SCHEME_UNSUPPORTED },
};
static const struct policy schemes = { .rules = scheme_rules,
				       .rule_count = 8,
				       .fallback = { .pattern = "*" } };
static const struct policy user_store = {
	.rules = scheme_rules, .rule_count = 8, .fallback = { .pattern = "*" }, .store = STORE_USER
};

static void expect_view_by(const struct policy *policy, const struct user_namespace *userns,
			   struct simulated_inode inode, struct simulated_inode expected)
{
	const struct subject subject = { .userns = userns, .capabilities = EVERY_CAPABILITY };

	expect_view_of(policy, &subject, inode, expected);
}

Test(view, drops_hidden_names_of_any_form)
{
	expect_view_by(&schemes, &container,
		       SIMULATED_INODE("security.hidden\0security.hidden@uid=100000\0user.hidden\0"
				       "user.a\0"),
		       SIMULATED_INODE("user.a\0"));
}

Test(view, drops_names_that_are_not_supported)
{
	expect_view_by(&schemes, &container,
		       SIMULATED_INODE("security.none\0security.none@uid=100000\0user.a\0"),
		       SIMULATED_INODE("user.a\0"));
}

static const struct policy trusted_store = { .rules = scheme_rules,
					     .rule_count = 8,
					     .fallback = { .pattern = "*" },
					     .store = STORE_TRUSTED };

Test(view, shows_what_is_stored_below_trusted)
{
	expect_view_by(&trusted_store, &container,
		       SIMULATED_INODE("trusted.nsxattr.100000.security.ima\0"
				       "trusted.nsxattr.100010.security.ima\0"
				       "trusted.nsxattr.7.security.ima\0"
				       "trusted.nsxattr.100000.user.a\0trusted.nsxattr.\0"
				       "security.b@uid=100000\0security.b\0"),
		       SIMULATED_INODE("security.ima\0security.ima@uid=10\0security.b\0"));
}

/* No target of another policy sees what a policy keeps there, whatever its own says of trusted.* */
Test(view, drops_what_is_stored_below_trusted_for_another_store)
{
	static const struct rule rules[] = {
		{ .pattern = "security.*", .scheme = SCHEME_KERNEL },
		{ .pattern = "trusted.*", .scheme = SCHEME_HOST },
	};
	const struct policy lends = { .rules = rules, .rule_count = 2, .store = STORE_TRUSTED };
	const struct simulated_inode inode =
		SIMULATED_INODE("trusted.nsxattr.100000.security.ima\0"
				"trusted.nsxattr.100000.trusted.b\0trusted.nsxattr.x\0");

	expect_view_by(policy_builtin("default"), &container, inode, SIMULATED_INODE(""));
	expect_view_by(policy_builtin("user"), &container, inode, SIMULATED_INODE(""));
	expect_view_by(policy_builtin("kernel"), &container, inode, SIMULATED_INODE(""));
	expect_view_by(&lends, &container, inode, SIMULATED_INODE(""));
}

Test(view, shows_denied_names_as_the_kernel_does)
{
	expect_view_by(&schemes, &container,
		       SIMULATED_INODE("security.denied\0security.denied@uid=100000\0"
				       "trusted.denied\0"),
		       SIMULATED_INODE("security.denied\0security.denied@uid=100000\0"));
}

Test(view, shows_the_plain_name_that_is_lent)
{
	const struct subject nobody = { .userns = &container };

	expect_view_by(&schemes, &container,
		       SIMULATED_INODE("trusted.lent\0trusted.lent@uid=100000\0security.lent\0"),
		       SIMULATED_INODE("trusted.lent\0security.lent\0"));
	expect_view_of(&schemes, &nobody, SIMULATED_INODE("trusted.lent\0security.lent\0"),
		       SIMULATED_INODE("security.lent\0"));
}

Test(view, shows_what_is_stored_below_user)
{
	expect_view_by(&user_store, &container,
		       SIMULATED_INODE("user.nsxattr.100000.security.ima\0"
				       "user.nsxattr.100010.security.ima\0user.a\0"),
		       SIMULATED_INODE("security.ima\0security.ima@uid=10\0user.a\0"));
}

Test(view, drops_all_else_below_user)
{
	expect_view_by(&user_store, &container,
		       SIMULATED_INODE("user.nsxattr.\0user.nsxattr.x\0user.nsxattr.security.ima\0"
				       "user.nsxattr.7.security.ima\0user.nsxattr.user.a\0"
				       "user.nsxattr.100000.user.a\0"
				       "user.nsxattr.security.ima@\0"
				       "user.nsxattr.security.lent\0"
				       "user.nsxattr.100000.security.\0"),
		       SIMULATED_INODE(""));
}

/* The values of a container with the other store are not this one's. */
Test(view, sees_one_store_only)
{
	expect_view_by(&user_store, &container,
		       SIMULATED_INODE("security.ima@uid=100000\0security.ima@uid=100010\0"),
		       SIMULATED_INODE(""));
	expect_view_by(&schemes, &container, SIMULATED_INODE("user.nsxattr.100000.security.ima\0"),
		       SIMULATED_INODE("user.nsxattr.100000.security.ima\0"));
}

Test(view, inherits_below_user_and_from_the_plain_name_of_the_host)
{
	expect_view_by(&user_store, &nested,
		       SIMULATED_INODE("security.a\0user.nsxattr.100000.security.a\0"
				       "security.b\0"),
		       SIMULATED_INODE("security.a\0security.a@uid=1\0security.b\0"));
}

/* Names of an ancestor, for each of which the list is searched for a nearer value. */
Test(view, of_the_longest_list_is_soon_made)
{
	static char stored[65536], view[VIEW_SIZE(sizeof(stored))];
	static uint32_t index[NAME_LIST_COUNT_MAX(sizeof(stored))];
	const struct subject subject = { .userns = &deep, .capabilities = EVERY_CAPABILITY };
	size_t length = 0;

	limit_cpu_time(20);
	for (unsigned int i = 0; length + 16 < sizeof(stored); i++)
		length += (size_t)snprintf(stored + length, 16, "security.%05x", i) + 1;
	for (unsigned int round = 0; round < 200; round++)
		cr_assert_eq(view_list(policy_builtin("default"), &subject, stored, length, index,
				       view),
			     length);
	cr_expect_eq(memcmp(view, stored, length), 0);
}

/* ---- where ids have other numbers ---- */

static void expect_view_on(const struct naming *naming, const struct user_namespace *userns,
			   struct simulated_inode inode, struct simulated_inode expected)
{
	struct subject subject = { .userns = userns,
				   .capabilities = EVERY_CAPABILITY,
				   .naming = naming };

	expect_view_of(policy_builtin("default"), &subject, inode, expected);
}

Test(view, shows_by_the_ids_of_the_file_system_on_an_idmapped_mount)
{
	struct id_map mount = { 1, { { .inside = 0, .host = 100000, .count = 65536 } } };
	struct naming naming = { .mount = &mount };

	expect_view_on(&naming, &container,
		       SIMULATED_INODE(
			       "security.a@uid=0\0security.a@uid=10\0security.b@uid=100000\0"
			       "security.a\0security.c\0trusted.d@uid=0\0"),
		       SIMULATED_INODE("security.a\0security.a@uid=10\0security.c\0trusted.d\0"));
	expect_view_on(&naming, &nested,
		       SIMULATED_INODE("security.a@uid=0\0security.b@uid=10\0security.c@uid=9\0"),
		       SIMULATED_INODE("security.a\0security.a@uid=1\0security.b\0"));
}

Test(view, shows_what_is_inherited_where_the_mount_does_not_have_its_root)
{
	struct id_map mount = { 1, { { .inside = 1000, .host = 101000, .count = 1 } } };
	struct naming naming = { .mount = &mount };

	expect_view_on(&naming, &container,
		       SIMULATED_INODE("security.a@uid=0\0security.a@uid=1000\0security.b\0"
				       "trusted.c\0security.d@uid=100000\0"),
		       SIMULATED_INODE("security.a@uid=1000\0security.b\0"));
}

Test(view, shows_by_the_numbers_of_a_fixed_owner)
{
	struct naming naming = { .range = &container.uids, .owner = 1000000 };

	expect_view_on(&naming, &container,
		       SIMULATED_INODE("security.a@uid=1000000\0security.b@uid=100000\0"
				       "security.c@uid=1000005\0"),
		       SIMULATED_INODE("security.a\0security.c@uid=5\0"));
}

/* ---- values of ids that the container does not have ---- */

static void expect_orphan(const struct naming *naming, const struct user_namespace *userns,
			  struct simulated_inode inode, const char *base, uint32_t number)
{
	struct subject subject = { .userns = userns, .naming = naming };
	struct stored_name orphan;

	cr_assert(view_find_orphan(policy_builtin("default"), &subject, inode.names, inode.length,
				   &orphan));
	cr_expect_eq(orphan.number, number, "%u", orphan.number);
	cr_expect_eq(orphan.base_length, strlen(base));
	cr_expect(strncmp(orphan.base, base, strlen(base)) == 0);
}

static void expect_no_orphan(const struct naming *naming, const struct user_namespace *userns,
			     struct simulated_inode inode)
{
	struct subject subject = { .userns = userns, .naming = naming };
	struct stored_name orphan;

	cr_expect_not(view_find_orphan(policy_builtin("default"), &subject, inode.names,
				       inode.length, &orphan));
}

Test(view, finds_the_orphan_with_the_least_number)
{
	expect_orphan(NULL, &container,
		      SIMULATED_INODE("security.a\0security.b@uid=300007\0security.c@uid=300000\0"
				      "trusted.d@uid=300009\0"),
		      "security.c", 300000);
}

Test(view, finds_no_orphan_on_an_inode_that_containers_share)
{
	expect_no_orphan(NULL, &container,
			 SIMULATED_INODE("security.b@uid=300007\0security.c@uid=300000\0"
					 "trusted.d@uid=100000\0"));
}

Test(view, finds_no_orphan_in_values_of_the_container)
{
	expect_no_orphan(NULL, &container,
			 SIMULATED_INODE(
				 "security.a\0security.a@uid=100000\0security.b@uid=165535\0"
				 "user.c@uid=5\0security.capability@uid=5\0security.d@uid=x\0"));
	/* Those of namespaces around it and beside it in the container. */
	expect_no_orphan(NULL, &deep,
			 SIMULATED_INODE("security.a@uid=100000\0security.a@uid=100010\0"
					 "security.a@uid=165535\0"));
}

Test(view, finds_orphans_by_the_numbers_of_the_mount)
{
	struct id_map mount = { 1, { { .inside = 0, .host = 100000, .count = 65536 } } };
	struct naming naming = { .mount = &mount };

	expect_no_orphan(&naming, &container, SIMULATED_INODE("security.a@uid=0\0"));
	expect_orphan(&naming, &container, SIMULATED_INODE("security.a@uid=100000\0"), "security.a",
		      100000);
}
