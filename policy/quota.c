/* SPDX-License-Identifier: Apache-2.0 */
#include "quota.h"

#include <string.h>

#include "access.h"
#include "naming.h"
#include "policy.h"

bool quota_is_limited(const struct policy *policy, const struct decision *decision)
{
	return decision->rule->limit == LIMIT_ONE || policy->attributes_per_file > 0;
}

/* Names that only look like ours, in a class that is the kernel's, anybody may set. */
static bool is_kept_by_us(const struct policy *policy, const struct stored_name *stored)
{
	return policy_match(policy, stored->base, stored->base_length)->scheme == SCHEME_SUFFIX;
}

enum reason quota_check(const struct policy *policy, const struct user_namespace *userns,
			const struct decision *decision, const char *stored, size_t stored_length)
{
	/* Of these, root of the container can set values: its own, or of a namespace in the container. */
	const struct id_map *ids = &access_container(userns)->uids;
	bool is_one = decision->rule->limit == LIMIT_ONE;
	size_t count = 0, length;

	for (size_t at = 0; at < stored_length; at += length + 1) {
		const char *name = stored + at;

		length = strnlen(name, stored_length - at);
		struct stored_name parts = { name, name_split(name, length).base_length, 0 };
		bool is_value = name_split_stored(policy->store, name, length, &parts);

		if (is_one && parts.base_length == decision->base_length &&
		    memcmp(parts.base, decision->base, parts.base_length) == 0)
			return REASON_LIMIT_ONE;
		count += is_value && is_kept_by_us(policy, &parts) &&
			 naming_covers(decision->naming, ids, parts.number);
	}
	return policy->attributes_per_file == 0 || count < policy->attributes_per_file ?
		       REASON_NONE :
		       REASON_LIMIT_ATTRIBUTES;
}
