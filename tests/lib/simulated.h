/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_TESTS_SIMULATED_H
#define NSXATTR_TESTS_SIMULATED_H

/*
 * User namespaces and inodes on paper, for tests of policy/. A simulated get does what exec/store.c
 * does with a decision, on a list of stored names in the place of an inode.
 */

#include <errno.h>
#include <linux/capability.h>
#include <string.h>

#include "access.h"
#include "policy.h"

#define EVERY_CAPABILITY (~(uint64_t)0)

/** struct simulated_inode - the names that lie on an inode, each with its NUL, as listxattr(2) has them */
struct simulated_inode {
	const char *names;
	size_t length;
};

/* The names of a string literal like "security.a\0security.b\0"; the NUL that C adds is no name. */
#define SIMULATED_INODE(literal) ((struct simulated_inode){ (literal), sizeof(literal) - 1 })

/** simulated_host() - the namespace in which nsxattr was started; its maps are not looked at */
static inline struct user_namespace simulated_host(void)
{
	return (struct user_namespace){ .is_host = true };
}

/**
 * simulated_userns() - a namespace below another
 * @parent: the other
 * @map: the text of its uid_map and gid_map, in the numbers of the host; one that cannot be read
 *       makes a namespace without a map
 */
static inline struct user_namespace simulated_userns(const struct user_namespace *parent,
						     const char *map)
{
	struct user_namespace userns = { .parent = parent };

	(void)id_map_parse(map, strlen(map), &userns.uids);
	userns.gids = userns.uids;
	userns.has_root = id_map_to_host(&userns.uids, 0, &userns.root);
	return userns;
}

/** simulated_decide() - access_decide() and access_locate(), where ids are their own numbers */
static inline void simulated_decide(const struct policy *policy,
				    const struct user_namespace *userns, enum operation operation,
				    const char *name, struct decision *ret_decision)
{
	const struct subject subject = { .userns = userns };

	access_decide(policy, &subject, operation, name, ret_decision);
	access_locate(&subject, operation, ret_decision);
}

/** simulated_is_virtual() - access_is_virtual(), where ids are their own numbers */
static inline bool simulated_is_virtual(const struct user_namespace *userns)
{
	const struct subject subject = { .userns = userns };

	return access_is_virtual(&subject);
}

/** simulated_find() - where a name lies on an inode. Return: its offset; -ENODATA. */
static inline long simulated_find(const struct simulated_inode *inode, const char *name)
{
	for (size_t at = 0; at < inode->length; at += strlen(inode->names + at) + 1)
		if (strcmp(inode->names + at, name) == 0)
			return (long)at;
	return -ENODATA;
}

/**
 * simulated_get() - where a get ends
 *
 * Return: the offset of the stored name whose value the subject gets; -errno.
 */
static inline long simulated_get(const struct policy *policy, const struct subject *subject,
				 const struct simulated_inode *inode, const char *name)
{
	const struct user_namespace *ancestor = subject->userns;
	const struct object object = { 0 };
	struct decision decision;

	access_decide(policy, subject, OPERATION_GET, name, &decision);
	access_locate(subject, OPERATION_GET, &decision);
	/* The kernel's own rule: no process in a namespace has the host's CAP_SYS_ADMIN. */
	if (decision.route == ROUTE_KERNEL)
		return name_is_trusted(name, strlen(name)) ? -ENODATA : simulated_find(inode, name);
	int error = access_check(subject, &object, OPERATION_GET, &decision).error;

	if (error != 0)
		return -error;
	if (decision.route == ROUTE_REFUSED)
		return -decision.error;
	long found = decision.name[0] != '\0' ? simulated_find(inode, decision.name) : -ENODATA;

	while (found == -ENODATA && decision.inherits &&
	       access_next_ancestor(&ancestor, subject->naming, decision.store, decision.base,
				    decision.base_length, decision.name))
		found = simulated_find(inode, decision.name);
	return found;
}

#endif
