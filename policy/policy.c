/* SPDX-License-Identifier: Apache-2.0 */
#include "policy.h"

#include <stdint.h>
#include <string.h>

#include "count_of.h"

static const struct rule default_rules[] = {
	{ .pattern = "security.capability", .scheme = SCHEME_KERNEL },
	{ .pattern = "security.*", .scheme = SCHEME_SUFFIX, .inherit = INHERIT_CHAIN },
	{ .pattern = "trusted.*", .scheme = SCHEME_SUFFIX, .inherit = INHERIT_NONE },
};

#define VIRTUAL_RULES .rules = default_rules, .rule_count = COUNT_OF(default_rules)
#define ELSE_KERNEL .fallback = { .pattern = "*", .scheme = SCHEME_KERNEL }

static const struct policy builtins[] = {
	{
		.name = "default",
		.description = "security.* and trusted.* of the container's own",
		VIRTUAL_RULES,
		ELSE_KERNEL,
	},
	{
		.name = "user",
		.description = "security.* and trusted.* of the container's own, kept in user.*",
		VIRTUAL_RULES,
		ELSE_KERNEL,
		.store = STORE_USER,
	},
	{
		.name = "trusted",
		.description = "security.* and trusted.* of the container's own, kept in trusted.*",
		VIRTUAL_RULES,
		ELSE_KERNEL,
		.store = STORE_TRUSTED,
	},
	{
		.name = "kernel",
		.description = "everything left to the kernel",
		ELSE_KERNEL,
	},
};

const struct policy *policy_builtin(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(builtins); i++)
		if (strcmp(builtins[i].name, name) == 0)
			return &builtins[i];
	return NULL;
}

/*
 * How well a pattern fits a name: 0 = not at all, an exact name better than any glob, a longer
 * literal prefix better than a shorter one.
 */
static size_t fit(const char *pattern, const char *name, size_t length)
{
	size_t literal = strlen(pattern);

	if (literal > 0 && pattern[literal - 1] == '*') {
		literal--;
		return length >= literal && memcmp(pattern, name, literal) == 0 ? literal + 1 : 0;
	}
	return length == literal && memcmp(pattern, name, literal) == 0 ? SIZE_MAX : 0;
}

const struct rule *policy_match(const struct policy *policy, const char *name, size_t length)
{
	const struct rule *best = &policy->fallback;
	size_t best_fit = 0;

	for (size_t i = 0; i < policy->rule_count; i++) {
		size_t candidate = fit(policy->rules[i].pattern, name, length);

		if (candidate > best_fit) {
			best_fit = candidate;
			best = &policy->rules[i];
		}
	}
	return best;
}

bool rule_matches(const struct rule *rule, const char *name, size_t length)
{
	return fit(rule->pattern, name, length) > 0;
}

/* A racing thread could reach values in user.* by a call that was continued for another name. */
bool policy_is_strict(const struct policy *policy)
{
	return policy->mode == MODE_STRICT || policy->store == STORE_USER;
}

bool scheme_hides(enum scheme scheme)
{
	return scheme == SCHEME_HIDE || scheme == SCHEME_UNSUPPORTED;
}

bool policy_hides_names(const struct policy *policy)
{
	for (size_t i = 0; i < policy->rule_count; i++)
		if (scheme_hides(policy->rules[i].scheme))
			return true;
	return scheme_hides(policy->fallback.scheme) || policy->store == STORE_USER;
}

bool policy_is_roots(const struct policy *policy)
{
	for (size_t i = 0; i < policy->rule_count; i++)
		if (policy->rules[i].scheme == SCHEME_HOST)
			return true;
	return policy->owner > 0 || policy->integrity.mode != INTEGRITY_OFF;
}

bool policy_is_transparent(const struct policy *policy)
{
	for (size_t i = 0; i < policy->rule_count; i++)
		if (policy->rules[i].scheme != SCHEME_KERNEL)
			return false;
	return policy->fallback.scheme == SCHEME_KERNEL;
}
