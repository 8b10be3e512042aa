/* SPDX-License-Identifier: Apache-2.0 */
#include "policy.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct rule *match(const struct policy *policy, const char *name)
{
	return policy_match(policy, name, strlen(name));
}

static void expect_pattern(const struct policy *policy, const char *name, const char *pattern)
{
	cr_expect_str_eq(match(policy, name)->pattern, pattern, "%s matches %s instead of %s", name,
			 match(policy, name)->pattern, pattern);
}

/* The worse fit stands first wherever it can, and last in the second table. */
static const struct rule rising[] = {
	{ .pattern = "security.*" },   { .pattern = "security.s*" }, { .pattern = "security.sel*" },
	{ .pattern = "security.sel" }, { .pattern = "trusted.*" },
};
static const struct rule falling[] = {
	{ .pattern = "trusted.*" },   { .pattern = "security.sel" }, { .pattern = "security.sel*" },
	{ .pattern = "security.s*" }, { .pattern = "security.*" },
};
static const struct policy both_orders[] = {
	{ .rules = rising, .rule_count = 5, .fallback = { .pattern = "*" } },
	{ .rules = falling, .rule_count = 5, .fallback = { .pattern = "*" } },
};

Test(policy, prefers_an_exact_name_to_every_glob)
{
	for (size_t i = 0; i < 2; i++)
		expect_pattern(&both_orders[i], "security.sel", "security.sel");
}

Test(policy, prefers_the_longer_literal_prefix)
{
	for (size_t i = 0; i < 2; i++) {
		expect_pattern(&both_orders[i], "security.selinux", "security.sel*");
		expect_pattern(&both_orders[i], "security.sx", "security.s*");
		expect_pattern(&both_orders[i], "security.ima", "security.*");
	}
}

Test(policy, matches_an_exact_name_whole)
{
	static const struct rule rules[] = { { .pattern = "security.ima" } };
	static const struct policy policy = { .rules = rules,
					      .rule_count = 1,
					      .fallback = { .pattern = "*" } };

	expect_pattern(&policy, "security.ima", "security.ima");
	expect_pattern(&policy, "security.imaX", "*");
	expect_pattern(&policy, "security.im", "*");
	expect_pattern(&policy, "security.imb", "*");
	expect_pattern(&policy, "", "*");
}

Test(policy, matches_a_glob_from_its_literal_prefix_on)
{
	const struct policy *policy = &both_orders[0];

	expect_pattern(policy, "security.", "security.*");
	expect_pattern(policy, "security", "*");
	expect_pattern(policy, "securityx.ima", "*");
	expect_pattern(policy, "user.security.ima", "*");
	expect_pattern(policy, "trusted.gfid", "trusted.*");
}

Test(policy, falls_back_when_no_rule_matches)
{
	for (size_t i = 0; i < 2; i++)
		cr_expect_eq(match(&both_orders[i], "user.comment"), &both_orders[i].fallback);
}

Test(policy, prefers_a_rule_for_everything_to_the_fallback)
{
	static const struct rule rules[] = { { .pattern = "*", .scheme = SCHEME_SUFFIX } };
	static const struct policy policy = { .rules = rules,
					      .rule_count = 1,
					      .fallback = { .pattern = "*" } };

	cr_expect_eq(match(&policy, "user.comment"), &rules[0]);
	cr_expect_eq(match(&policy, ""), &rules[0]);
}

Test(policy, looks_at_no_byte_behind_the_length)
{
	const struct policy *policy = &both_orders[0];

	cr_expect_str_eq(policy_match(policy, "security.selinux", 12)->pattern, "security.sel");
	cr_expect_str_eq(policy_match(policy, "security.selinux", 10)->pattern, "security.s*");
	cr_expect_str_eq(policy_match(policy, "security.selinux", 8)->pattern, "*");
}

Test(policy, default_has_the_schemes_of_the_design)
{
	const struct policy *policy = policy_builtin("default");

	cr_assert_not_null(policy);
	cr_expect_eq(match(policy, "security.ima")->scheme, SCHEME_SUFFIX);
	cr_expect_eq(match(policy, "security.ima")->inherit, INHERIT_CHAIN);
	cr_expect_eq(match(policy, "security.NTACL")->scheme, SCHEME_SUFFIX);
	cr_expect_eq(match(policy, "trusted.gfid")->scheme, SCHEME_SUFFIX);
	cr_expect_eq(match(policy, "trusted.gfid")->inherit, INHERIT_NONE);
	cr_expect_eq(match(policy, "security.capability")->scheme, SCHEME_KERNEL);
	cr_expect_eq(match(policy, "user.comment")->scheme, SCHEME_KERNEL);
	cr_expect_eq(match(policy, "system.posix_acl_access")->scheme, SCHEME_KERNEL);
}

