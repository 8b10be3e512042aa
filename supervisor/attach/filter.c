/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * libseccomp (base/call_filter.c) knows the twelve old calls by name on every ABI and writes a well-ordered
 * filter, but it knows neither the four *xattrat calls (Linux 6.13) nor WAIT_KILLABLE_RECV (Linux 5.19). So a
 * few instructions for the *xattrat numbers are put in front of its program (BPF jumps are relative, what
 * follows stays valid). A kernel without these calls answers them itself, with ENOSYS: there none are put.
 *
 * remap_file_pages maps anew without PROT_EXEC among its arguments, and under READ_IMPLIES_EXEC to be executed; a kernel
 * without the correction of CVE-2024-47745 asks no security module about it. No program needs it since Linux 4.0,
 * which only imitates it. So it is not there (ENOSYS) where maps are judged.
 *
 * An mmap is told from others by its registers. Only the oldest of i386 has its arguments in memory, where no filter
 * sees them: as libseccomp would look at registers there, too, a few more instructions notify of each.
 *
 * WAIT_KILLABLE_RECV: without it any signal to the target aborts a call that is already being
 * worked on, the kernel restarts it, and a second XATTR_CREATE finds the first one's work.
 *
 * A call of an unknown ABI passes: it then has the kernel's own answer, which for the attributes
 * that nsxattr is about is a refusal.
 */
#include "attach/filter.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/call_filter.h"
#include "base/syscalls.h"
#include "count_of.h"

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

#define LISTENER_FLAGS (SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV)

/* On x32 with SYSCALL_X32_BIT. */
#define XATTRAT_FIRST SYS_setxattrat
#define XATTRAT_END (SYS_removexattrat + 1)

struct abi {
	uint32_t arch; /* the kernel's */
	uint32_t number_bits;
};

#if defined(__x86_64__)
#define OLD_MMAP 90 /* of i386 */
static const char *const abi_names[] = { "x86_64", "x86", "x32" };
static const struct abi abis[] = {
	{ AUDIT_ARCH_X86_64, 0 },
	{ AUDIT_ARCH_I386, 0 },
	{ AUDIT_ARCH_X86_64, SYSCALL_X32_BIT },
};
#elif defined(__aarch64__)
static const char *const abi_names[] = { "aarch64", "arm" };
static const struct abi abis[] = { { AUDIT_ARCH_AARCH64, 0 }, { AUDIT_ARCH_ARM, 0 } };
#else
#error "the system calls of this machine are not in the table"
#endif

/* Two instructions that most calls walk through, and six for each ABI. */
#define GATE_LENGTH 2
#define ABI_LENGTH 6
#define PREFIX_LENGTH (GATE_LENGTH + ABI_LENGTH * COUNT_OF(abis))
#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))

/* The offset of a jump is a byte, a program's length at most BPF_MAXINSNS. */
static_assert(ABI_LENGTH * COUNT_OF(abis) <= UINT8_MAX, "the gate cannot jump that far");

/** write_prefix() - notify for the *xattrat calls, fall through to what follows for the rest */
static void write_prefix(struct sock_filter *at)
{
	const struct sock_filter gate[GATE_LENGTH] = {
		LOAD(nr),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, XATTRAT_FIRST, 0, ABI_LENGTH * COUNT_OF(abis)),
	};

	memcpy(at, gate, sizeof(gate));
	at += GATE_LENGTH;
	for (size_t i = 0; i < COUNT_OF(abis); i++, at += ABI_LENGTH) {
		const struct abi *abi = &abis[i];
		const struct sock_filter block[ABI_LENGTH] = {
			LOAD(arch),
			BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, abi->arch, 0, 4),
			LOAD(nr),
			BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, abi->number_bits | XATTRAT_FIRST, 0, 2),
			BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, abi->number_bits | XATTRAT_END, 1, 0),
			BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		};

		memcpy(at, block, sizeof(block));
	}
}

#ifdef OLD_MMAP
#define OLD_MMAP_LENGTH 5

