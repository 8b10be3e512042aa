/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_EXEC_GUARD_H
#define NSXATTR_EXEC_GUARD_H

/*
 * Does the kernel check who sets and removes security.*?
 *
 * It refuses a process without CAP_SYS_ADMIN over the file system. Before Linux 6.10 it does not where `bpf` is
 * among its security modules, as it is on Debian 12: there every process may set and remove each name of
 * security.* on every inode that it reaches, but for security.capability, which may only be removed.
 *
 * Such a kernel does not check a call that is left to it. So no set and no remove is: a thread that exchanges
 * the name after the supervisor has seen it would change a plain name of the host's. The supervisor makes the
 * check itself (access_check_unguarded()), and a stand-in makes the change.
 */

#include <stdbool.h>

enum guard_use {
	GUARD_AUTO, /* as the kernel is */
	GUARD_NEVER, /* as if it did not check, for tests */
};

/**
 * guard_find() - does it check?
 * @use: GUARD_NEVER: then it does not
 *
 * It is tried, by a set and a remove without CAP_SYS_ADMIN, on an inode that no other process has and that is gone
 * afterwards. What cannot be tried counts as not checked. The calling thread needs its capabilities for that, if it
 * has any, and has them again afterwards. Costs some system calls.
 */
bool guard_find(enum guard_use use);

/** guard_warning() - Return: what to tell of a kernel that does not check, and the remedy; static, one line. */
const char *guard_warning(void);

/** guard_io_uring_warning() - Return: the same of a target that may use io_uring there. */
const char *guard_io_uring_warning(void);

#endif
