/* SPDX-License-Identifier: Apache-2.0 */
#include "quota.h"

#include <string.h>

#include "access.h"
#include "policy.h"

bool quota_is_limited(const struct policy *policy, const struct decision *decision)
{
	return decision->rule->limit == LIMIT_ONE || policy->attributes_per_file > 0;
}

static bool has_base(const struct decision *decision, const char *base, size_t length)
{
	return length == decision->base_length && memcmp(base, decision->base, length) == 0;
}

/* Names that only look like ours, in a class that is the kernel's, anybody may set. */
static bool is_kept_by_us(const struct policy *policy, const struct decision *decision,
			  const char *base, size_t length, size_t prefix)
{
	return decision->in_user_store == (prefix > 0) &&
	       policy_match(policy, base, length)->scheme == SCHEME_SUFFIX;
}

bool quota_admits(const struct policy *policy, const struct decision *decision, const char *stored,
		  size_t stored_length)
{
	size_t own = 0, length;
	bool is_replaced = false, has_room = true;

	for (size_t at = 0; at < stored_length; at += length + 1) {
		const char *name = stored + at;

		length = strnlen(name, stored_length - at);
		size_t prefix = decision->in_user_store ? name_in_user_store(name, length) : 0;
		struct name_parts parts = name_split(name + prefix, length - prefix);

		if (strlen(decision->name) == length && memcmp(decision->name, name, length) == 0)
			is_replaced = true;
		else if (decision->rule->limit == LIMIT_ONE &&
			 has_base(decision, name + prefix, parts.base_length))
			has_room = false;
		own += parts.form == NAME_VARIANT && parts.uid == decision->number &&
		       is_kept_by_us(policy, decision, name + prefix, parts.base_length, prefix);
	}
	if (policy->attributes_per_file > 0 && own >= policy->attributes_per_file)
		has_room = false;
	return is_replaced || has_room;
}