Test(policy, default_leaves_to_the_kernel_only_what_is_called_capability)
{
	const struct policy *policy = policy_builtin("default");

	cr_expect_eq(match(policy, "security.capabilityX")->scheme, SCHEME_SUFFIX);
	cr_expect_eq(match(policy, "security.capabilit")->scheme, SCHEME_SUFFIX);
	cr_expect_eq(match(policy, "trusted.capability")->scheme, SCHEME_SUFFIX);
}

Test(policy, kernel_leaves_everything_to_the_kernel)
{
	static const char *const names[] = { "security.ima", "security.capability", "trusted.gfid",
					     "user.comment", "" };
	const struct policy *policy = policy_builtin("kernel");

	cr_assert_not_null(policy);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		cr_expect_eq(match(policy, names[i])->scheme, SCHEME_KERNEL, "%s", names[i]);
}

Test(policy, is_builtin_under_its_exact_name)
{
	cr_expect_str_eq(policy_builtin("default")->name, "default");
	cr_expect_str_eq(policy_builtin("kernel")->name, "kernel");
	cr_expect_null(policy_builtin("kern"));
	cr_expect_null(policy_builtin("defaults"));
	cr_expect_null(policy_builtin(""));
}

Test(policy, is_transparent_when_no_scheme_but_the_kernels_is_in_it)
{
	static const struct rule kernel_rule[] = { { .pattern = "a", .scheme = SCHEME_KERNEL } };
	static const struct rule last_is_suffix[] = { { .pattern = "a", .scheme = SCHEME_KERNEL },
						      { .pattern = "b", .scheme = SCHEME_SUFFIX } };
	struct policy policy = { .rules = kernel_rule, .rule_count = 1 };

	cr_expect(policy_is_transparent(policy_builtin("kernel")));
	cr_expect_not(policy_is_transparent(policy_builtin("default")));
	cr_expect(policy_is_transparent(&policy));
	policy.fallback.scheme = SCHEME_SUFFIX;
	cr_expect_not(policy_is_transparent(&policy));
	policy = (struct policy){ .rules = last_is_suffix, .rule_count = 2 };
	cr_expect_not(policy_is_transparent(&policy));
}

Test(policy, is_not_transparent_when_it_takes_something_away)
{
	static const enum scheme schemes[] = { SCHEME_SUFFIX, SCHEME_HIDE, SCHEME_DENY, SCHEME_HOST,
					       SCHEME_UNSUPPORTED };

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		const struct rule rule = { .pattern = "a", .scheme = schemes[i] };
		const struct policy by_rule = { .rules = &rule, .rule_count = 1 };
		const struct policy by_default = { .fallback = { .scheme = schemes[i] } };

		cr_expect_not(policy_is_transparent(&by_rule));
		cr_expect_not(policy_is_transparent(&by_default));
	}
}

Test(policy, hides_names_that_no_process_inside_is_shown)
{
	static const struct {
		enum scheme scheme;
		bool hides;
	} cases[] = { { SCHEME_KERNEL, false }, { SCHEME_SUFFIX, false },
		      { SCHEME_DENY, false },	{ SCHEME_HOST, false },
		      { SCHEME_HIDE, true },	{ SCHEME_UNSUPPORTED, true } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct rule rule = { .pattern = "a", .scheme = cases[i].scheme };
		const struct policy by_rule = { .rules = &rule, .rule_count = 1 };
		const struct policy by_default = { .fallback = { .scheme = cases[i].scheme } };

		cr_expect_eq(policy_hides_names(&by_rule), cases[i].hides);
		cr_expect_eq(policy_hides_names(&by_default), cases[i].hides);
	}
	cr_expect(policy_hides_names(&(struct policy){ .store = STORE_USER }));
}

Test(policy, is_strict_by_its_mode_or_its_store)
{
	cr_expect_not(policy_is_strict(policy_builtin("default")));
	cr_expect_not(policy_is_strict(policy_builtin("kernel")));
	cr_expect(policy_is_strict(&(struct policy){ .mode = MODE_STRICT }));
	cr_expect(policy_is_strict(&(struct policy){ .store = STORE_USER }));
}

Test(policy, has_rules_that_match_or_not)
{
	const struct rule exact = { .pattern = "security.ima" }, glob = { .pattern = "security.*" };

	cr_expect(rule_matches(&exact, "security.ima", 12));
	cr_expect_not(rule_matches(&exact, "security.imaX", 13));
	cr_expect_not(rule_matches(&exact, "security.im", 11));
	cr_expect(rule_matches(&glob, "security.ima", 12));
	cr_expect(rule_matches(&glob, "security.", 9));
	cr_expect_not(rule_matches(&glob, "security", 8));
}

Test(policy, has_a_word_for_each_scheme_and_store)
{
	for (enum scheme scheme = SCHEME_KERNEL; scheme <= SCHEME_HOST; scheme++)
		cr_expect_not_null(scheme_word(scheme));
	for (enum store store = 0; store < STORE_COUNT; store++)
		cr_expect_not_null(store_word(store));
	cr_expect_str_eq(scheme_word(SCHEME_UNSUPPORTED), "unsupported");
	cr_expect_str_eq(store_word(STORE_TRUSTED), "trusted");
}
