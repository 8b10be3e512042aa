/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_EXEC_DEPUTY_H
#define NSXATTR_EXEC_DEPUTY_H

/*
 * A process that has the credentials of a target and makes system calls for us. It holds nothing
 * but its channel. Requests are made by us, never by a target; a target can stop or kill it.
 */

#include <linux/openat2.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "exec/attribute_call.h"

struct credential_change;
struct forker;
struct deputy;
struct share_holder;

/** deputy_serve() - what it does. See forker_body. */
void deputy_serve(int channel, void *argument, const int *fds, size_t fd_count);

/**
 * deputy_new() - start one
 * @forker: makes the process
 * @procfs: of proc_open(), used by the child only
 * @holder: who it is for
 * @change: how it comes to have its credential
 * @ret_deputy: the deputy
 *
 * Return: 0; -errno, as of forker_start().
 */
int deputy_new(struct forker *forker, int procfs, const struct share_holder *holder,
	       const struct credential_change *change, struct deputy **ret_deputy);

/** deputy_pid() - its process number */
pid_t deputy_pid(const struct deputy *deputy);

/**
 * deputy_end() - see to it that it ends
 *
 * One that is stuck in a file system may not even be killed. Return: whether it has ended; at once if it has
 * been asked before.
 */
bool deputy_end(struct deputy *deputy);

/** deputy_free() - end it; NULL is accepted. */
void deputy_free(struct deputy *deputy);

enum deputy_task {
	DEPUTY_OPEN, /* openat2(2) of the path call.name, below call.fd */
	DEPUTY_CALL, /* the attribute call */
	DEPUTY_STAT, /* statx(2) of call.fd: the basic members and the mount's number; ids of the deputy's namespace */
	DEPUTY_READ_LINK, /* readlinkat(2) of call.fd */
};

/** struct deputy_request - what a deputy is asked for; the pointers are the caller's */
struct deputy_request {
	enum deputy_task task;
	struct attribute_call call; /* the answer comes into its buffer */
	const struct open_how *how; /* of DEPUTY_OPEN */
	int *ret_fd; /* of DEPUTY_OPEN: the descriptor, the caller's */
};

/**
 * deputy_ask() - have a system call made
 * @deputy: who makes it; of no further use after a negative result
 * @ret_length: the call's result; not of DEPUTY_OPEN
 *
 * Return: 0; the positive errno of the call; -EPIPE when the deputy has died; other -errno.
 */
int deputy_ask(struct deputy *deputy, const struct deputy_request *request, size_t *ret_length);

#endif