/** write_old_mmap() - notify for it, whatever it maps; fall through for the rest */
static void write_old_mmap(struct sock_filter *at)
{
	const struct sock_filter block[OLD_MMAP_LENGTH] = {
		LOAD(arch),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_I386, 0, 3),
		LOAD(nr),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, OLD_MMAP, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
	};

	memcpy(at, block, sizeof(block));
}
#else
#define OLD_MMAP_LENGTH 0

static void write_old_mmap(struct sock_filter *at)
{
	(void)at;
}
#endif

#define _cleanup_program_ __attribute__((cleanup(call_filter_done)))

#define RULES_MAX (4 + SYSCALL_OLD_COUNT)

/* Return: how many. The twelve attribute calls that libseccomp knows, and what the options ask for. */
static size_t write_rules(const struct filter_options *options, struct call_rule rules[RULES_MAX])
{
	size_t count = 0;

	if (!options->allow_io_uring)
		rules[count++] = (struct call_rule){ .call = "io_uring_setup",
						     .action = SECCOMP_RET_ERRNO | ENOSYS };
	for (size_t i = 0; i < SYSCALL_OLD_COUNT; i++)
		rules[count++] = (struct call_rule){ .call = syscall_kinds[i].name,
						     .action = SECCOMP_RET_USER_NOTIF };
	if (options->notifies_exec)
		rules[count++] = (struct call_rule){ .call = "execve execveat",
						     .action = SECCOMP_RET_USER_NOTIF };
	if (!options->notifies_mmap)
		return count;
	rules[count++] = (struct call_rule){
		.call = "mmap mmap2",
		.condition = { ARGUMENT_HAS, 2, PROT_EXEC },
		.also = { ARGUMENT_IS_WITHOUT, 3, MAP_ANONYMOUS },
		.action = SECCOMP_RET_USER_NOTIF,
	};
	rules[count++] = (struct call_rule){ .call = "remap_file_pages",
					     .action = SECCOMP_RET_ERRNO | ENOSYS };
	return count;
}

int filter_build(const struct filter_options *options, struct sock_fprog *ret_program)
{
	const size_t xattrat_length = options->lacks_xattrat ? 0 : PREFIX_LENGTH;
	struct call_rule rules[RULES_MAX];
	const struct call_filter filter = {
		.rules = rules,
		.rule_count = write_rules(options, rules),
		.abis = abi_names,
		.abi_count = COUNT_OF(abi_names),
		.otherwise = SECCOMP_RET_ALLOW,
		.other_abi = SECCOMP_RET_ALLOW,
		.room = xattrat_length + (options->notifies_mmap ? OLD_MMAP_LENGTH : 0),
	};
	struct sock_fprog program;
	int r = call_filter_build(&filter, &program);

	if (r < 0)
		return r;
	if (!options->lacks_xattrat)
		write_prefix(program.filter);
	if (options->notifies_mmap)
		write_old_mmap(program.filter + xattrat_length);
	*ret_program = program;
	return 0;
}

char *filter_call_name(const char *abi, unsigned number)
{
	static const char prefix[] = "SCMP_ARCH_";
	char name[16] = "";

	for (size_t i = 0; abi[strlen(prefix) + i] && i + 1 < sizeof(name); i++)
		name[i] = (char)tolower(abi[strlen(prefix) + i]);
	return call_filter_name(name, number);
}

const char *filter_lacking(void)
{
	uint32_t action = SECCOMP_RET_USER_NOTIF;

	if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) < 0) {
		if (errno == ENOSYS)
			return "seccomp filters (CONFIG_SECCOMP_FILTER)";
		if (errno == EOPNOTSUPP || errno == EINVAL)
			return "seccomp user notification (Linux 5.0)";
	}
	/* With known flags the kernel gets as far as reading the program, of which there is none. */
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, LISTENER_FLAGS, NULL) < 0 &&
	    errno == EINVAL)
		return "seccomp's WAIT_KILLABLE_RECV (Linux 5.19)";
	return NULL;
}

int filter_install(const struct filter_options *options, int *ret_listener)
{
	_cleanup_program_ struct sock_fprog program = { 0 };
	int r = filter_build(options, &program);

	if (r < 0)
		return r;
	r = call_filter_install(&program, LISTENER_FLAGS);
	if (r < 0)
		return r;
	*ret_listener = r;
	return 0;
}
