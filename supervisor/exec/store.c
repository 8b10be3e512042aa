/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/store.h"

#include <errno.h>
#include <linux/limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/xattr.h>

#include "exec/inode.h"
#include "policy.h"
#include "quota.h"
#include "view.h"

/* How often a set with XATTR_REPLACE begins again. */
#define REPLACE_ATTEMPTS 8

/* Touched as far as lists are long, so that most of it takes no memory. */
struct list_space {
	char stored[XATTR_LIST_MAX];
	char view[VIEW_SIZE(XATTR_LIST_MAX)];
	char sorted[VIEW_SIZE(XATTR_LIST_MAX)];
	uint32_t offsets[NAME_LIST_COUNT_MAX(VIEW_SIZE(XATTR_LIST_MAX))];
};

struct list_space *list_space_new(void)
{
	return malloc(sizeof(struct list_space));
}

/* Of the last call that the performer has made. */
static struct outcome outcome_of(const struct store_context *context, ssize_t result)
{
	return result < 0 ? outcome_refused((int)-result, performer_reason(context->performer)) :
			    outcome_value(result);
}

ssize_t store_names(const struct store_context *context, const char **ret_names)
{
	struct list_space *space = context->space;
	ssize_t length = performer_list(context->performer, space->stored, sizeof(space->stored));

	*ret_names = space->stored;
	return length;
}

/*
 * Values in user.* cannot be read where the file cannot: there the store has none, and the chain
 * goes on to the host's plain name, which every process can read.
 */
static ssize_t get_stored(const struct store_context *context, const char *name, void *value,
			  size_t size)
{
	ssize_t length = performer_get(context->performer, name, value, size);

	return length == -EACCES && context->decision->store == STORE_USER ? -ENODATA : length;
}

/* The value of the nearest ancestor that has one; -ENODATA when none has. */
static ssize_t get_inherited(const struct store_context *context, void *value, size_t size)
{
	const struct user_namespace *userns = context->subject->userns;
	const struct decision *decision = context->decision;
	char name[NAME_SIZE];
	ssize_t length = -ENODATA;

	while (length == -ENODATA && decision->inherits &&
	       access_next_ancestor(&userns, decision->naming, decision->store, decision->base,
				    decision->base_length, name))
		length = get_stored(context, name, value, size);
	return length;
}

struct outcome store_get(const struct store_context *context, void *value, size_t size)
{
	const struct decision *decision = context->decision;
	ssize_t length = -ENODATA;

	if (decision->name[0] != '\0')
		length = get_stored(context, decision->name, value, size);
	if (length == -ENODATA)
		length = get_inherited(context, value, size);
	if (length == -ENODATA)
		return outcome_refused(ENODATA, REASON_ABSENT);
	return outcome_of(context, length);
}

/*
 * Does a target find something under the name, its own value or one that it inherits? What may not be read is
 * there.
 *
 * Return: 1, 0; -errno: it cannot be told.
 */
static int is_shown(const struct store_context *context)
{
	ssize_t length = performer_get(context->performer, context->decision->name, NULL, 0);

	if (length == -ENODATA)
		length = get_inherited(context, NULL, 0);
	if (length == -ENODATA)
		return 0;
	return length >= 0 || length == -EACCES || length == -EPERM ? 1 : (int)length;
}

/*
 * Names that are never there, for nothing of ours makes such ones: what the kernel objects to a change
 * of one, it objects to a change of any name of that class.
 */
static const char *absent_name(const struct decision *decision)
{
	/* There the namespace's own root asks, who may not touch the other classes. */
	if (decision->store == STORE_USER)
		return "user.nsxattr.@";
	if (name_is_class(decision->base, decision->base_length))
		return decision->base;
	if (decision->store == STORE_TRUSTED)
		return "trusted.nsxattr.@";
	return name_is_trusted(decision->base, decision->base_length) ? "trusted.nsxattr@" :
									"security.nsxattr@";
}

/* A change is refused: what the kernel objects to before it looks for the attribute comes first. */
static struct outcome refuse_change(const struct store_context *context, struct outcome outcome)
{
	int r = inode_remove_absent(context->performer, absent_name(context->decision));

	return r == 0 ? outcome : outcome_of(context, r);
}

/* What a file system does not take in a set goes to the LSM, which has no place for it either. */
static struct outcome refuse_set(const struct store_context *context, struct outcome outcome)
{
	outcome = refuse_change(context, outcome);
	if (outcome.error == EAGAIN)
		outcome.error = EOPNOTSUPP;
	return outcome;
}

/* The flags are judged by the view. No file system is asked: some write before they object. */
static struct outcome check_flags(const struct store_context *context, int flags)
{
	int shown = flags == 0 ? 0 : is_shown(context);

	if (shown < 0)
		return outcome_of(context, shown);
	if (shown && (flags & XATTR_CREATE))
		return outcome_refused(EEXIST, REASON_EXISTS);
	return !shown && (flags & XATTR_REPLACE) ? outcome_refused(ENODATA, REASON_ABSENT) :
						   outcome_value(0);
}

/*
 * What is inherited is replaced by an own value. A container with another supervisor may create or
 * remove the own value between our two steps: then again, but not as often as it likes.
 */
