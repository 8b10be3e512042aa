/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_EXEC_PERFORMER_H
#define NSXATTR_EXEC_PERFORMER_H

/* Who makes the attribute calls on a pinned inode: this thread with its own privilege, or a stand-in. */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "exec/pinned.h"
#include "reason.h"

struct attribute_call;
struct awaited;
struct effect;
struct standin;

/** struct performer - an inode, and who makes calls on it; all of it is borrowed */
struct performer {
	const struct pinned *inode;
	int directory; /* of attribute_open_directory() */
	struct standin *standin; /* NULL: this thread makes the calls */
	struct effect *effect; /* where changes are written down; NULL: nowhere */
	struct awaited
		*awaited; /* the calls of one that may wait without a thread; NULL: it has one */
	const atomic_bool *is_barred; /* with an effect: no change is to be begun; NULL: never */
	enum reason *reason; /* why the last call has failed, if it has; NULL: nobody asks */
};

/** performer_note() - it was for this reason that a call was not made, or has failed. Return: @error. */
int performer_note(const struct performer *performer, int error, enum reason reason);

/** performer_reason() - why the last call has failed */
enum reason performer_reason(const struct performer *performer);

/**
 * performer_call() - have a call made on the inode
 * @call: its descriptor is filled in
 *
 * Return: its result; -errno. What fails on our side is -EPERM, but for a change of which is not known whether a
 * deputy has made it: -ETIMEDOUT.
 */
ssize_t performer_call(const struct performer *performer, struct attribute_call *call);

/** performer_get() - getxattr(2). Return: the value's length; -errno, -E2BIG where the kernel gives it. */
ssize_t performer_get(const struct performer *performer, const char *name, void *value,
		      size_t size);

/** performer_list() - listxattr(2). Return: the list's length; -errno. */
ssize_t performer_list(const struct performer *performer, char *list, size_t size);

#endif
