/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_EXEC_STORE_H
#define NSXATTR_EXEC_STORE_H

/*
 * The operations as the view has them: a name means the own variant, and behind it those of the
 * ancestors. The caller has checked the permission (access_check()).
 */

#include <stddef.h>
#include <sys/types.h>

#include "access.h"

struct performer;
struct policy;

/** struct list_space - room for a list and its view */
struct list_space;

/** list_space_new() - NULL when there is no memory */
struct list_space *list_space_new(void);

/** struct store_context - one operation: on what, by whom and for whom; the pointers are borrowed */
struct store_context {
	const struct performer *performer;
	const struct policy *policy;
	const struct subject *subject;
	const struct decision *decision; /* but for a list; of ROUTE_STORED or ROUTE_HOST */
	struct list_space *space;
	bool is_native; /* a list is as the kernel has it, without the names that the policy hides */
};

/**
 * store_get() - get a value
 * @value: where it goes
 * @size: as the target gave it, at most XATTR_SIZE_MAX; 0 asks for the length
 */
struct outcome store_get(const struct store_context *context, void *value, size_t size);

/**
 * store_set() - set a value, within the limits of the policy
 * @flags: as the target gave them; the view judges XATTR_CREATE and XATTR_REPLACE
 */
struct outcome store_set(const struct store_context *context, const void *value, size_t size,
			 int flags);

/**
 * store_check_set() - what would the policy object to a set of a short value, without flags?
 *
 * Nothing is changed, and what the kernel would object to is not asked.
 *
 * Return: an outcome without an error: nothing.
 */
struct outcome store_check_set(const struct store_context *context);

/** store_remove() - remove the own variant, or a lent value of the host */
struct outcome store_remove(const struct store_context *context);

/**
 * store_refuse() - the error of a decision of ROUTE_REFUSED
 *
 * What the kernel objects to before it looks at the name comes first: a file system without
 * attributes, a read-only mount, an immutable inode.
 */
struct outcome store_refuse(const struct store_context *context, enum operation operation);

/**
 * store_names() - the names as they lie on the inode
 * @ret_names: each with its NUL, in @context->space
 *
 * Return: their bytes; -errno.
 */
ssize_t store_names(const struct store_context *context, const char **ret_names);

/**
 * store_list() - the names that the subject sees
 * @size: as the target gave it; 0 asks for the length
 * @ret_list: the list, in @context->space; of outcome.value bytes if @size is not 0
 */
struct outcome store_list(const struct store_context *context, size_t size, const char **ret_list);

#endif
