/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BASE_EXEC_CALLS_H
#define NSXATTR_BASE_EXEC_CALLS_H

/* The one table of the calls by which a file comes to be executed. */

#include <stdint.h>

#include "base/syscalls.h"

/* How a call names the file, and so where its arguments are. */
enum exec_form {
	EXEC_PATH, /* execve(path, …) */
	EXEC_AT, /* execveat(dirfd, path, …, …, flags) */
	EXEC_MAP, /* mmap(…, …, prot, flags, fd, …) */
	EXEC_MAP_OLD, /* the same six, in the target's memory, 32 bits each */
};

/** struct exec_kind - one of them */
struct exec_kind {
	const char *name;
	enum exec_form form;
	struct syscall_numbers numbers;
	int x32; /* without the bit that marks it; -1: it is not there */
};

/**
 * exec_find() - which of them is this?
 * @arch: the AUDIT_ARCH_… of the notification
 * @number: its system call number
 *
 * Return: the call; NULL if it is none of them, or of an ABI that is not in the table.
 */
const struct exec_kind *exec_find(uint32_t arch, int number);

#endif
