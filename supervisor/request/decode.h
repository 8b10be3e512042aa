/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_REQUEST_DECODE_H
#define NSXATTR_REQUEST_DECODE_H

/*
 * The arguments of a call, in one shape for all sixteen, and what the call refers to in the target's
 * memory. Errors come in the kernel's order (fs/xattr.c), but for that of struct call_order.
 */

#include <linux/limits.h>
#include <linux/seccomp.h>
#include <sys/types.h>

#include "access.h"
#include "base/syscalls.h"

/** struct call - one call, decoded; addresses are the target's */
struct call {
	const struct syscall_kind *kind;
	pid_t tid;
	int dirfd; /* AT_FDCWD, a directory, or the descriptor that is meant */
	bool is_descriptor; /* the inode is that of dirfd: there is no path */
	bool is_cwd; /* the inode is the working directory: there is no path */
	bool follow; /* a symbolic link at the end of the path */
	unsigned int at_flags;
	uint64_t path;
	uint64_t name;
	uint64_t value; /* or the list */
	uint64_t size;
	unsigned int flags; /* of a set */
};

/**
 * call_decode() - take a notification apart
 * @notification: as received
 * @has_xattrat: of xattrat_is_there(). Without them a filter that was made elsewhere may hand them over all
 *               the same; the target gets ENOSYS then, as from the kernel.
 * @ret_call: the call
 *
 * Return: 0; the positive errno that the target gets; -ENOSYS when it is none of the sixteen.
 */
int call_decode(const struct seccomp_notif *notification, bool has_xattrat, struct call *ret_call);

/**
 * call_read_name() - the attribute's name
 * @call: a get, set or remove
 * @name: where it goes
 *
 * Return: 0; the positive errno that the target gets; -errno when the target is gone.
 */
int call_read_name(const struct call *call, char name[NAME_SIZE]);

/* A value of so many bytes at most can be read together with the name. */
#define CALL_SHORT_VALUE 512

/** call_has_short_value() - is it a set whose value can be read together with the name? */
static inline bool call_has_short_value(const struct call *call)
{
	return call->kind->operation == OPERATION_SET && call->size > 0 &&
	       call->size <= CALL_SHORT_VALUE;
}

/**
 * call_read_together() - the name, the path, if any, and the value of a set
 * @call: a get, set or remove
 * @value: where the value goes, if call_has_short_value(); NULL: it is not read
 *
 * Return: whether it was done; if not, call_read_name(), call_read_path() and call_read_value() do it.
 */
bool call_read_together(const struct call *call, char name[NAME_SIZE], char path[PATH_MAX],
			char *value);

/**
 * call_read_value() - the value of a set
 * @value: where it goes, call->size bytes
 *
 * Return: as call_read_name().
 */
int call_read_value(const struct call *call, char value[XATTR_SIZE_MAX]);

/**
 * call_read_path() - the path
 * @call: the call; one about dirfd itself if it has an empty path and AT_EMPTY_PATH
 * @path: where it goes
 *
 * Return: as call_read_name().
 */
int call_read_path(struct call *call, char path[PATH_MAX]);

/**
 * struct call_order - which of the old calls look for the inode before they look at their arguments
 *
 * Until Linux 6.12 or 6.13, depending on the call, an error of the arguments comes behind those of the path, and
 * of a read-only mount. The *xattrat calls look at their arguments first.
 */
struct call_order {
	/* By the enum operation: of calls with a path, and of those with a descriptor, as Linux 6.12 has it. */
	bool is_path_first[OPERATION_COUNT];
	bool is_descriptor_first[OPERATION_COUNT];
};

/** call_order_learn() - ask the running kernel, by calls that fail */
void call_order_learn(struct call_order *ret_order);

/** call_finds_inode_first() - is this call one of those? */
static inline bool call_finds_inode_first(const struct call_order *order, const struct call *call)
{
	const bool *is_first = call->is_descriptor ? order->is_descriptor_first :
						     order->is_path_first;

	return call->kind->form != FORM_AT && is_first[call->kind->operation];
}

/** call_is_change() - is it a set or a remove? */
static inline bool call_is_change(const struct call *call)
{
	return call->kind->operation == OPERATION_SET || call->kind->operation == OPERATION_REMOVE;
}

/**
 * call_may_be_empty_set() - can it be, or become, a set of an empty value?
 *
 * The kernel checks everything again in a call that is left to it, but for one thing: an empty value
 * of security.capability it lets pass. So a set may be left to it only if its value cannot be empty,
 * nor become so: setxattrat(2) has the size in the target's memory.
 */
static inline bool call_may_be_empty_set(const struct call *call)
{
	return call->kind->operation == OPERATION_SET &&
	       (call->size == 0 || call->kind->form == FORM_AT);
}

/** call_capped_size() - no value is larger */
static inline size_t call_capped_size(const struct call *call)
{
	return call->size < XATTR_SIZE_MAX ? call->size : XATTR_SIZE_MAX;
}

#endif
