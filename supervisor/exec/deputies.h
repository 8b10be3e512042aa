/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_EXEC_DEPUTIES_H
#define NSXATTR_EXEC_DEPUTIES_H

/*
 * The deputies of all containers. There are only so many of each container, and in all: a
 * container chooses how many credentials its threads have, and each deputy is a process. A deputy works
 * for one request at a time; how many may be at work for a container and a user, base/share.h says. Where
 * there are as many as there may be, the idle one that has not been used for longest makes room; where the
 * share is at work, the request waits, but no longer than for a deputy.
 *
 * Any thread.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/share.h"

#define DEPUTIES_OF_CONTAINER_MAX 32
#define DEPUTIES_MAX 512

struct credential;
struct credential_change;
struct forker;
struct deputy;
struct deputies;

/** struct deputy_role - what a deputy is */
struct deputy_role {
	struct share_holder holder;
	uint64_t userns; /* the inode number of its namespace */
	const struct credential *credential;
	const struct credential_change *change; /* how it comes to have it */
};

/**
 * deputies_new() - none yet
 * @forker: makes them, borrowed
 * @procfs: of proc_open(), borrowed
 *
 * Return: 0; -ENOMEM.
 */
int deputies_new(struct forker *forker, int procfs, struct deputies **ret_deputies);

/** deputies_forker() - Return: what makes them. */
struct forker *deputies_forker(const struct deputies *deputies);

/** deputies_free() - end all of them; none is taken. NULL is accepted. */
void deputies_free(struct deputies *deputies);

/**
 * deputies_take() - have one for a request
 * @deputies: all
 * @role: what it is to be; its change is used only if one has to be started
 * @ret_deputy: the caller's until deputies_return()
 *
 * Return: 0; -EAGAIN: all that there may be are busy, and stay so, or too many were started; -errno of deputy_new().
 */
int deputies_take(struct deputies *deputies, const struct deputy_role *role,
		  struct deputy **ret_deputy);

/** deputies_return() - the request is done. @is_of_use: if not, the deputy is ended. */
void deputies_return(struct deputies *deputies, struct deputy *deputy, bool is_of_use);

/** deputies_dismiss() - end those that nothing has needed for a second */
void deputies_dismiss(struct deputies *deputies);

/** deputies_have() - is this process one of them? */
bool deputies_have(struct deputies *deputies, pid_t process);

#endif
