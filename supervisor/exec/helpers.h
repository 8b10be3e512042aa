/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_EXEC_HELPERS_H
#define NSXATTR_EXEC_HELPERS_H

/*
 * The helper processes of all containers. There are only so many of each container, and in all: a
 * container chooses how many credentials its threads have, and each helper is a process. A helper works
 * for one request at a time; how many may be at work for a container and a user, base/share.h says. Where
 * there are as many as there may be, the idle one that has not been used for longest makes room; where the
 * share is at work, the request waits, but no longer than for a helper.
 *
 * Any thread.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/share.h"

#define HELPERS_OF_CONTAINER_MAX 32
#define HELPERS_MAX 512

struct credential;
struct credential_change;
struct forker;
struct helper;
struct helpers;

/** struct helper_role - what a helper is */
struct helper_role {
	struct share_holder holder;
	uint64_t userns; /* the inode number of its namespace */
	const struct credential *credential;
	const struct credential_change *change; /* how it comes to have it */
};

/**
 * helpers_new() - none yet
 * @forker: makes them, borrowed
 * @procfs: of proc_open(), borrowed
 *
 * Return: 0; -ENOMEM.
 */
int helpers_new(struct forker *forker, int procfs, struct helpers **ret_helpers);

/** helpers_forker() - Return: what makes them. */
struct forker *helpers_forker(const struct helpers *helpers);

/** helpers_free() - end all of them; none is taken. NULL is accepted. */
void helpers_free(struct helpers *helpers);

/**
 * helpers_take() - have one for a request
 * @helpers: all
 * @role: what it is to be; its change is used only if one has to be started
 * @ret_helper: the caller's until helpers_return()
 *
 * Return: 0; -EAGAIN: all that there may be are busy, and stay so, or too many were started; -errno of helper_new().
 */
int helpers_take(struct helpers *helpers, const struct helper_role *role,
		 struct helper **ret_helper);

/** helpers_return() - the request is done. @is_of_use: if not, the helper is ended. */
void helpers_return(struct helpers *helpers, struct helper *helper, bool is_of_use);

/** helpers_dismiss() - end those that nothing has needed for a second */
void helpers_dismiss(struct helpers *helpers);

/** helpers_have() - is this process one of them? */
bool helpers_have(struct helpers *helpers, pid_t process);

#endif
