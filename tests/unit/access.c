/* SPDX-License-Identifier: Apache-2.0 */
/* Row by row the tables of docs/design.md on names (2.1), inheritance (2.2) and permission (2.5). */
#include "access.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <linux/capability.h>
#include <string.h>

#include "naming.h"
#include "policy.h"
#include "simulated.h"

#define CAPABILITY(number) (1ULL << (number))

static const enum operation named_operations[] = { OPERATION_SET, OPERATION_GET, OPERATION_REMOVE };

static struct user_namespace host;
static struct user_namespace container; /* below the host */
static struct user_namespace nested; /* below container, whose root it knows as 1 */
static struct user_namespace deep; /* below nested */
static struct user_namespace rootless; /* below the host, no uid 0 */
static struct user_namespace powerful; /* below the host, root is the host's 0 */

static void set_up(void)
{
	host = simulated_host();
	container = simulated_userns(&host, "0 100000 65536\n");
	nested = simulated_userns(&container, "0 100010 1\n1 100000 1\n2 100020 100\n");
	deep = simulated_userns(&nested, "0 100025 10\n");
	rootless = simulated_userns(&host, "1 300000 100\n");
	powerful = simulated_userns(&host, "0 0 1\n1 400000 100\n");
}

TestSuite(access, .init = set_up);

static struct decision decide_by(const struct policy *policy, const struct user_namespace *userns,
				 enum operation operation, const char *name)
{
	struct decision decision;

	/* What was there before must not shine through. */
	memset(&decision, 0xa5, sizeof(decision));
	simulated_decide(policy, userns, operation, name, &decision);
	return decision;
}

static struct decision decide(const struct user_namespace *userns, enum operation operation,
			      const char *name)
{
	return decide_by(policy_builtin("default"), userns, operation, name);
}

static void expect_stored(const struct user_namespace *userns, enum operation operation,
			  const char *name, const char *stored)
{
	struct decision decision = decide(userns, operation, name);

	cr_assert_eq(decision.route, ROUTE_STORED, "%s", name);
	cr_expect_str_eq(decision.name, stored);
}

static void expect_stored_always(const struct user_namespace *userns, const char *name,
				 const char *stored)
{
	for (size_t i = 0; i < 3; i++)
		expect_stored(userns, named_operations[i], name, stored);
}

static void expect_refused(const struct user_namespace *userns, enum operation operation,
			   const char *name, int error)
{
	struct decision decision = decide(userns, operation, name);

	cr_assert_eq(decision.route, ROUTE_REFUSED, "%s", name);
	cr_expect_eq(decision.error, error, "%s: %s", name, strerror(decision.error));
}

static void expect_refused_always(const struct user_namespace *userns, const char *name, int error)
{
	for (size_t i = 0; i < 3; i++)
		expect_refused(userns, named_operations[i], name, error);
}

static void expect_kernel_always(const struct user_namespace *userns, const char *name)
{
	for (size_t i = 0; i < 3; i++)
		cr_expect_eq(decide(userns, named_operations[i], name).route, ROUTE_KERNEL, "%s",
			     name);
}

/* ---- 2.1 names ---- */

Test(access, leaves_every_name_of_the_host_alone)
{
	static const char *const names[] = { "security.ima",	   "security.ima@uid=100000",
					     "security.ima@uid=0", "security.ima@junk",
					     "security.",	   "trusted.gfid",
					     "user.comment" };

	cr_expect_not(simulated_is_virtual(&host));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		expect_kernel_always(&host, names[i]);
}

Test(access, leaves_to_the_kernel_what_root_would_do_under_host_names)
{
	cr_expect_not(simulated_is_virtual(&powerful));
	expect_kernel_always(&powerful, "security.ima");
	expect_kernel_always(&powerful, "trusted.gfid");
	expect_kernel_always(&powerful, "security.ima@uid=0");
	expect_kernel_always(&powerful, "security.ima@uid=1");
}

/* A value that only ancestors can have. */
static void expect_inherited(const struct user_namespace *userns, const char *name)
{
	struct decision decision = decide(userns, OPERATION_GET, name);

	cr_assert_eq(decision.route, ROUTE_STORED, "%s", name);
	cr_expect(decision.inherits);
	cr_expect_not(decision.has_owner);
	cr_expect_str_eq(decision.name, "");
}

static void expect_none_of_its_own(const struct user_namespace *userns)
{
	static const char *const names[] = { "security.ima", "security.ima@uid=0" };

	for (size_t i = 0; i < 2; i++) {
		expect_refused(userns, OPERATION_SET, names[i], EINVAL);
		expect_refused(userns, OPERATION_REMOVE, names[i], EINVAL);
		expect_inherited(userns, names[i]);
	}
	expect_refused(userns, OPERATION_SET, "trusted.gfid", EINVAL);
	expect_refused(userns, OPERATION_REMOVE, "trusted.gfid", EINVAL);
	expect_refused(userns, OPERATION_GET, "trusted.gfid", ENODATA);
}

Test(access, has_no_value_of_its_own_without_a_root)
{
	cr_expect(simulated_is_virtual(&rootless));
	expect_none_of_its_own(&rootless);
}

Test(access, has_no_value_of_its_own_before_the_map_is_written)
{
	struct user_namespace fresh = simulated_userns(&host, "");

	cr_expect(simulated_is_virtual(&fresh));
	expect_none_of_its_own(&fresh);
	expect_refused(&fresh, OPERATION_GET, "security.ima@uid=5", ENODATA);
}

Test(access, stores_a_plain_name_under_its_root)
{
	expect_stored_always(&container, "security.ima", "security.ima@uid=100000");
	expect_stored_always(&container, "trusted.gfid", "trusted.gfid@uid=100000");
	expect_stored_always(&nested, "security.ima", "security.ima@uid=100010");
	expect_stored_always(&deep, "security.ima", "security.ima@uid=100025");
}

