/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_POLICY_SCHEMA_H
#define NSXATTR_POLICY_SCHEMA_H

#include "yaml/schema.h"

/* A policy file, which is stored in a struct policy. */
extern const struct schema policy_schema;

#endif
