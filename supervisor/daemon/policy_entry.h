/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_DAEMON_POLICY_ENTRY_H
#define NSXATTR_DAEMON_POLICY_ENTRY_H

/* What a set of policies is made of: for the files of daemon/policies.h alone. */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "daemon/policies.h"

struct policy_file;

/** struct entry - a policy and whose it is */
struct entry {
	struct kept_policy kept; /* the first member: what others know of it */
	struct policy_file *file; /* NULL: it is built in */
	char *text; /* likewise: what the file says */
	uid_t *users; /* who may name it, besides root */
	size_t user_count;
	const char *folder; /* the set's, and as long as it; NULL: it is built in */
	atomic_uint references;
};

/** struct policies - a set, which does not change once it is loaded */
struct policies {
	/* The folder's, by name; then what was installed, likewise; then built in. */
	struct entry *entries[POLICIES_TOTAL_MAX];
	char *folders[2];
	size_t file_count;
	size_t count;
	const struct entry *fallback;
	bool refuses_not_allowed;
};

/** entry_name() - Return: what the policy is called. */
const char *entry_name(const struct entry *entry);

/**
 * entry_new() - an entry with one owner
 * @file: whose the policy is, the entry's when there is one; NULL: it is built in
 *
 * Return: it, to kept_policy_unref(); NULL without memory.
 */
struct entry *entry_new(const struct policy *policy, struct policy_file *file);

/** entry_new_of_file() - the same of a file that says @text, which is the entry's then. */
struct entry *entry_new_of_file(struct policy_file *file, char *text, size_t length);

/** policies_find() - Return: the entry of a name; NULL. */
struct entry *policies_find(const struct policies *policies, const char *name);

/** struct unknown_name - the end of a message about a name that no policy has */
struct unknown_name {
	char text[120];
};

/** policies_suggest() - Return: what was perhaps meant, to come behind the name; "": nothing is near. */
const char *policies_suggest(const struct policies *policies, const char *name,
			     struct unknown_name *unknown);

#endif