Test(access, stores_a_mapped_variant_in_the_numbers_of_the_host)
{
	expect_stored_always(&container, "security.ima@uid=10", "security.ima@uid=100010");
	expect_stored_always(&container, "security.ima@uid=65535", "security.ima@uid=165535");
	expect_stored_always(&nested, "security.ima@uid=1", "security.ima@uid=100000");
	expect_stored_always(&nested, "security.ima@uid=7", "security.ima@uid=100025");
	expect_stored_always(&deep, "trusted.gfid@uid=9", "trusted.gfid@uid=100034");
}

Test(access, stores_a_mapped_variant_also_without_a_root)
{
	expect_stored_always(&rootless, "security.ima@uid=1", "security.ima@uid=300000");
}

Test(access, stores_the_last_id_there_is)
{
	struct user_namespace last = simulated_userns(&host, "0 4294967294 1\n4294967294 5 1\n");

	expect_stored_always(&last, "security.ima", "security.ima@uid=4294967294");
	expect_stored_always(&last, "security.ima@uid=4294967294", "security.ima@uid=5");
	expect_refused(&last, OPERATION_GET, "security.ima@uid=4294967295", ENODATA);
	expect_refused(&last, OPERATION_SET, "security.ima@uid=4294967295", EINVAL);
}

Test(access, takes_the_variant_of_uid_0_for_the_plain_name)
{
	expect_stored_always(&container, "security.ima@uid=0", "security.ima@uid=100000");
	expect_stored_always(&deep, "trusted.gfid@uid=0", "trusted.gfid@uid=100025");
}

Test(access, knows_no_variant_of_an_unmapped_uid)
{
	expect_refused(&container, OPERATION_GET, "security.ima@uid=65536", ENODATA);
	expect_refused(&container, OPERATION_REMOVE, "security.ima@uid=65536", ENODATA);
	expect_refused(&container, OPERATION_SET, "security.ima@uid=65536", EINVAL);
	/* a number of the host is not one of the namespace */
	expect_refused(&container, OPERATION_GET, "trusted.gfid@uid=100000", ENODATA);
	expect_refused(&deep, OPERATION_GET, "security.ima@uid=10", ENODATA);
	expect_refused(&rootless, OPERATION_REMOVE, "security.ima@uid=101", ENODATA);
}

/* The kernel lets host root map its own uid to any number inside. */
Test(access, never_stores_for_the_root_of_the_host)
{
	struct user_namespace inverted = simulated_userns(&host, "0 100000 10\n10 0 1\n");

	cr_expect(simulated_is_virtual(&inverted));
	expect_stored_always(&inverted, "security.ima", "security.ima@uid=100000");
	expect_refused(&inverted, OPERATION_GET, "security.ima@uid=10", ENODATA);
	expect_refused(&inverted, OPERATION_REMOVE, "security.ima@uid=10", ENODATA);
	expect_refused(&inverted, OPERATION_SET, "security.ima@uid=10", EINVAL);
}

Test(access, refuses_a_malformed_variant)
{
	static const char *const names[] = {
		"security.ima@",       "security.ima@@uid=5", "security.ima@uid=",
		"security.ima@uid=05", "security.ima@uid=00", "security.ima@uid=-5",
		"security.ima@uid=+5", "security.ima@uid=5x", "security.ima@uid=5@uid=6",
		"security.ima@gid=5",  "trusted.gfid@x",      "security.@",
		"security.@x",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		expect_refused_always(&container, names[i], EINVAL);
		expect_refused_always(&rootless, names[i], EINVAL);
	}
}

/* Whether such a number is malformed or unmapped, it must not become another one. */
Test(access, does_not_cut_a_number_to_32_bits)
{
	static const char *const names[] = { "security.ima@uid=4294967296",
					     "security.ima@uid=4294967306",
					     "security.ima@uid=18446744073709551617" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		for (size_t j = 0; j < 3; j++)
			cr_expect_eq(decide(&container, named_operations[j], names[i]).route,
				     ROUTE_REFUSED, "%s", names[i]);
}

static const char *name_of_length(size_t length)
{
	static char name[NAME_SIZE];

	memset(name, 'x', length);
	memcpy(name, "security.", 9);
	name[length] = '\0';
	return name;
}

/* "@uid=100000" has eleven bytes. */
Test(access, finds_no_room_for_a_name_over_255_bytes)
{
	struct decision decision = decide(&container, OPERATION_SET, name_of_length(244));

	cr_assert_eq(decision.route, ROUTE_STORED);
	cr_expect_eq(strlen(decision.name), 255);
	expect_refused_always(&container, name_of_length(245), ERANGE);
	expect_refused_always(&container, name_of_length(254), ERANGE);
	expect_refused_always(&container, name_of_length(255), ERANGE);
}

/* The number on the host can have more digits than the one inside, and fewer. */
Test(access, measures_the_name_as_it_is_stored)
{
	struct user_namespace shrinking = simulated_userns(&host, "0 100000 1\n4000000000 7 1\n");
	char name[NAME_SIZE + 16];

	strcpy(name, name_of_length(245));
	strcpy(name + 245, "@uid=10");
	expect_refused_always(&container, name, ERANGE);
	strcpy(name, name_of_length(240));
	strcpy(name + 240, "@uid=4000000000");
	cr_assert_eq(strlen(name), 255);
	struct decision decision = decide(&shrinking, OPERATION_GET, name);

	cr_assert_eq(decision.route, ROUTE_STORED);
	cr_expect_str_eq(decision.name + 240, "@uid=7");
}

Test(access, takes_a_longer_name_for_another_attribute)
{
	expect_stored_always(&container, "security.imaX", "security.imaX@uid=100000");
	expect_stored_always(&container, "security.ima.uid=5", "security.ima.uid=5@uid=100000");
	expect_stored_always(&container, "security.capabilityX", "security.capabilityX@uid=100000");
	expect_kernel_always(&container, "security.capability");
	expect_kernel_always(&container, "user.security.ima");
	expect_kernel_always(&container, "system.posix_acl_access");
	expect_kernel_always(&container, "securityx.ima");
}

Test(access, goes_by_the_rule_of_the_base_name)
{
	expect_kernel_always(&container, "security.capability@uid=5");
	expect_kernel_always(&container, "user.comment@uid=5");
	expect_kernel_always(&container, "@uid=5");
	expect_kernel_always(&container, "@");
}

Test(access, refuses_a_class_without_a_name)
{
	expect_refused_always(&container, "security.", EINVAL);
	expect_refused_always(&container, "trusted.", EINVAL);
	expect_refused_always(&container, "security.@uid=5", EINVAL);
	expect_refused_always(&container, "trusted.@uid=0", EINVAL);
}

Test(access, leaves_everything_alone_under_the_kernel_policy)
{
	static const char *const names[] = { "security.ima", "security.ima@uid=5", "security.ima@x",
					     "trusted.gfid", "security." };
	struct decision decision;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		simulated_decide(policy_builtin("kernel"), &container, OPERATION_SET, names[i],
				 &decision);
		cr_expect_eq(decision.route, ROUTE_KERNEL, "%s", names[i]);
	}
}

