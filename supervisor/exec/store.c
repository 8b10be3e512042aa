/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/store.h"

#include <errno.h>
#include <linux/limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/xattr.h>

#include "exec/inode.h"
#include "view.h"

struct list_space {
	char stored[XATTR_LIST_MAX];
	char view[VIEW_SIZE(XATTR_LIST_MAX)];
};

struct list_space *list_space_new(void)
{
	return malloc(sizeof(struct list_space));
}

static struct outcome outcome_of(ssize_t result)
{
	return result < 0 ? outcome_error((int)-result) : outcome_value(result);
}

/* The value of the nearest ancestor that has one; -ENODATA when none has. */
static ssize_t get_inherited(const struct pinned *inode, const struct user_namespace *userns,
			     const struct decision *decision, void *value, size_t size)
{
	char name[NAME_SIZE];
	ssize_t length = -ENODATA;

	while (length == -ENODATA && decision->inherits &&
	       access_next_ancestor(&userns, decision->base, decision->base_length, name))
		length = inode_get(inode, name, value, size);
	return length;
}

struct outcome store_get(const struct pinned *inode, const struct user_namespace *userns,
			 const struct decision *decision, void *value, size_t size)
{
	ssize_t length = inode_get(inode, decision->name, value, size);

	if (length == -ENODATA)
		length = get_inherited(inode, userns, decision, value, size);
	return outcome_of(length);
}

/*
 * Is a value of an ancestor shown? Only absence makes it none: a value that cannot be read is there.
 */
static bool is_inherited(const struct pinned *inode, const struct user_namespace *userns,
			 const struct decision *decision)
{
	return get_inherited(inode, userns, decision, NULL, 0) != -ENODATA;
}

/*
 * Both flags at once: nothing is ever set, but all that the kernel checks before it looks for the
 * value is checked.
 */
static int set_contradiction(const struct pinned *inode, const struct user_namespace *userns,
			     const struct decision *decision, const void *value, size_t size)
{
	int r = inode_set(inode, decision->name, value, size, XATTR_CREATE | XATTR_REPLACE);

	return r == -ENODATA && is_inherited(inode, userns, decision) ? -EEXIST : r;
}

static int set_create(const struct pinned *inode, const struct user_namespace *userns,
		      const struct decision *decision, const void *value, size_t size)
{
	if (is_inherited(inode, userns, decision))
		return set_contradiction(inode, userns, decision, value, size);
	return inode_set(inode, decision->name, value, size, XATTR_CREATE);
}

/* Another thread may create or remove the own variant between our two steps: then again. */
static int set_replace(const struct pinned *inode, const struct user_namespace *userns,
		       const struct decision *decision, const void *value, size_t size)
{
	int r;

	do {
		r = inode_set(inode, decision->name, value, size, XATTR_REPLACE);
		if (r != -ENODATA || !is_inherited(inode, userns, decision))
			return r;
		r = inode_set(inode, decision->name, value, size, XATTR_CREATE);
	} while (r == -EEXIST);
	return r;
}

struct outcome store_set(const struct pinned *inode, const struct user_namespace *userns,
			 const struct decision *decision, const void *value, size_t size, int flags)
{
	switch (flags) {
	case XATTR_CREATE:
		return outcome_of(set_create(inode, userns, decision, value, size));
	case XATTR_REPLACE:
		return outcome_of(set_replace(inode, userns, decision, value, size));
	case XATTR_CREATE | XATTR_REPLACE:
		return outcome_of(set_contradiction(inode, userns, decision, value, size));
	default:
		return outcome_of(inode_set(inode, decision->name, value, size, flags));
	}
}

struct outcome store_remove(const struct pinned *inode, const struct decision *decision)
{
	return outcome_of(inode_remove(inode, decision->name));
}

struct outcome store_refuse(const struct pinned *inode, const struct decision *decision)
{
	if (inode_get(inode, decision->base, NULL, 0) == -EOPNOTSUPP)
		return outcome_error(EOPNOTSUPP);
	return outcome_error(decision->error);
}

struct outcome store_list(const struct pinned *inode, const struct policy *policy,
			  const struct subject *subject, struct list_space *space, size_t size,
			  const char **ret_list)
{
	ssize_t stored = inode_list(inode, space->stored, sizeof(space->stored));

	if (stored < 0)
		return outcome_error((int)-stored);
	size_t length = view_list(policy, subject, space->stored, (size_t)stored, space->view);

	if (length > XATTR_LIST_MAX)
		return outcome_error(E2BIG);
	if (size > 0 && length > size)
		return outcome_error(ERANGE);
	*ret_list = space->view;
	return outcome_value((long)length);
}
