/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_REQUEST_SYSCALLS_H
#define NSXATTR_REQUEST_SYSCALLS_H

/* The sixteen system calls, for each ABI. */

#include <stdint.h>

#include "access.h"

/* How a call names the inode, and so where its arguments are. */
enum call_form {
	FORM_PATH, /* setxattr(path, …) */
	FORM_LINK, /* lsetxattr(path, …): a symbolic link itself */
	FORM_DESCRIPTOR, /* fsetxattr(fd, …) */
	FORM_AT, /* setxattrat(dirfd, path, at_flags, …) */
};

/** struct syscall_kind - one of the sixteen */
struct syscall_kind {
	const char *name;
	enum operation operation;
	enum call_form form;
};

/**
 * syscall_find() - which of the sixteen is this?
 * @arch: the AUDIT_ARCH_… of the notification
 * @number: its system call number
 *
 * Return: the call; NULL if it is none of them, or of an ABI that we do not know.
 */
const struct syscall_kind *syscall_find(uint32_t arch, int number);

/** syscall_knows() - do we know the numbers of this ABI? */
bool syscall_knows(uint32_t arch);

/** syscall_is_32bit() - are the arguments of this ABI 32 bits wide? */
bool syscall_is_32bit(uint32_t arch);

#endif