Test(access, tells_the_base_of_the_name)
{
	struct decision decision = decide(&container, OPERATION_GET, "security.ima@uid=10");

	cr_expect_str_eq(decision.base, "security.ima");
	cr_expect_eq(decision.base_length, 12);
	decision = decide(&host, OPERATION_GET, "security.capability");
	cr_expect_str_eq(decision.base, "security.capability");
	decision = decide(&container, OPERATION_GET, "security.ima@junk");
	cr_expect_str_eq(decision.base, "security.ima");
}

Test(access, tells_whose_the_stored_value_is)
{
	cr_expect_eq(decide(&container, OPERATION_SET, "security.ima").owner, 100000);
	cr_expect_eq(decide(&container, OPERATION_SET, "security.ima@uid=0").owner, 100000);
	cr_expect_eq(decide(&container, OPERATION_SET, "security.ima@uid=10").owner, 100010);
}

/* ---- 3 schemes and stores ---- */

static const struct attribute_value lent_values[] = { { "y", 1 } };
static const struct rule scheme_rules[] = {
	{ .pattern = "security.*", .scheme = SCHEME_SUFFIX, .inherit = INHERIT_CHAIN },
	{ .pattern = "security.hidden", .scheme = SCHEME_HIDE },
	{ .pattern = "security.denied", .scheme = SCHEME_DENY },
	{ .pattern = "security.none", .scheme = SCHEME_UNSUPPORTED },
	{ .pattern = "trusted.lent",
	  .scheme = SCHEME_HOST,
	  .values = lent_values,
	  .value_count = 1 },
	{ .pattern = "trusted.*", .scheme = SCHEME_SUFFIX },
};
static const struct policy schemes = { .rules = scheme_rules,
				       .rule_count = 5,
				       .fallback = { .pattern = "*" } };
static const struct policy user_store = {
	.rules = scheme_rules, .rule_count = 5, .fallback = { .pattern = "*" }, .store = STORE_USER
};

static void expect_refused_by(const struct policy *policy, enum operation operation,
			      const char *name, int error)
{
	struct decision decision = decide_by(policy, &container, operation, name);

	cr_assert_eq(decision.route, ROUTE_REFUSED, "%s", name);
	cr_expect_eq(decision.error, error, "%s: %s", name, strerror(decision.error));
}

Test(access, hides_a_name_whatever_is_behind_it)
{
	static const char *const names[] = { "security.hidden", "security.hidden@uid=5",
					     "security.hidden@uid=0", "security.hidden@x" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		expect_refused_by(&schemes, OPERATION_GET, names[i], ENODATA);
		expect_refused_by(&schemes, OPERATION_REMOVE, names[i], ENODATA);
		expect_refused_by(&schemes, OPERATION_SET, names[i], EPERM);
	}
}

Test(access, lets_a_denied_name_be_read_only)
{
	cr_expect_eq(decide_by(&schemes, &container, OPERATION_GET, "security.denied").route,
		     ROUTE_KERNEL);
	expect_refused_by(&schemes, OPERATION_SET, "security.denied", EPERM);
	expect_refused_by(&schemes, OPERATION_REMOVE, "security.denied", EPERM);
	expect_refused_by(&schemes, OPERATION_SET, "security.denied@uid=5", EPERM);
}

Test(access, does_not_support_a_name_whatever_is_behind_it)
{
	static const char *const names[] = { "security.none", "security.none@uid=5",
					     "security.none@uid=0", "security.none@x" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		for (size_t j = 0; j < 3; j++)
			expect_refused_by(&schemes, named_operations[j], names[i], EOPNOTSUPP);
}

static const struct policy trusted_store = { .rules = scheme_rules,
					     .rule_count = 6,
					     .fallback = { .pattern = "*" },
					     .store = STORE_TRUSTED };

Test(access, stores_below_trusted_if_the_policy_says_so)
{
	struct decision decision =
		decide_by(&trusted_store, &container, OPERATION_SET, "security.ima");

	cr_assert_eq(decision.route, ROUTE_STORED);
	cr_expect_str_eq(decision.name, "trusted.nsxattr.100000.security.ima");
	decision = decide_by(&trusted_store, &container, OPERATION_GET, "trusted.a@uid=10");
	cr_expect_str_eq(decision.name, "trusted.nsxattr.100010.trusted.a");
	expect_refused_by(&trusted_store, OPERATION_GET, name_of_length(233), ERANGE);
}

/* Whatever the store is: a container with another one may have values there. */
Test(access, hides_the_store_below_trusted)
{
	static const char *const names[] = { "trusted.nsxattr.100000.security.ima",
					     "trusted.nsxattr.", "trusted.nsxattr.@uid=5",
					     "trusted.nsxattr.x@" };
	static const struct rule lent[] = { { .pattern = "trusted.*", .scheme = SCHEME_HOST } };
	const struct policy lends = { .rules = lent, .rule_count = 1 };
	const struct policy *const policies[] = { policy_builtin("default"), &trusted_store,
						  policy_builtin("user"), &lends };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		for (size_t j = 0; j < sizeof(policies) / sizeof(policies[0]); j++) {
			expect_refused_by(policies[j], OPERATION_GET, names[i], ENODATA);
			expect_refused_by(policies[j], OPERATION_REMOVE, names[i], ENODATA);
			expect_refused_by(policies[j], OPERATION_SET, names[i], EPERM);
		}
		cr_expect_eq(decide_by(policy_builtin("kernel"), &container, OPERATION_SET,
				       names[i])
				     .route,
			     ROUTE_KERNEL);
	}
}

