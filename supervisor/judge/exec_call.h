/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_JUDGE_EXEC_CALL_H
#define NSXATTR_JUDGE_EXEC_CALL_H

/* The arguments of a call by which a file comes to be executed, in one shape for all of them. */

#include <linux/limits.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/exec_calls.h"

/** struct exec_call - one call, decoded; addresses are the target's */
struct exec_call {
	const struct exec_kind *kind;
	pid_t tid;
	bool maps; /* the file is mapped, not executed */
	int dirfd; /* AT_FDCWD, a directory, or the descriptor that is meant */
	bool is_descriptor; /* the file is that of dirfd: there is no path */
	bool is_cwd; /* the file is the working directory: there is no path */
	bool follow; /* a symbolic link at the end of the path */
	bool may_be_empty; /* AT_EMPTY_PATH */
	uint64_t path;
};

/**
 * exec_call_is() - is it a call by which a file can come to be executed?
 * @notification: as received
 */
bool exec_call_is(const struct seccomp_notif *notification);

/**
 * exec_call_decode() - take a notification apart
 * @notification: of such a call
 * @ret_call: the call
 *
 * Return: 0; a positive errno: no file is executed, whatever the kernel says of the call; -errno when the target is gone.
 */
int exec_call_decode(const struct seccomp_notif *notification, struct exec_call *ret_call);

/**
 * exec_call_read_path() - the path, if there is one; else the call becomes one about dirfd
 *
 * Return: as exec_call_decode().
 */
int exec_call_read_path(struct exec_call *call, char path[PATH_MAX]);

#endif
