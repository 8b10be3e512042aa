/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_POLICY_SCHEMA_H
#define NSXATTR_POLICY_SCHEMA_H

/* The format of a policy file; it is read into the structures of policy/schema.h. */

#include "format.h"

extern const struct format policy_format;

#endif