Test(access, lends_the_plain_name_of_the_host_and_no_other)
{
	static const char *const others[] = { "trusted.lent@uid=0", "trusted.lent@uid=5",
					      "trusted.lent@", "trusted.lentX" };

	for (size_t i = 0; i < 3; i++) {
		struct decision decision =
			decide_by(&schemes, &container, named_operations[i], "trusted.lent");

		cr_assert_eq(decision.route, ROUTE_HOST);
		cr_expect_str_eq(decision.name, "trusted.lent");
		cr_expect_eq(decision.rule, &scheme_rules[4]);
		cr_expect_not(decision.inherits);
		for (size_t j = 0; j < sizeof(others) / sizeof(others[0]); j++)
			cr_expect_eq(decide_by(&schemes, &container, named_operations[i], others[j])
					     .route,
				     ROUTE_KERNEL, "%s", others[j]);
	}
}

Test(access, lends_nothing_where_root_is_that_of_the_host)
{
	cr_expect_eq(decide_by(&schemes, &powerful, OPERATION_SET, "trusted.lent").route,
		     ROUTE_KERNEL);
	cr_expect_eq(decide_by(&schemes, &host, OPERATION_SET, "security.hidden").route,
		     ROUTE_KERNEL);
}

Test(access, asks_for_the_capability_also_to_use_what_is_lent)
{
	struct decision decision = decide_by(&schemes, &container, OPERATION_SET, "trusted.lent");
	const struct subject nobody = { .userns = &container };
	const struct subject admin = { .userns = &container,
				       .capabilities = CAPABILITY(CAP_SYS_ADMIN) };
	const struct object own = { 100000, 100000 }, foreign = { 0, 0 };

	cr_expect_eq(access_check(&admin, &own, OPERATION_SET, &decision).error, 0);
	cr_expect_eq(access_check(&admin, &foreign, OPERATION_SET, &decision).error, EPERM);
	cr_expect_eq(access_check(&nobody, &own, OPERATION_SET, &decision).error, EPERM);
	cr_expect_eq(access_check(&nobody, &own, OPERATION_GET, &decision).error, ENODATA);
}

Test(access, stores_below_user_if_the_policy_says_so)
{
	struct decision decision =
		decide_by(&user_store, &container, OPERATION_SET, "security.ima");

	cr_assert_eq(decision.route, ROUTE_STORED);
	cr_expect_str_eq(decision.name, "user.nsxattr.100000.security.ima");
	cr_expect_str_eq(decision.base, "security.ima");
	decision = decide_by(&user_store, &container, OPERATION_SET, "security.ima@uid=10");
	cr_expect_str_eq(decision.name, "user.nsxattr.100010.security.ima");
	expect_refused_by(&user_store, OPERATION_GET, name_of_length(236), ERANGE);
	cr_expect_eq(decide_by(&user_store, &container, OPERATION_GET, name_of_length(235)).route,
		     ROUTE_STORED);
}

Test(access, hides_the_store_below_user)
{
	static const char *const names[] = { "user.nsxattr.100000.security.ima",
					     "user.nsxattr.security.ima", "user.nsxattr.",
					     "user.nsxattr.@" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		expect_refused_by(&user_store, OPERATION_GET, names[i], ENODATA);
		expect_refused_by(&user_store, OPERATION_REMOVE, names[i], ENODATA);
		expect_refused_by(&user_store, OPERATION_SET, names[i], EPERM);
		cr_expect_eq(decide_by(&schemes, &container, OPERATION_SET, names[i]).route,
			     ROUTE_KERNEL, "%s", names[i]);
	}
	cr_expect_eq(decide_by(&user_store, &container, OPERATION_SET, "user.nsxattrs.a").route,
		     ROUTE_KERNEL);
}

Test(access, inherits_below_user_from_ancestors_and_from_the_plain_name_of_the_host)
{
	const struct user_namespace *ancestor = &nested;
	char name[NAME_SIZE];

	cr_assert(access_next_ancestor(&ancestor, NULL, STORE_USER, "security.ima", 12, name));
	cr_expect_str_eq(name, "user.nsxattr.100000.security.ima");
	cr_assert(access_next_ancestor(&ancestor, NULL, STORE_USER, "security.ima", 12, name));
	cr_expect_str_eq(name, "security.ima");
	cr_expect_not(access_next_ancestor(&ancestor, NULL, STORE_USER, "security.ima", 12, name));
}

/* ---- 2.1 names, where ids have other numbers ---- */

static struct id_map map_of(const char *text)
{
	struct id_map map;

	cr_assert_eq(id_map_parse(text, strlen(text), &map), 0);
	return map;
}

static struct decision decide_on(const struct naming *naming, const struct user_namespace *userns,
				 enum operation operation, const char *name)
{
	const struct subject subject = { .userns = userns, .naming = naming };
	struct decision decision;

	memset(&decision, 0xa5, sizeof(decision));
	access_decide(policy_builtin("default"), &subject, operation, name, &decision);
	access_locate(&subject, operation, &decision);
	return decision;
}

static void expect_stored_on(const struct naming *naming, const struct user_namespace *userns,
			     const char *name, const char *stored)
{
	for (size_t i = 0; i < 3; i++) {
		struct decision decision = decide_on(naming, userns, named_operations[i], name);

		cr_assert_eq(decision.route, ROUTE_STORED, "%s", name);
		cr_expect_str_eq(decision.name, stored);
	}
}

static void expect_refused_on(const struct naming *naming, enum operation operation,
			      const char *name, int error)
{
	struct decision decision = decide_on(naming, &container, operation, name);

	cr_assert_eq(decision.route, ROUTE_REFUSED, "%s", name);
	cr_expect_eq(decision.error, error, "%s: %s", name, strerror(decision.error));
}

