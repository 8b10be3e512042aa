/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_POLICY_INTEGRITY_SCHEMA_H
#define NSXATTR_POLICY_INTEGRITY_SCHEMA_H

/* The part 'integrity' of a policy file; it is stored in struct integrity. */

#include "yaml/walk.h"

#define INTEGRITY_FIELDS 6

extern const struct schema integrity_fields[INTEGRITY_FIELDS];

/** check_integrity() - hook: does what it says go together, and with the rest of the policy? */
schema_hook check_integrity;

#endif
