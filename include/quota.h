/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_QUOTA_H
#define NSXATTR_QUOTA_H

/* How many values a policy lets lie on one inode. */

#include <stdbool.h>
#include <stddef.h>

#include "reason.h"

struct decision;
struct policy;
struct user_namespace;

/** quota_is_limited() - is there any limit that quota_check() would look at? */
bool quota_is_limited(const struct policy *policy, const struct decision *decision);

/**
 * quota_check() - may one more value be set?
 * @policy: the container's policy
 * @userns: of the subject
 * @decision: of ROUTE_STORED; nothing is stored under its name
 * @stored: the inode's names, each with its NUL, as listxattr(2) gives them
 * @stored_length: bytes of @stored
 *
 * Return: REASON_LIMIT_ONE when the rule has LIMIT_ONE and a value of this name is there, the host's included;
 * REASON_LIMIT_ATTRIBUTES when the namespaces of the container, together, keep as many values as attributes_per_file;
 * REASON_NONE.
 */
enum reason quota_check(const struct policy *policy, const struct user_namespace *userns,
			const struct decision *decision, const char *stored, size_t stored_length);

#endif