Test(access, stores_under_the_ids_of_the_file_system_on_an_idmapped_mount)
{
	struct id_map mount = map_of("0 100000 65536\n");
	struct naming naming = { .mount = &mount };

	expect_stored_on(&naming, &container, "security.ima", "security.ima@uid=0");
	expect_stored_on(&naming, &container, "security.ima@uid=0", "security.ima@uid=0");
	expect_stored_on(&naming, &container, "security.ima@uid=10", "security.ima@uid=10");
	expect_stored_on(&naming, &nested, "trusted.gfid", "trusted.gfid@uid=10");
	expect_stored_on(&naming, &nested, "security.ima@uid=1", "security.ima@uid=0");
}

Test(access, has_no_own_variant_where_the_mount_does_not_have_its_root)
{
	struct id_map mount = map_of("1000 101000 1\n");
	struct naming naming = { .mount = &mount };
	struct decision decision;

	expect_refused_on(&naming, OPERATION_SET, "security.ima", EINVAL);
	expect_refused_on(&naming, OPERATION_REMOVE, "security.ima", ENODATA);
	expect_refused_on(&naming, OPERATION_GET, "trusted.gfid", ENODATA);
	expect_refused_on(&naming, OPERATION_GET, "security.ima@uid=10", ENODATA);
	expect_refused_on(&naming, OPERATION_SET, "security.ima@uid=10", EINVAL);
	expect_stored_on(&naming, &container, "security.ima@uid=1000", "security.ima@uid=1000");
	/* What the host has, the namespace reads without us, too. */
	decision = decide_on(&naming, &container, OPERATION_GET, "security.ima");
	cr_assert_eq(decision.route, ROUTE_STORED);
	cr_expect(decision.inherits);
	cr_expect_str_eq(decision.name, "");
}

Test(access, stores_under_the_numbers_of_a_fixed_owner)
{
	struct policy policy = { .owner = 1000000 };
	struct naming naming = access_naming(&policy, &deep);

	expect_stored_on(&naming, &container, "security.ima", "security.ima@uid=1000000");
	expect_stored_on(&naming, &container, "security.ima@uid=5", "security.ima@uid=1000005");
	expect_stored_on(&naming, &nested, "security.ima", "security.ima@uid=1000010");
	/* Nested namespaces are numbered in the range of the container that they are in. */
	expect_stored_on(&naming, &deep, "security.ima", "security.ima@uid=1000025");
}

Test(access, leaves_plain_names_to_the_host_on_every_mount)
{
	struct id_map mount = map_of("100000 0 65536\n");
	struct naming naming = { .mount = &mount };
	struct user_namespace upper = simulated_userns(&host, "0 100 1\n1 0 1\n");

	cr_expect_eq(decide_on(&naming, &powerful, OPERATION_SET, "security.ima").route,
		     ROUTE_KERNEL);
	cr_expect_eq(decide_on(&naming, &upper, OPERATION_SET, "security.ima@uid=1").error, EINVAL);
	expect_stored_on(&naming, &upper, "security.ima", "security.ima@uid=100100");
}

Test(access, has_a_view_below_a_supervisor_that_was_started_in_a_namespace)
{
	struct id_map outer = map_of("0 1001 1\n1 100000 65536\n");
	struct naming naming = { .outer = &outer };
	const struct subject subject = { .userns = &powerful, .naming = &naming };

	cr_expect(access_is_virtual(&subject));
	expect_stored_on(&naming, &powerful, "security.ima", "security.ima@uid=1001");
}

Test(access, inherits_by_the_numbers_of_the_mount)
{
	struct id_map mount = map_of("0 100000 10\n20 100010 10\n");
	struct naming naming = { .mount = &mount };
	const struct user_namespace *ancestor = &deep;
	char name[NAME_SIZE];

	cr_assert(access_next_ancestor(&ancestor, &naming, false, "security.ima", 12, name));
	cr_expect_str_eq(name, "security.ima@uid=20");
	cr_assert(access_next_ancestor(&ancestor, &naming, false, "security.ima", 12, name));
	cr_expect_str_eq(name, "security.ima@uid=0");
	cr_assert(access_next_ancestor(&ancestor, &naming, false, "security.ima", 12, name));
	cr_expect_str_eq(name, "security.ima");
}

Test(access, passes_over_an_ancestor_that_the_mount_does_not_have)
{
	struct id_map mount = map_of("0 100010 10\n");
	struct naming naming = { .mount = &mount };
	const struct user_namespace *ancestor = &nested;
	char name[NAME_SIZE];

	cr_assert(access_next_ancestor(&ancestor, &naming, false, "security.ima", 12, name));
	cr_expect_str_eq(name, "security.ima");
}

/* ---- 2.2 inheritance ---- */

Test(access, lets_security_inherit_and_trusted_not)
{
	cr_expect(decide(&container, OPERATION_GET, "security.ima").inherits);
	cr_expect(decide(&container, OPERATION_GET, "security.ima@uid=0").inherits);
	cr_expect_not(decide(&container, OPERATION_GET, "trusted.gfid").inherits);
	cr_expect_not(decide(&container, OPERATION_GET, "trusted.gfid@uid=0").inherits);
}

Test(access, lets_no_explicit_variant_inherit)
{
	cr_expect_not(decide(&container, OPERATION_GET, "security.ima@uid=10").inherits);
	cr_expect_not(decide(&nested, OPERATION_GET, "security.ima@uid=1").inherits);
}

static void expect_chain(const struct user_namespace *userns, const char *const *names)
{
	const struct user_namespace *ancestor = userns;
	char name[NAME_SIZE];

	for (; *names; names++) {
		cr_assert(access_next_ancestor(&ancestor, NULL, STORE_SECURITY,
					       "security.ima@uid=1", 12, name),
			  "%s is missing", *names);
		cr_expect_str_eq(name, *names);
	}
	cr_expect_not(access_next_ancestor(&ancestor, NULL, STORE_SECURITY, "security.ima", 12,
					   name),
		      "%s is too much", name);
}

#define expect_ancestors(userns, ...) \
	expect_chain((userns), (const char *const[]){ __VA_ARGS__, NULL })

