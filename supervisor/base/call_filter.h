/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BASE_CALL_FILTER_H
#define NSXATTR_BASE_CALL_FILTER_H

/* Seccomp filters from tables: for the targets (attach/filter.c), and for ourselves (base/allowed_calls.c). */

#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>

/** struct call_condition - what an argument must be for a rule to count; the kernel sees 64 bits of it */
struct call_condition {
	enum {
		ARGUMENT_ANY,
		ARGUMENT_IS,
		ARGUMENT_IS_WITHOUT, /* none of the bits of @value is set */
		ARGUMENT_HAS, /* all of the bits of @value are set */
		ARGUMENT_BELOW,
	} test;
	unsigned int argument; /* from 0 on */
	uint64_t value;
};

/** struct call_rule - system calls, and what becomes of them */
struct call_rule {
	/* Its name; or several, with blanks between them. One that only another ABI has is of that ABI. */
	const char *call;
	/* Above 0: its number on every ABI, if libseccomp does not know the name. */
	int number;
	struct call_condition condition;
	struct call_condition also; /* of another argument; it must be so, too */
	uint32_t action; /* SECCOMP_RET_* of linux/seccomp.h */
};

/** struct call_filter - a whole filter */
struct call_filter {
	/* Those that the machine does not have are left out. */
	const struct call_rule *rules;
	size_t rule_count;
	/* As seccomp_arch_resolve_name(3) has it: "x86_64", "x86", "x32", "aarch64", "arm". The machine's own is among
	 * them in any case. */
	const char *const *abis;
	size_t abi_count;
	uint32_t otherwise; /* the action for a call without a rule that counts */
	uint32_t other_abi; /* the action for a call of an ABI that is not among them */
	size_t room; /* so many instructions in front are left zero, for the caller to write */
};

/**
 * call_filter_build() - make the program of a filter
 * @filter: the filter
 * @ret_program: its program; call_filter_done() it
 *
 * Return: 0; -errno, of libseccomp or the system.
 */
int call_filter_build(const struct call_filter *filter, struct sock_fprog *ret_program);

/** call_filter_done() - release what call_filter_build() made; a zeroed one is accepted */
void call_filter_done(struct sock_fprog *program);

/**
 * call_filter_install() - put the calling thread, and all that descends from it, under a filter
 * @flags: SECCOMP_FILTER_FLAG_*
 *
 * Needs no_new_privs, or CAP_SYS_ADMIN in the user namespace.
 *
 * Return: 0, or the listener that the flags ask for; -errno.
 */
int call_filter_install(const struct sock_fprog *program, unsigned long flags);

/**
 * call_filter_name() - what libseccomp calls a system call
 * @abi: as in struct call_filter; also "arm"
 * @number: its number there; for x32 without the bit that marks it
 *
 * Return: its name, the caller's to free(3); NULL: there is none.
 */
char *call_filter_name(const char *abi, unsigned int number);

#endif
