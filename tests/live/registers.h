/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a traced thread that stands before a system call, or behind it, has in its registers. Each machine has other
 * ones, and another way to change them.
 */
#ifndef NSXATTR_TESTS_LIVE_REGISTERS_H
#define NSXATTR_TESTS_LIVE_REGISTERS_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/user.h>

/** struct registers - of a thread that has stopped for a system call */
struct registers {
	long number;
	uint64_t second; /* its second argument, also behind the call */
	long result; /* behind the call */
};

static inline bool registers_get(pid_t tid, struct user_regs_struct *ret_all)
{
	struct iovec all = { ret_all, sizeof(*ret_all) };

	return ptrace(PTRACE_GETREGSET, tid, (void *)NT_PRSTATUS, &all) == 0;
}

#if defined(__x86_64__)

static inline bool registers_look(pid_t tid, struct registers *ret_registers)
{
	struct user_regs_struct all;

	if (!registers_get(tid, &all))
		return false;
	*ret_registers = (struct registers){ (long)all.orig_rax, all.rsi, (long)all.rax };
	return true;
}

/* Before a call: make another one. */
static inline void registers_set_number(pid_t tid, long number)
{
	(void)ptrace(PTRACE_POKEUSER, tid, offsetof(struct user, regs.orig_rax), number);
}

/* Behind a call: have it come to this. */
static inline void registers_set_result(pid_t tid, long result)
{
	(void)ptrace(PTRACE_POKEUSER, tid, offsetof(struct user, regs.rax), result);
}

#elif defined(__aarch64__)

#ifndef NT_ARM_SYSTEM_CALL
#define NT_ARM_SYSTEM_CALL 0x404
#endif

static inline bool registers_look(pid_t tid, struct registers *ret_registers)
{
	struct user_regs_struct all;

	if (!registers_get(tid, &all))
		return false;
	*ret_registers = (struct registers){ (long)all.regs[8], all.regs[1], (long)all.regs[0] };
	return true;
}

/* The kernel has the number in a place of its own by now. */
static inline void registers_set_number(pid_t tid, long number)
{
	int of_call = (int)number;
	struct iovec one = { &of_call, sizeof(of_call) };

	(void)ptrace(PTRACE_SETREGSET, tid, (void *)NT_ARM_SYSTEM_CALL, &one);
}

static inline void registers_set_result(pid_t tid, long result)
{
	struct user_regs_struct all;
	struct iovec changed = { &all, sizeof(all) };

	if (!registers_get(tid, &all))
		return;
	all.regs[0] = (unsigned long)result;
	(void)ptrace(PTRACE_SETREGSET, tid, (void *)NT_PRSTATUS, &changed);
}

#endif

#endif
