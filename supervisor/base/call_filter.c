/* SPDX-License-Identifier: Apache-2.0 */
/*
 * This is the only file that speaks libseccomp, whose actions have the numbers of the kernel's. libseccomp
 * writes a program into a file only; that is read back.
 */
#include "base/call_filter.h"

#include <errno.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/syscalls.h"

/* Room for a call's name, as it is read below. */
#define CALL_NAME_SIZE 32

static void cleanup_context(scmp_filter_ctx *context)
{
	if (*context)
		seccomp_release(*context);
}

#define _cleanup_context_ __attribute__((cleanup(cleanup_context)))

static const enum scmp_compare comparisons[] = {
	[ARGUMENT_ANY] = SCMP_CMP_EQ,
	[ARGUMENT_IS] = SCMP_CMP_EQ,
	[ARGUMENT_IS_WITHOUT] = SCMP_CMP_MASKED_EQ,
	[ARGUMENT_HAS] = SCMP_CMP_MASKED_EQ,
	[ARGUMENT_BELOW] = SCMP_CMP_LT,
};

static struct scmp_arg_cmp comparison_of(const struct call_condition *condition)
{
	uint64_t bits = condition->test == ARGUMENT_HAS ? condition->value : 0;

	return SCMP_CMP64(condition->argument, comparisons[condition->test], condition->value,
			  bits);
}

/* A name that the machine itself does not have has a number below 0, by which libseccomp knows it for other ABIs. */
static bool is_had(int number, bool has_others)
{
	return number >= 0 || (has_others && number != __NR_SCMP_ERROR);
}

static int add_rule(scmp_filter_ctx context, const struct call_rule *rule, bool has_others)
{
	const struct scmp_arg_cmp arguments[] = { comparison_of(&rule->condition),
						  comparison_of(&rule->also) };
	unsigned int count = rule->also.test != ARGUMENT_ANY	  ? 2 :
			     rule->condition.test != ARGUMENT_ANY ? 1 :
								    0;
	const char *call = rule->call;
	char name[CALL_NAME_SIZE];
	int length, r = 0;

	for (; r == 0 && sscanf(call, " %31s%n", name, &length) == 1; call += length) {
		int number = seccomp_syscall_resolve_name(name);

		if (number == __NR_SCMP_ERROR && rule->number > 0)
			number = rule->number;
		if (is_had(number, has_others))
			r = seccomp_rule_add_array(context, rule->action, number, count, arguments);
	}
	return r;
}

static int add_abis(scmp_filter_ctx context, const struct call_filter *filter)
{
	for (size_t i = 0; i < filter->abi_count; i++) {
		int r = seccomp_arch_add(context, seccomp_arch_resolve_name(filter->abis[i]));

		if (r < 0 && r != -EEXIST)
			return r;
	}
	return 0;
}

static int describe(scmp_filter_ctx context, const struct call_filter *filter)
{
	int r = seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, filter->other_abi);

	/* Best effort: a binary tree instead of a chain, there since libseccomp 2.5. */
	(void)seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (r == 0)
		r = add_abis(context, filter);
	for (size_t i = 0; r == 0 && i < filter->rule_count; i++)
		r = add_rule(context, &filter->rules[i], filter->abi_count > 0);
	return r;
}

/** export_to_file() - a filter as BPF. Return: 0, *ret_file at its start; -errno. */
static int export_to_file(const struct call_filter *filter, int *ret_file)
{
	_cleanup_context_ scmp_filter_ctx context = seccomp_init(filter->otherwise);
	_cleanup_fd_ int file = memfd_create("nsxattr-filter", MFD_CLOEXEC);

	if (file < 0)
		return -errno;
	if (!context)
		return -ENOMEM;
	int r = describe(context, filter);

	if (r == 0)
		r = seccomp_export_bpf(context, file);
	if (r == 0)
		*ret_file = TAKE_FD(file);
	return r;
}

int call_filter_build(const struct call_filter *filter, struct sock_fprog *ret_program)
{
	_cleanup_free_ struct sock_filter *program = NULL;
	_cleanup_fd_ int file = -1;
	struct stat status;
	int r = export_to_file(filter, &file);

	if (r < 0)
		return r;
	if (fstat(file, &status) < 0)
		return -errno;
	size_t size = (size_t)status.st_size;
	size_t length = filter->room + size / sizeof(*program);

	if (size % sizeof(*program) != 0 || length > BPF_MAXINSNS)
		return -EPROTO;
	program = calloc(length, sizeof(*program));
	if (!program)
		return -ENOMEM;
	if (pread(file, program + filter->room, size, 0) != (ssize_t)size)
		return -EIO;
	ret_program->len = (unsigned short)length;
	ret_program->filter = TAKE_PTR(program);
	return 0;
}

void call_filter_done(struct sock_fprog *program)
{
	free(program->filter);
	*program = (struct sock_fprog){ 0 };
}

int call_filter_install(const struct sock_fprog *program, unsigned long flags)
{
	long r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, program);

	return r < 0 ? -errno : (int)r;
}

char *call_filter_name(const char *abi, unsigned int number)
{
	uint32_t token = seccomp_arch_resolve_name(abi);
	unsigned int bits = token == SCMP_ARCH_X32 ? SYSCALL_X32_BIT : 0;

	return token == 0 ? NULL : seccomp_syscall_resolve_num_arch(token, (int)(number | bits));
}