Test(access, inherits_from_each_ancestor_up_to_the_plain_name_of_the_host)
{
	expect_ancestors(&container, "security.ima");
	expect_ancestors(&nested, "security.ima@uid=100000", "security.ima");
	expect_ancestors(&deep, "security.ima@uid=100010", "security.ima@uid=100000",
			 "security.ima");
}

Test(access, gives_the_host_nothing_to_inherit)
{
	const struct user_namespace *ancestor = &host;
	char name[NAME_SIZE];

	cr_expect_not(
		access_next_ancestor(&ancestor, NULL, STORE_SECURITY, "security.ima", 12, name));
}

Test(access, skips_an_ancestor_without_a_root)
{
	struct user_namespace child = simulated_userns(&rootless, "0 300001 10\n");
	struct user_namespace grandchild = simulated_userns(&child, "0 300002 5\n");

	expect_ancestors(&child, "security.ima");
	expect_ancestors(&grandchild, "security.ima@uid=300001", "security.ima");
}

Test(access, finds_the_plain_name_with_an_ancestor_whose_root_is_that_of_the_host)
{
	struct user_namespace child = simulated_userns(&powerful, "0 400000 10\n");
	const struct user_namespace *ancestor = &child;
	char name[NAME_SIZE];

	cr_assert(access_next_ancestor(&ancestor, NULL, STORE_SECURITY, "security.ima", 12, name));
	cr_expect_str_eq(name, "security.ima");
	cr_expect_eq(ancestor, &powerful);
}

Test(access, ends_the_chain_at_what_cannot_be_seen)
{
	struct user_namespace top = simulated_userns(NULL, "0 100000 65536\n");
	struct user_namespace child = simulated_userns(&top, "0 100010 10\n");

	expect_ancestors(&child, "security.ima@uid=100000");
}

Test(access, may_inherit_from_an_ancestor_of_the_same_root)
{
	struct user_namespace twin = simulated_userns(&container, "0 100000 10\n");

	expect_ancestors(&twin, "security.ima@uid=100000", "security.ima");
}

/* ---- 2.5 permission ---- */

static int check(const struct user_namespace *userns, uint64_t capabilities, uint32_t uid,
		 uint32_t gid, enum operation operation, const char *name)
{
	struct subject subject = { .userns = userns, .capabilities = capabilities };
	struct object object = { .uid = uid, .gid = gid };
	struct decision decision = decide(userns, operation, name);

	return access_check(&subject, &object, operation, &decision).error;
}

Test(access, lets_an_administrator_change_what_is_its_own)
{
	static const char *const names[] = { "security.ima", "security.ima@uid=10", "trusted.gfid",
					     /* what is to be refused is refused later */
					     "security.ima@uid=99999", "security.ima@x" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		cr_expect_eq(check(&container, CAPABILITY(CAP_SYS_ADMIN), 100000, 100000,
				   OPERATION_SET, names[i]),
			     0, "%s", names[i]);
		cr_expect_eq(check(&container, CAPABILITY(CAP_SYS_ADMIN), 165535, 165535,
				   OPERATION_REMOVE, names[i]),
			     0, "%s", names[i]);
	}
}

Test(access, lets_nobody_change_anything_without_the_capability)
{
	static const char *const names[] = { "security.ima", "security.ima@uid=10", "trusted.gfid",
					     "security.ima@uid=99999", "security.ima@x" };
	const uint64_t others = EVERY_CAPABILITY & ~CAPABILITY(CAP_SYS_ADMIN);

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		cr_expect_eq(check(&container, others, 100000, 100000, OPERATION_SET, names[i]),
			     EPERM, "%s", names[i]);
		cr_expect_eq(check(&container, others, 100000, 100000, OPERATION_REMOVE, names[i]),
			     EPERM, "%s", names[i]);
	}
}

Test(access, lets_nobody_change_what_is_owned_by_the_unmapped)
{
	static const uint32_t owners[][2] = {
		{ 0, 0 },
		{ 99999, 100000 },
		{ 100000, 99999 },
		{ 165536, 100000 },
		{ 100000, 165536 },
		{ 100000, 0 },
		{ UINT32_MAX, UINT32_MAX },
	};

	for (size_t i = 0; i < sizeof(owners) / sizeof(owners[0]); i++) {
		cr_expect_eq(check(&container, EVERY_CAPABILITY, owners[i][0], owners[i][1],
				   OPERATION_SET, "security.ima"),
			     EPERM, "%u:%u", owners[i][0], owners[i][1]);
		cr_expect_eq(check(&container, EVERY_CAPABILITY, owners[i][0], owners[i][1],
				   OPERATION_REMOVE, "security.ima"),
			     EPERM, "%u:%u", owners[i][0], owners[i][1]);
	}
}

Test(access, asks_the_map_of_groups_about_the_group)
{
	struct user_namespace userns = simulated_userns(&host, "0 100000 10\n");

	userns.gids = (struct id_map){ 1, { { 0, 200000, 10 } } };
	cr_expect_eq(check(&userns, EVERY_CAPABILITY, 100000, 200009, OPERATION_SET, "security.a"),
		     0);
	cr_expect_eq(check(&userns, EVERY_CAPABILITY, 100000, 100000, OPERATION_SET, "security.a"),
		     EPERM);
	cr_expect_eq(check(&userns, EVERY_CAPABILITY, 200000, 200000, OPERATION_SET, "security.a"),
		     EPERM);
}

Test(access, asks_for_another_capability_to_change_capabilities)
{
	const uint64_t setfcap = CAPABILITY(CAP_SETFCAP);
	const char *name = "security.capability";

	cr_expect_eq(check(&container, setfcap, 100000, 100000, OPERATION_SET, name), 0);
	cr_expect_eq(check(&container, setfcap, 100000, 100000, OPERATION_REMOVE, name), 0);
	cr_expect_eq(check(&container, ~setfcap, 100000, 100000, OPERATION_SET, name), EPERM);
	cr_expect_eq(check(&container, ~setfcap, 100000, 100000, OPERATION_REMOVE, name), EPERM);
	cr_expect_eq(check(&container, setfcap, 0, 0, OPERATION_SET, name), EPERM);
	cr_expect_eq(check(&container, setfcap, 100000, 100000, OPERATION_SET, "security.ima"),
		     EPERM);
	cr_expect_eq(check(&container, setfcap, 100000, 100000, OPERATION_SET,
			   "security.capabilityX"),
		     EPERM);
}

