/* SPDX-License-Identifier: Apache-2.0 */
#include "quota.h"

#include <criterion/criterion.h>
#include <string.h>

#include "access.h"
#include "naming.h"
#include "policy.h"
#include "simulated.h"

static const struct rule rules[] = {
	{ .pattern = "security.*", .scheme = SCHEME_SUFFIX },
	{ .pattern = "security.one", .scheme = SCHEME_SUFFIX, .limit = LIMIT_ONE },
};
static struct policy policy;
static struct user_namespace host, container, nested;

static void set_up(void)
{
	policy = (struct policy){ .rules = rules, .rule_count = 2, .fallback = { .pattern = "*" } };
	host = simulated_host();
	container = simulated_userns(&host, "0 100000 65536\n");
	nested = simulated_userns(&container, "0 100010 1\n");
}

TestSuite(quota, .init = set_up);

static bool admits_in(const struct user_namespace *userns, const char *name,
		      struct simulated_inode inode)
{
	struct decision decision;

	simulated_decide(&policy, userns, OPERATION_SET, name, &decision);
	cr_assert_eq(decision.route, ROUTE_STORED);
	return quota_check(&policy, userns, &decision, inode.names, inode.length) == REASON_NONE;
}

static bool admits(const char *name, struct simulated_inode inode)
{
	return admits_in(&container, name, inode);
}

static bool is_limited(const char *name)
{
	struct decision decision;

	simulated_decide(&policy, &container, OPERATION_SET, name, &decision);
	return quota_is_limited(&policy, &decision);
}

Test(quota, is_none_if_the_policy_has_none)
{
	cr_expect_not(is_limited("security.a"));
	cr_expect(is_limited("security.one"));
	policy.attributes_per_file = 1;
	cr_expect(is_limited("security.a"));
}

Test(quota, of_one_admits_a_first_value)
{
	cr_expect(admits("security.one", SIMULATED_INODE("")));
	cr_expect(admits("security.one", SIMULATED_INODE("security.oneX\0security.on\0user.one\0"
							 "security.two@uid=100000\0")));
	cr_expect(admits("security.a", SIMULATED_INODE("security.a\0security.a@uid=7\0")));
}

Test(quota, of_one_does_not_admit_a_second_value)
{
	cr_expect_not(admits("security.one", SIMULATED_INODE("security.one\0")));
	cr_expect_not(admits("security.one", SIMULATED_INODE("security.one@uid=100010\0")));
	cr_expect_not(admits("security.one", SIMULATED_INODE("security.one@uid=7\0")));
	cr_expect_not(admits("security.one", SIMULATED_INODE("security.one@junk\0")));
	cr_expect_not(admits("security.one@uid=10", SIMULATED_INODE("security.one@uid=100000\0")));
}

Test(quota, of_a_file_counts_the_values_of_the_container)
{
	const struct simulated_inode two =
		SIMULATED_INODE("security.a@uid=100000\0security.b@uid=100000\0");

	policy.attributes_per_file = 2;
	cr_expect_not(admits("security.c", two));
	policy.attributes_per_file = 3;
	cr_expect(admits("security.c", two));
}

/* What its root can set in the name of any id that it has, it can set. */
Test(quota, of_a_file_counts_variants_of_all_ids_that_the_container_has)
{
	const struct simulated_inode two =
		SIMULATED_INODE("security.a@uid=100001\0security.a@uid=165535\0");

	policy.attributes_per_file = 2;
	cr_expect_not(admits("security.a", two));
	cr_expect_not(admits("security.a@uid=2", two));
	cr_expect_not(admits_in(&nested, "security.a", two));
	policy.attributes_per_file = 3;
	cr_expect(admits("security.a", two));
	cr_expect(admits("security.a@uid=2", two));
	cr_expect(admits_in(&nested, "security.a", two));
}

Test(quota, of_a_file_does_not_count_values_of_others)
{
	policy.attributes_per_file = 1;
	cr_expect(admits("security.c", SIMULATED_INODE("security.a\0security.b@uid=7\0"
						       "security.b@uid=165536\0"
						       "security.b@uid=99999\0security.b@x\0")));
}

/* On an idmapped mount the numbers are those of the file system. */
Test(quota, of_a_file_counts_by_the_numbers_of_the_mount)
{
	const struct id_map mount = { .count = 1, .extents = { { 0, 100000, 65536 } } };
	const struct naming naming = { .mount = &mount };
	const struct simulated_inode inode =
		SIMULATED_INODE("security.a@uid=0\0security.a@uid=5\0");
	struct decision decision;

	simulated_decide(&policy, &container, OPERATION_SET, "security.c", &decision);
	decision.naming = &naming;
	policy.attributes_per_file = 2;
	cr_expect_eq(quota_check(&policy, &container, &decision, inode.names, inode.length),
		     REASON_LIMIT_ATTRIBUTES);
	decision.naming = NULL;
	cr_expect_eq(quota_check(&policy, &container, &decision, inode.names, inode.length),
		     REASON_NONE);
}

/* The file's owner could set what the kernel alone guards there. */
Test(quota, of_a_file_does_not_count_names_that_are_the_kernels)
{
	policy.attributes_per_file = 1;
	cr_expect(admits("security.c", SIMULATED_INODE("user.a@uid=100000\0user.b@uid=100000\0")));
}

static void counts_in_its_store_alone(enum store store, struct simulated_inode own,
				      struct simulated_inode foreign)
{
	policy.store = store;
	policy.attributes_per_file = 1;
	cr_expect_not(admits("security.c", own));
	cr_expect(admits("security.c", foreign));
	/* a value of another store, of a container with the same root */
	cr_expect(admits("security.c", SIMULATED_INODE("security.a@uid=100000\0")));
	cr_expect_not(admits("security.one", SIMULATED_INODE("security.one\0")));
}

Test(quota, counts_below_a_store_what_is_stored_there)
{
	counts_in_its_store_alone(STORE_USER, SIMULATED_INODE("user.nsxattr.100000.security.a\0"),
				  SIMULATED_INODE("user.nsxattr.7.security.a\0"));
	cr_expect_not(admits("security.one", SIMULATED_INODE("user.nsxattr.7.security.one\0")));
	counts_in_its_store_alone(STORE_TRUSTED,
				  SIMULATED_INODE("trusted.nsxattr.100000.security.a\0"),
				  SIMULATED_INODE("trusted.nsxattr.7.security.a\0"));
	cr_expect_not(admits("security.one", SIMULATED_INODE("trusted.nsxattr.7.security.one\0")));
}

Test(quota, says_which_limit_it_is)
{
	struct decision decision;
	const struct simulated_inode inode = SIMULATED_INODE("security.one\0security.a@uid=100000");

	simulated_decide(&policy, &container, OPERATION_SET, "security.one", &decision);
	cr_expect_eq(quota_check(&policy, &container, &decision, inode.names, inode.length),
		     REASON_LIMIT_ONE);
	policy.attributes_per_file = 1;
	simulated_decide(&policy, &container, OPERATION_SET, "security.b", &decision);
	cr_expect_eq(quota_check(&policy, &container, &decision, inode.names, inode.length),
		     REASON_LIMIT_ATTRIBUTES);
}
