/* SPDX-License-Identifier: Apache-2.0 */
#include "integrity/readiness.h"

#include <stddef.h>

#include "policy.h"

#define INSTEAD "set 'mode: off' in its 'integrity', or name another policy"

/* Neither judges yet, in no mode. */
const char *integrity_lacking(const struct policy *policy, enum integrity_starter starter)
{
	if (policy->integrity.mode == INTEGRITY_OFF)
		return NULL;
	return starter == STARTER_RUN ?
		       "wants what is executed to be judged ('integrity'), which nsxattr run does not "
		       "do yet; " INSTEAD :
		       "wants what is executed to be judged ('integrity'), which nsxattrd does not do "
		       "yet; " INSTEAD;
}
