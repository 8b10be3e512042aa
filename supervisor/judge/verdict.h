/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_JUDGE_VERDICT_H
#define NSXATTR_JUDGE_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

#include "integrity/appraise.h"

/** struct verdict - what was concluded of a file */
struct verdict {
	bool is_appraised; /* what follows counts */
	enum appraisal_cause cause; /* CAUSE_NONE: it is valid */
	int error; /* of CAUSE_UNVERIFIABLE and CAUSE_FAILURE: why, a positive errno, or 0 */
	const char *reason; /* the same in words, which last; NULL: there is no more to say */
	bool is_not_listed; /* it ought to be in the measurement list, and is not */
	bool has_keyid; /* its value is a signature */
	uint32_t keyid;
};

#endif