static int set_replace(const struct store_context *context, const void *value, size_t size)
{
	const char *name = context->decision->name;
	int r = -ENODATA;

	for (int attempt = 0; attempt < REPLACE_ATTEMPTS; attempt++) {
		r = inode_set(context->performer, name, value, size, XATTR_REPLACE);
		if (r != -ENODATA)
			return r;
		r = inode_set(context->performer, name, value, size, XATTR_CREATE);
		if (r != -EEXIST)
			return r;
	}
	return r;
}

/*
 * A value that is there is replaced, whatever the limits are. For one more value all names are looked at; where
 * there are more than a list can have (XATTR_LIST_MAX), that cannot be told, and there is none.
 */
static struct outcome check_quota(const struct store_context *context)
{
	const struct decision *decision = context->decision;
	const char *names;

	if (!quota_is_limited(context->policy, decision) ||
	    performer_get(context->performer, decision->name, NULL, 0) >= 0)
		return outcome_value(0);
	ssize_t length = store_names(context, &names);
	enum reason reason = length < 0 ? REASON_LIMIT_ATTRIBUTES :
					  quota_check(context->policy, context->subject->userns,
						      decision, names, (size_t)length);

	return reason == REASON_NONE ? outcome_value(0) : outcome_refused(EDQUOT, reason);
}

static struct outcome check_value(const struct store_context *context, size_t size)
{
	uint32_t value_size = context->policy->value_size;

	if (context->decision->store == STORE_USER &&
	    !inode_holds_user_attributes(context->performer))
		return outcome_refused(EOPNOTSUPP, REASON_KIND);
	if (value_size > 0 && size > value_size)
		return outcome_refused(E2BIG, REASON_LIMIT_SIZE);
	return outcome_value(0);
}

struct outcome store_check_set(const struct store_context *context)
{
	const struct outcome outcome = check_value(context, 0);

	return outcome.error ? outcome : check_quota(context);
}

static struct outcome set_own(const struct store_context *context, const void *value, size_t size,
			      int flags)
{
	const struct decision *decision = context->decision;
	struct outcome outcome = check_value(context, size);

	if (outcome.error != 0)
		return outcome;
	outcome = check_flags(context, flags);
	if (outcome.error == 0)
		outcome = check_quota(context);
	if (outcome.error != 0)
		return refuse_set(context, outcome);
	int r = flags == XATTR_REPLACE ?
			set_replace(context, value, size) :
			inode_set(context->performer, decision->name, value, size, flags);

	return outcome_of(context, r);
}

static struct outcome set_host(const struct store_context *context, const void *value, size_t size,
			       int flags)
{
	const struct decision *decision = context->decision;
	struct outcome outcome = check_flags(context, flags);

	if (outcome.error != 0)
		return refuse_set(context, outcome);
	return outcome_of(context, inode_set_host(context->performer, decision->rule,
						  decision->name, value, size, flags));
}

struct outcome store_set(const struct store_context *context, const void *value, size_t size,
			 int flags)
{
	return context->decision->route == ROUTE_HOST ? set_host(context, value, size, flags) :
							set_own(context, value, size, flags);
}

struct outcome store_remove(const struct store_context *context)
{
	const struct decision *decision = context->decision;
	int r = decision->route == ROUTE_HOST ?
			inode_remove_host(context->performer, decision->rule, decision->name) :
			inode_remove(context->performer, decision->name);

	if (r == -ENODATA)
		return outcome_refused(ENODATA, REASON_ABSENT);
	return outcome_of(context, r);
}

struct outcome store_refuse(const struct store_context *context, enum operation operation)
{
	const struct decision *decision = context->decision;
	const struct outcome outcome = outcome_refused(decision->error, decision->reason);

	if (operation == OPERATION_SET)
		return refuse_set(context, outcome);
	if (operation == OPERATION_REMOVE)
		return refuse_change(context, outcome);
	/* A get that the kernel would refuse before it looks at the name. */
	ssize_t r = performer_get(context->performer, decision->base, NULL, 0);

	return r == -EOPNOTSUPP || r == -EBADF ? outcome_of(context, r) : outcome;
}

/*
 * On a tmpfs the place of a name follows from the name. There what is shown has the place of the name
 * that it is shown by, as it would have without us; elsewhere that of the name that it is stored by.
 */
static const char *in_order(const struct store_context *context, size_t stored, size_t length)
{
	struct list_space *space = context->space;
	enum name_list_order order = name_list_order(space->stored, stored);

	if (order == NAME_LIST_UNORDERED || !inode_lists_by_name(context->performer->inode))
		return space->view;
	name_list_sort(space->view, length, order, space->offsets, space->sorted);
	return space->sorted;
}

struct outcome store_list(const struct store_context *context, size_t size, const char **ret_list)
{
	struct list_space *space = context->space;
	const char *names;
	ssize_t stored = store_names(context, &names);

	if (stored < 0)
		return outcome_of(context, stored);
	size_t length = context->is_native ? view_list_natively(context->policy, names,
								(size_t)stored, space->view) :
					     view_list(context->policy, context->subject, names,
						       (size_t)stored, space->offsets, space->view);

	if (size > 0 && length > size)
		return outcome_refused(size < XATTR_LIST_MAX ? ERANGE : E2BIG, REASON_BUFFER);
	if (size > 0 && length > XATTR_LIST_MAX)
		return outcome_refused(E2BIG, REASON_BUFFER);
	*ret_list = size > 0 ? in_order(context, (size_t)stored, length) : space->view;
	return outcome_value((long)length);
}