Test(access, lets_everybody_get_security)
{
	cr_expect_eq(check(&container, 0, 0, 0, OPERATION_GET, "security.ima"), 0);
	cr_expect_eq(check(&container, 0, 0, 0, OPERATION_GET, "security.ima@uid=10"), 0);
	cr_expect_eq(check(&container, 0, 0, 0, OPERATION_GET, "security.capability"), 0);
	cr_expect_eq(check(&rootless, 0, 0, 0, OPERATION_GET, "security.ima@uid=1"), 0);
}

Test(access, hides_trusted_from_all_but_administrators)
{
	const uint64_t admin = CAPABILITY(CAP_SYS_ADMIN);

	cr_expect_eq(check(&container, ~admin, 100000, 100000, OPERATION_GET, "trusted.a"),
		     ENODATA);
	cr_expect_eq(check(&container, ~admin, 0, 0, OPERATION_GET, "trusted.a@uid=10"), ENODATA);
	cr_expect_eq(check(&container, ~admin, 0, 0, OPERATION_GET, "trusted.a@junk"), ENODATA);
	cr_expect_eq(check(&container, ~admin, 0, 0, OPERATION_GET, "trusted."), ENODATA);
	/* reading asks for no more: whose the inode is does not matter */
	cr_expect_eq(check(&container, admin, 0, 0, OPERATION_GET, "trusted.a"), 0);
}

/* ---- why it is refused ---- */

/** struct refusal_row - one operation that is refused by the policy or by the name, and why */
struct refusal_row {
	const struct policy *policy;
	const struct user_namespace *userns;
	const char *name;
	unsigned int operations; /* bits: 1 << OPERATION_… */
	enum reason reason;
};

#define CHANGES (1U << OPERATION_SET | 1U << OPERATION_REMOVE)
#define ALL (CHANGES | 1U << OPERATION_GET)

static const struct policy trusted_inherits_nothing = { .rules = scheme_rules,
							.rule_count = 6,
							.fallback = { .pattern = "*" } };

static const struct refusal_row refusals[] = {
	{ &schemes, &container, "security.hidden", ALL, REASON_HIDE },
	{ &schemes, &container, "security.hidden@x", ALL, REASON_HIDE },
	{ &schemes, &container, "security.denied", CHANGES, REASON_DENY },
	{ &schemes, &container, "security.none", ALL, REASON_UNSUPPORTED },
	{ &trusted_store, &container, "trusted.nsxattr.1.a", ALL, REASON_RESERVED },
	{ &user_store, &container, "user.nsxattr.1.a", ALL, REASON_RESERVED },
	{ &schemes, &container, "security.a@", ALL, REASON_NAME },
	{ &schemes, &container, "security.a@uid=01", ALL, REASON_NAME },
	{ &schemes, &container, "security.", ALL, REASON_NAME },
	{ &schemes, &container, "security.a@uid=99999", ALL, REASON_ID },
	{ &schemes, &rootless, "security.a", CHANGES, REASON_NO_ROOT },
	{ &trusted_inherits_nothing, &rootless, "trusted.a", ALL, REASON_NO_ROOT },
};

Test(access, says_why_it_refuses)
{
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		for (size_t j = 0; j < 3; j++) {
			const struct refusal_row *row = &refusals[i];
			struct decision decision =
				decide_by(row->policy, row->userns, named_operations[j], row->name);
			bool is_refused = row->operations & 1U << named_operations[j];

			cr_expect_eq(decision.route == ROUTE_REFUSED, is_refused, "%s", row->name);
			cr_expect_eq(decision.reason, is_refused ? row->reason : REASON_NONE,
				     "%s: %s", row->name, reason_word(decision.reason));
		}
}

Test(access, says_that_a_name_is_too_long)
{
	cr_expect_eq(
		decide_by(&trusted_store, &container, OPERATION_SET, name_of_length(233)).reason,
		REASON_NAME_LENGTH);
}

Test(access, says_that_a_mount_has_no_number_for_the_owner)
{
	struct id_map mount = map_of("0 500000 10\n");
	struct naming naming = { .mount = &mount };

	cr_expect_eq(decide_on(&naming, &container, OPERATION_SET, "security.a").reason,
		     REASON_NUMBER);
}

Test(access, says_nothing_where_nothing_is_refused)
{
	for (size_t i = 0; i < 3; i++) {
		cr_expect_eq(decide(&container, named_operations[i], "security.a").reason,
			     REASON_NONE);
		cr_expect_eq(decide(&host, named_operations[i], "security.a").reason, REASON_NONE);
		cr_expect_eq(decide(&container, named_operations[i], "user.a").reason, REASON_NONE);
	}
}

static enum reason why(uint64_t capabilities, uint32_t uid, uint32_t gid, enum operation operation,
		       const char *name)
{
	const struct subject subject = { .userns = &container, .capabilities = capabilities };
	const struct object object = { .uid = uid, .gid = gid };
	struct decision decision = decide(&container, operation, name);

	return access_check(&subject, &object, operation, &decision).reason;
}

/* Of several reasons the one that is about the process comes first, as whose the file is does not matter then. */
Test(access, says_why_it_does_not_permit)
{
	const uint64_t admin = CAPABILITY(CAP_SYS_ADMIN), setfcap = CAPABILITY(CAP_SETFCAP);

	cr_expect_eq(why(admin, 100000, 100000, OPERATION_SET, "security.a"), REASON_NONE);
	cr_expect_eq(why(~admin, 0, 0, OPERATION_SET, "security.a"), REASON_NO_SYS_ADMIN);
	cr_expect_eq(why(~admin, 0, 0, OPERATION_REMOVE, "trusted.a"), REASON_NO_SYS_ADMIN);
	cr_expect_eq(why(~admin, 0, 0, OPERATION_GET, "trusted.a"), REASON_NO_SYS_ADMIN);
	cr_expect_eq(why(~admin, 0, 0, OPERATION_GET, "security.a"), REASON_NONE);
	cr_expect_eq(why(~setfcap, 0, 0, OPERATION_SET, "security.capability"), REASON_NO_SETFCAP);
	cr_expect_eq(why(admin, 0, 0, OPERATION_SET, "security.a"), REASON_OWNER);
	cr_expect_eq(why(admin, 0, 100000, OPERATION_REMOVE, "security.a"), REASON_OWNER);
	cr_expect_eq(why(admin, 100000, 0, OPERATION_SET, "trusted.a"), REASON_GROUP);
}

