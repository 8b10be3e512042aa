/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_EXEC_HELPER_H
#define NSXATTR_EXEC_HELPER_H

/*
 * A process that has the credentials of a target and makes system calls for us. It holds nothing
 * but its channel. Requests are made by us, never by a target; a target can stop or kill it.
 */

#include <linux/openat2.h>
#include <stddef.h>

struct credential;
struct helper;

enum helper_operation {
	HELPER_OPEN, /* openat2(base, path, how) */
	HELPER_SETXATTR, /* setxattr(base itself, name, value, flags) */
};

/** struct helper_request - one system call to make; the pointers are the caller's */
struct helper_request {
	enum helper_operation operation;
	struct open_how how; /* of HELPER_OPEN */
	int flags; /* of HELPER_SETXATTR */
	const char *path; /* HELPER_OPEN: the path; HELPER_SETXATTR: the attribute's name */
	const void *value; /* of HELPER_SETXATTR */
	size_t size;
};

/** helper_new() - start one. Return: 0; -errno. */
int helper_new(const struct credential *credential, int userns, struct helper **ret_helper);

/** helper_free() - end it; NULL is accepted. */
void helper_free(struct helper *helper);

/**
 * helper_ask() - have a system call made
 * @helper: who makes it; of no further use after a negative result
 * @request: which one
 * @base: the descriptor that it is made on
 * @ret_fd: of HELPER_OPEN: the descriptor, the caller's; else NULL
 *
 * Return: 0; the positive errno of the call; -EPIPE when the helper has died; other -errno.
 */
int helper_ask(struct helper *helper, const struct helper_request *request, int base, int *ret_fd);

#endif
