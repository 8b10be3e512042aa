/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_EXEC_HELPER_H
#define NSXATTR_EXEC_HELPER_H

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
struct helper;
struct share_holder;

/** helper_serve() - what it does. See forker_body. */
void helper_serve(int channel, void *argument, const int *fds, size_t fd_count);

/**
 * helper_new() - start one
 * @forker: makes the process
 * @procfs: of proc_open(), used by the child only
 * @holder: who it is for
 * @change: how it comes to have its credential
 * @ret_helper: the helper
 *
 * Return: 0; -errno, as of forker_start().
 */
int helper_new(struct forker *forker, int procfs, const struct share_holder *holder,
	       const struct credential_change *change, struct helper **ret_helper);

/** helper_pid() - its process number */
pid_t helper_pid(const struct helper *helper);

/**
 * helper_end() - see to it that it ends
 *
 * One that is stuck in a file system may not even be killed. Return: whether it has ended; at once if it has
 * been asked before.
 */
bool helper_end(struct helper *helper);

/** helper_free() - end it; NULL is accepted. */
void helper_free(struct helper *helper);

enum helper_task {
	HELPER_OPEN, /* openat2(2) of the path call.name, below call.fd */
	HELPER_CALL, /* the attribute call */
	HELPER_STAT, /* statx(2) of call.fd: the basic members and the mount's number; ids of the helper's namespace */
	HELPER_READ_LINK, /* readlinkat(2) of call.fd */
};

/** struct helper_request - what a helper is asked for; the pointers are the caller's */
struct helper_request {
	enum helper_task task;
	struct attribute_call call; /* the answer comes into its buffer */
	const struct open_how *how; /* of HELPER_OPEN */
	int *ret_fd; /* of HELPER_OPEN: the descriptor, the caller's */
};

/**
 * helper_ask() - have a system call made
 * @helper: who makes it; of no further use after a negative result
 * @ret_length: the call's result; not of HELPER_OPEN
 *
 * Return: 0; the positive errno of the call; -EPIPE when the helper has died; other -errno.
 */
int helper_ask(struct helper *helper, const struct helper_request *request, size_t *ret_length);

#endif
