/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BASE_SYSCALLS_H
#define NSXATTR_BASE_SYSCALLS_H

/* The one table of the sixteen attribute calls. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>

#include "access.h"

/* The four that take a directory: Linux 6.13, with one number on every ABI, which older headers do not know. */
#ifndef SYS_setxattrat
#define SYS_setxattrat 463
#define SYS_getxattrat 464
#define SYS_listxattrat 465
#define SYS_removexattrat 466
#endif

/** struct args_at - struct xattr_args of the kernel, in its first version (Linux 6.13) */
struct args_at {
	uint64_t value;
	uint32_t size;
	uint32_t flags;
};

_Static_assert(sizeof(struct args_at) == 16, "as the kernel has it");

/* How a call names the inode, and so where its arguments are. */
enum call_form {
	FORM_PATH, /* setxattr(path, …) */
	FORM_LINK, /* lsetxattr(path, …): a symbolic link itself */
	FORM_DESCRIPTOR, /* fsetxattr(fd, …) */
	FORM_AT, /* setxattrat(dirfd, path, at_flags, …) */
};

/* x32 shares the architecture of x86-64, and is told from it by this bit of the number. */
#define SYSCALL_X32_BIT 0x40000000

/** struct syscall_numbers - those of a call on each ABI; -1: it is not there */
struct syscall_numbers {
	int x86_64;
	int ia32; /* not "i386", which is a macro where the compiler is for it */
	int aarch64;
	int arm; /* EABI: an arm64 kernel runs no other */
};

/** syscall_number() - the one of this AUDIT_ARCH_…; -1: the call, or the ABI, is not there */
int syscall_number(const struct syscall_numbers *numbers, uint32_t arch);

/** struct syscall_kind - one of the sixteen; on x32 they have the numbers of x86-64, with the bit */
struct syscall_kind {
	const char *name;
	enum operation operation;
	enum call_form form;
	struct syscall_numbers numbers;
};

#define SYSCALL_COUNT 16
#define SYSCALL_OLD_COUNT 12 /* so many come first; the *xattrat calls follow */

extern const struct syscall_kind syscall_kinds[SYSCALL_COUNT];

/** syscall_names() - the names of the table, in its order */
void syscall_names(const char *ret_names[SYSCALL_COUNT]);

/**
 * syscall_find() - which of the sixteen is this?
 * @arch: the AUDIT_ARCH_… of the notification
 * @number: its system call number
 *
 * Return: the call; NULL if it is none of them, or of an ABI that is not in the table.
 */
const struct syscall_kind *syscall_find(uint32_t arch, int number);

/** syscall_knows() - is this ABI in the table? */
bool syscall_knows(uint32_t arch);

/** syscall_is_32bit() - are the arguments of this ABI 32 bits wide? */
bool syscall_is_32bit(uint32_t arch);

/** xattrat_is_there() - does the running kernel have the *xattrat calls? It is asked, by a call that fails. */
bool xattrat_is_there(void);

#endif
