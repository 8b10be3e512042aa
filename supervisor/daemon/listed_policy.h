/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_DAEMON_LISTED_POLICY_H
#define NSXATTR_DAEMON_LISTED_POLICY_H

/* What a set of policies is made of. Only the files that implement daemon/policies.h include this. */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "daemon/policies.h"

struct policy_file;

/** struct listed_policy - a policy of a set, and which users may name it */
struct listed_policy {
	struct shared_policy shared; /* the first member: what others know of it */
	struct policy_file *file; /* NULL: it is built in */
	char *text; /* of the file; likewise */
	uid_t *users; /* that may name it, besides root */
	size_t user_count;
	const char *folder; /* the set's, and as long as it; NULL: it is built in */
	atomic_uint references;
};

/** struct policies - a set, which does not change once it is loaded */
struct policies {
	/* Those of the folder, by name; then those that were installed, by name; then those that are built in. */
	struct listed_policy *list[POLICIES_TOTAL_MAX];
	char *folders[2];
	size_t file_count;
	size_t count;
	const struct listed_policy *default_policy; /* for containers that get no other */
	bool refuses_not_allowed;
};

/** listed_policy_name() - Return: what the policy is called. */
const char *listed_policy_name(const struct listed_policy *listed);

/**
 * listed_policy_new() - one with one reference
 * @file: that the policy is a part of, released with it; NULL: it is built in
 *
 * Return: it, to shared_policy_unref(); NULL without memory.
 */
struct listed_policy *listed_policy_new(const struct policy *policy, struct policy_file *file);

/** listed_policy_new_of_file() - the same of a file with this text; both are the policy's on success. */
struct listed_policy *listed_policy_new_of_file(struct policy_file *file, char *text,
						size_t length);

/** policies_find() - Return: the one of a name; NULL. */
struct listed_policy *policies_find(const struct policies *policies, const char *name);

/** struct unknown_name - the end of a message about a name that no policy has */
struct unknown_name {
	char text[120];
};

/** policies_suggest() - Return: what was perhaps meant, to come behind the name; "": nothing is near. */
const char *policies_suggest(const struct policies *policies, const char *name,
			     struct unknown_name *unknown);

#endif
