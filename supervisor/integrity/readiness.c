/* SPDX-License-Identifier: Apache-2.0 */
#include "integrity/readiness.h"

#include <stddef.h>

#include "policy.h"

/* A line in the log is for the one who executes. */
static bool has_rule_on_subject(const struct integrity *integrity)
{
	const unsigned int subject = IF_UID | IF_EUID | IF_GID | IF_EGID;

	for (size_t i = 0; i < integrity->rule_count; i++)
		if (integrity->rules[i].kind != KIND_AUDIT &&
		    (integrity->rules[i].conditions & subject))
			return true;
	return false;
}

const char *integrity_lacking(const struct policy *policy)
{
	if (policy->integrity.mode != INTEGRITY_ENFORCE)
		return NULL;
	return has_rule_on_subject(&policy->integrity) ?
		       "wants what is executed to be refused ('mode: enforce' in its 'integrity'), and for "
		       "some of it by uid=, euid=, gid= or egid=, which cannot be done yet, for a verdict is "
		       "for all processes of a container; leave these conditions out, or set 'mode: log'" :
		       NULL;
}
