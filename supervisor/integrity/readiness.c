/* SPDX-License-Identifier: Apache-2.0 */
#include "integrity/readiness.h"

#include <stddef.h>

#include "policy.h"

#define INSTEAD "set 'mode: off' in its 'integrity', or name another policy"

const char *integrity_lacking(const struct policy *policy, enum integrity_starter starter)
{
	enum integrity_mode mode = policy->integrity.mode;

	if (mode == INTEGRITY_OFF || (mode == INTEGRITY_LOG && starter == STARTER_RUN))
		return NULL;
	return starter == STARTER_RUN ?
		       "wants what is executed to be refused ('mode: enforce' in its 'integrity'), which "
		       "nsxattr run does not do yet; set 'mode: log' there, or name another policy" :
		       "wants what is executed to be judged ('integrity'), which nsxattrd does not do "
		       "yet; " INSTEAD;
}
