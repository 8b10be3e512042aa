/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_DAEMON_SHARED_POLICY_H
#define NSXATTR_DAEMON_SHARED_POLICY_H

/* A policy with a count of its references: a container keeps the one that it began with. Any thread may count. */

#include <stdatomic.h>
#include <stddef.h>

#include "daemon/policy_keys.h"
#include "policy_file.h"

/** struct shared_policy - read only but for the count */
struct shared_policy {
	const struct policy *policy; /* as long as there is a reference */
	char *text; /* of its file; NULL: it is built in */
	size_t length; /* of the text */
	struct policy_file *file; /* that @policy is a part of; likewise */
	struct policy_keys *keys; /* NULL: it judges nothing, or its keys were not read */
	atomic_uint references;
};

/**
 * shared_policy_new() - share the policy of a file
 * @file, @text, @keys: they are the policy's, or released on failure; @keys may be NULL
 *
 * Return: the policy with one reference, to shared_policy_unref(); NULL without memory.
 */
struct shared_policy *shared_policy_new(struct policy_file *file, char *text, size_t length,
					struct policy_keys *keys);

/** shared_policy_new_builtin() - the same of one that is built in. Return: NULL also if none has this name. */
struct shared_policy *shared_policy_new_builtin(const char *name);

/** shared_policy_load() - the same of a file's text. Return: NULL also if it has mistakes. */
struct shared_policy *shared_policy_load(const char *name, char *text, size_t length,
					 struct policy_keys *keys);

/** shared_policy_ref() - one reference more. Return: @shared. */
struct shared_policy *shared_policy_ref(struct shared_policy *shared);

/** shared_policy_unref() - one reference less; NULL is accepted. */
void shared_policy_unref(struct shared_policy *shared);

#endif
