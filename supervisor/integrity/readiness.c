/* SPDX-License-Identifier: Apache-2.0 */
#include "integrity/readiness.h"

#include <stddef.h>

#include "policy.h"

const char *integrity_lacking(const struct policy *policy, enum integrity_starter starter)
{
	if (policy->integrity.mode != INTEGRITY_ENFORCE)
		return NULL;
	return starter == STARTER_RUN ?
		       "wants what is executed to be refused ('mode: enforce' in its 'integrity'), which "
		       "nsxattr run does not do yet; set 'mode: log' there, or name another policy" :
		       "wants what is executed to be refused ('mode: enforce' in its 'integrity'), which "
		       "nsxattrd does not do yet; set 'mode: log' there, or name another policy";
}
