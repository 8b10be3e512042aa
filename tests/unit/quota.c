/* SPDX-License-Identifier: Apache-2.0 */
#include "quota.h"

#include <criterion/criterion.h>
#include <string.h>

#include "access.h"
#include "policy.h"
#include "simulated.h"

static const struct rule rules[] = {
	{ .pattern = "security.*", .scheme = SCHEME_SUFFIX },
	{ .pattern = "security.one", .scheme = SCHEME_SUFFIX, .limit = LIMIT_ONE },
};
static struct policy policy;
static struct user_namespace host, container;

static void set_up(void)
{
	policy = (struct policy){ .rules = rules, .rule_count = 2, .fallback = { .pattern = "*" } };
	host = simulated_host();
	container = simulated_userns(&host, "0 100000 65536\n");
}

TestSuite(quota, .init = set_up);

static bool admits(const char *name, struct simulated_inode inode)
{
	struct decision decision;

	simulated_decide(&policy, &container, OPERATION_SET, name, &decision);
	cr_assert_eq(decision.route, ROUTE_STORED);
	return quota_admits(&policy, &decision, inode.names, inode.length);
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

Test(quota, of_one_admits_a_first_value_and_its_replacement)
{
	cr_expect(admits("security.one", SIMULATED_INODE("")));
	cr_expect(admits("security.one", SIMULATED_INODE("security.one@uid=100000\0")));
	cr_expect(admits("security.one@uid=10", SIMULATED_INODE("security.one@uid=100010\0")));
}

Test(quota, of_one_does_not_admit_a_second_value)
{
	cr_expect_not(admits("security.one", SIMULATED_INODE("security.one\0")));
	cr_expect_not(admits("security.one", SIMULATED_INODE("security.one@uid=100010\0")));
	cr_expect_not(admits("security.one", SIMULATED_INODE("security.one@uid=7\0")));
	cr_expect_not(admits("security.one", SIMULATED_INODE("security.one@junk\0")));
	/* But one's own is replaced, whoever has set another since. */
	cr_expect(admits("security.one", SIMULATED_INODE("user.a\0security.one@uid=100000\0"
							 "security.one\0")));
	cr_expect_not(admits("security.one@uid=10", SIMULATED_INODE("security.one@uid=100000\0")));
}

Test(quota, of_one_is_about_one_name)
{
	cr_expect(admits("security.one", SIMULATED_INODE("security.oneX\0security.on\0user.one\0"
							 "security.two@uid=100000\0")));
	cr_expect(admits("security.a", SIMULATED_INODE("security.a\0security.a@uid=7\0")));
}

Test(quota, of_a_file_counts_the_values_of_the_namespace)
{
	const struct simulated_inode two =
		SIMULATED_INODE("security.a@uid=100000\0security.b@uid=100000\0");

	policy.attributes_per_file = 2;
	cr_expect_not(admits("security.c", two));
	cr_expect(admits("security.b", two));
	policy.attributes_per_file = 3;
	cr_expect(admits("security.c", two));
}

Test(quota, of_a_file_does_not_count_values_of_others)
{
	policy.attributes_per_file = 1;
	cr_expect(admits("security.c", SIMULATED_INODE("security.a\0security.a@uid=100010\0"
						       "security.b@uid=7\0security.b@x\0")));
	/* a nested namespace has a count of its own, who ever sets for it */
	cr_expect(admits("security.c@uid=10", SIMULATED_INODE("security.a@uid=100000\0")));
	cr_expect_not(admits("security.c@uid=10", SIMULATED_INODE("security.a@uid=100010\0")));
}

/* What the kernel alone guards could be set there by whoever owns the file. */
Test(quota, of_a_file_does_not_count_names_that_are_the_kernels)
{
	policy.attributes_per_file = 1;
	cr_expect(admits("security.c", SIMULATED_INODE("user.a@uid=100000\0user.b@uid=100000\0")));
}

Test(quota, counts_below_user_what_is_stored_there)
{
	policy.store = STORE_USER;
	policy.attributes_per_file = 1;
	cr_expect_not(admits("security.c", SIMULATED_INODE("user.nsxattr.100000.security.a\0")));
	cr_expect(admits("security.a", SIMULATED_INODE("user.nsxattr.100000.security.a\0")));
	cr_expect(admits("security.c", SIMULATED_INODE("user.nsxattr.7.security.a\0")));
	cr_expect_not(admits("security.one", SIMULATED_INODE("user.nsxattr.7.security.one\0")));
	cr_expect_not(admits("security.one", SIMULATED_INODE("security.one\0")));
	/* a value of the other store, of a container with the same root */
	cr_expect(admits("security.c", SIMULATED_INODE("security.a@uid=100000\0")));
}