static enum reason why_unguarded(uint64_t capabilities, const struct object *object, bool has_say,
				 enum operation operation, const char *name)
{
	const struct subject subject = { .userns = &container, .capabilities = capabilities };

	return access_check_unguarded(&subject, object, has_say, operation, name).reason;
}

Test(access, unguarded_says_why)
{
	static const struct object own = { 100000, 100000 }, roots = { 0, 0 },
				   groups = { 100000, 0 };
	const char *caps = "security.capability";

	cr_expect_eq(why_unguarded(0, &own, false, OPERATION_SET, "user.a"), REASON_NONE);
	cr_expect_eq(why_unguarded(0, &own, true, OPERATION_SET, "security.a"),
		     REASON_NO_SYS_ADMIN);
	cr_expect_eq(why_unguarded(~0ULL, &own, false, OPERATION_SET, "security.a"),
		     REASON_FILE_SYSTEM);
	cr_expect_eq(why_unguarded(0, &own, true, OPERATION_SET, caps), REASON_NONE);
	cr_expect_eq(why_unguarded(0, &own, true, OPERATION_REMOVE, caps), REASON_NO_SETFCAP);
	cr_expect_eq(why_unguarded(~0ULL, &own, true, OPERATION_REMOVE, caps), REASON_NONE);
	cr_expect_eq(why_unguarded(~0ULL, &roots, true, OPERATION_REMOVE, caps), REASON_OWNER);
	cr_expect_eq(why_unguarded(~0ULL, &groups, true, OPERATION_REMOVE, caps), REASON_GROUP);
	cr_expect_eq(why_unguarded(~0ULL, NULL, true, OPERATION_REMOVE, caps), REASON_OWNER);
}

/* ---- what a kernel does not check ---- */

static int check_unguarded(const struct user_namespace *userns, uint64_t capabilities, bool has_say,
			   enum operation operation, const char *name)
{
	static const struct object theirs = { 100000, 100000 }, roots = { 0, 0 };
	const struct subject subject = { .userns = userns, .capabilities = capabilities };

	return access_check_unguarded(&subject, has_say ? &theirs : &roots, has_say, operation,
				      name)
		.error;
}

Test(access, unguarded_names_of_other_classes_are_the_kernels_to_check)
{
	static const char *const names[] = { "user.a", "trusted.a", "system.posix_acl_access",
					     "securit", "x" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		cr_expect_eq(check_unguarded(&container, 0, false, OPERATION_SET, names[i]), 0);
		cr_expect_eq(check_unguarded(&container, 0, false, OPERATION_REMOVE, names[i]), 0);
	}
}

Test(access, unguarded_security_needs_an_administrator_of_the_file_system)
{
	static const char *const names[] = { "security.a", "security.", "security.a@uid=1",
					     "security.capability2", "security.ima" };
	const uint64_t admin = CAPABILITY(CAP_SYS_ADMIN);

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		for (enum operation operation = OPERATION_SET; operation <= OPERATION_REMOVE;
		     operation += OPERATION_REMOVE - OPERATION_SET) {
			cr_expect_eq(check_unguarded(&container, ~0ULL, false, operation, names[i]),
				     EPERM);
			cr_expect_eq(check_unguarded(&powerful, ~0ULL, false, operation, names[i]),
				     EPERM);
			cr_expect_eq(check_unguarded(&container, ~admin, true, operation, names[i]),
				     EPERM);
			cr_expect_eq(check_unguarded(&container, admin, true, operation, names[i]),
				     0);
			cr_expect_eq(check_unguarded(&host, ~admin, true, operation, names[i]),
				     EPERM);
			cr_expect_eq(check_unguarded(&host, admin, true, operation, names[i]), 0);
			/* our own namespace, inside of another */
			cr_expect_eq(check_unguarded(&host, ~0ULL, false, operation, names[i]),
				     EPERM);
		}
}

Test(access, unguarded_capabilities_are_removed_by_who_may_set_them_on_an_inode_of_its_own)
{
	const char *name = "security.capability";
	const uint64_t setfcap = CAPABILITY(CAP_SETFCAP);

	/* The kernel itself checks a set. */
	cr_expect_eq(check_unguarded(&container, 0, false, OPERATION_SET, name), 0);
	cr_expect_eq(check_unguarded(&container, setfcap, true, OPERATION_REMOVE, name), 0);
	cr_expect_eq(check_unguarded(&container, ~setfcap, true, OPERATION_REMOVE, name), EPERM);
	cr_expect_eq(check_unguarded(&container, ~0ULL, false, OPERATION_REMOVE, name), EPERM);
	cr_expect_eq(access_check_unguarded(&(struct subject){ .userns = &container,
							       .capabilities = ~0ULL },
					    NULL, true, OPERATION_REMOVE, name)
			     .error,
		     EPERM);
}

Test(access,
     unguarded_capabilities_are_removed_in_our_own_namespace_where_the_owner_has_an_id_there)
{
	static const struct object nobody = { UINT32_MAX, UINT32_MAX },
				   alien_group = { 0, UINT32_MAX };
	const struct subject subject = { .userns = &host, .capabilities = CAPABILITY(CAP_SETFCAP) };
	const char *name = "security.capability";

	cr_expect_eq(check_unguarded(&host, CAPABILITY(CAP_SETFCAP), false, OPERATION_REMOVE, name),
		     0);
	cr_expect_eq(access_check_unguarded(&subject, &nobody, false, OPERATION_REMOVE, name).error,
		     EPERM);
	cr_expect_eq(
		access_check_unguarded(&subject, &alien_group, false, OPERATION_REMOVE, name).error,
		EPERM);
}
