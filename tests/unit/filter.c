/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The filter's BPF is interpreted here, for every number of every ABI; nothing is installed. That
 * the kernel agrees with the interpreter is for the live tests.
 */
#include "attach/filter.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "base/call_filter.h"
#include "base/exec_calls.h"
#include "base/syscalls.h"

#define X32_BIT 0x40000000
#define IO_URING_SETUP 425 /* on every ABI */
#define IO_URING_ENTER 426
#define NUMBERS 1024 /* well above the last call there is */

#if defined(__x86_64__)
static const uint32_t archs[] = { AUDIT_ARCH_X86_64, AUDIT_ARCH_I386 };
#define FOREIGN_ARCH AUDIT_ARCH_AARCH64
#else
static const uint32_t archs[] = { AUDIT_ARCH_AARCH64, AUDIT_ARCH_ARM };
#define FOREIGN_ARCH AUDIT_ARCH_X86_64
#endif

#define ARCH_COUNT (sizeof(archs) / sizeof(archs[0]))

static struct sock_fprog program;

static void build(struct filter_options options)
{
	call_filter_done(&program);
	cr_assert_eq(filter_build(&options, &program), 0);
}

static void build_default(void)
{
	build((struct filter_options){ 0 });
}

static void done(void)
{
	call_filter_done(&program);
}

static bool holds(const struct sock_filter *at, uint32_t accumulator)
{
	switch (BPF_OP(at->code)) {
	case BPF_JEQ:
		return accumulator == at->k;
	case BPF_JGT:
		return accumulator > at->k;
	case BPF_JGE:
		return accumulator >= at->k;
	case BPF_JSET:
		return accumulator & at->k;
	default:
		cr_assert_fail("unknown condition %#x", at->code);
		return false;
	}
}

static uint32_t load(const struct seccomp_data *call, uint32_t offset)
{
	uint32_t word;

	cr_assert_leq(offset, sizeof(*call) - sizeof(word));
	memcpy(&word, (const char *)call + offset, sizeof(word));
	return word;
}

/* What the filter says to a call, by classic BPF's rules (seccomp(2)). */
static uint32_t verdict_on(const struct seccomp_data *call)
{
	uint32_t accumulator = 0;
	unsigned int i = 0;

	while (i < program.len) {
		const struct sock_filter *at = &program.filter[i++];

		switch (BPF_CLASS(at->code)) {
		case BPF_LD:
			cr_assert_eq(at->code, BPF_LD | BPF_W | BPF_ABS);
			accumulator = load(call, at->k);
			break;
		case BPF_ALU:
			cr_assert_eq(at->code, BPF_ALU | BPF_AND | BPF_K);
			accumulator &= at->k;
			break;
		case BPF_JMP:
			if (BPF_OP(at->code) == BPF_JA)
				i += at->k;
			else
				i += holds(at, accumulator) ? at->jt : at->jf;
			break;
		case BPF_RET:
			cr_assert_eq(at->code, BPF_RET | BPF_K);
			return at->k;
		default:
			cr_assert_fail("unknown instruction %#x", at->code);
		}
	}
	cr_assert_fail("the program ran off its end");
	return SECCOMP_RET_KILL_PROCESS;
}

static uint32_t verdict(uint32_t arch, uint32_t number)
{
	return verdict_on(&(struct seccomp_data){ .arch = arch, .nr = (int)number });
}

static uint32_t expected(uint32_t arch, uint32_t number)
{
	if (syscall_find(arch, (int)number))
		return SECCOMP_RET_USER_NOTIF;
	if (number == IO_URING_SETUP ||
	    (arch == AUDIT_ARCH_X86_64 && number == (X32_BIT | IO_URING_SETUP)))
		return SECCOMP_RET_ERRNO | ENOSYS;
	return SECCOMP_RET_ALLOW;
}

TestSuite(filter, .init = build_default, .fini = done);

static void expect_sixteen(uint32_t arch, uint32_t first)
{
	unsigned int trapped = 0;

	for (uint32_t number = first; number < first + NUMBERS; number++) {
		uint32_t found = verdict(arch, number);

		cr_expect_eq(found, expected(arch, number), "%#x %#x: %#x", arch, number, found);
		trapped += found == SECCOMP_RET_USER_NOTIF;
	}
	cr_expect_eq(trapped, 16);
}

Test(filter, traps_sixteen_calls_of_each_abi_and_nothing_else)
{
	for (size_t i = 0; i < ARCH_COUNT; i++)
		expect_sixteen(archs[i], 0);
}

#if defined(__x86_64__)
Test(filter, traps_the_numbers_that_the_kernel_tables_have)
{
	static const uint32_t native[] = { 188, 189, 190, 191, 192, 193, 194, 195,
					   196, 197, 198, 199, 463, 464, 465, 466 };
	static const uint32_t i386[] = { 226, 227, 228, 229, 230, 231, 232, 233,
					 234, 235, 236, 237, 463, 464, 465, 466 };

	for (size_t i = 0; i < sizeof(native) / sizeof(native[0]); i++) {
		cr_expect_eq(verdict(AUDIT_ARCH_X86_64, native[i]), SECCOMP_RET_USER_NOTIF);
		cr_expect_eq(verdict(AUDIT_ARCH_X86_64, X32_BIT | native[i]),
			     SECCOMP_RET_USER_NOTIF);
		cr_expect_eq(verdict(AUDIT_ARCH_I386, i386[i]), SECCOMP_RET_USER_NOTIF);
	}
}

Test(filter, traps_sixteen_calls_of_x32_and_nothing_else)
{
	expect_sixteen(AUDIT_ARCH_X86_64, X32_BIT);
}

Test(filter, knows_no_x32_bit_on_i386)
{
	for (uint32_t number = X32_BIT; number < X32_BIT + NUMBERS; number++)
		cr_expect_eq(verdict(AUDIT_ARCH_I386, number), SECCOMP_RET_ALLOW);
}
#endif

#if defined(__aarch64__)
Test(filter, traps_the_numbers_that_the_kernel_tables_have)
{
	static const uint32_t native[] = { 5,  6,  7,  8,  9,	10,  11,  12,
					   13, 14, 15, 16, 463, 464, 465, 466 };
	static const uint32_t arm[] = { 226, 227, 228, 229, 230, 231, 232, 233,
					234, 235, 236, 237, 463, 464, 465, 466 };

	for (size_t i = 0; i < sizeof(native) / sizeof(native[0]); i++) {
		cr_expect_eq(verdict(AUDIT_ARCH_AARCH64, native[i]), SECCOMP_RET_USER_NOTIF);
		cr_expect_eq(verdict(AUDIT_ARCH_ARM, arm[i]), SECCOMP_RET_USER_NOTIF);
	}
}
#endif

Test(filter, lets_every_call_of_an_unknown_abi_pass)
{
	for (uint32_t number = 0; number < NUMBERS; number++)
		cr_expect_eq(verdict(FOREIGN_ARCH, number), SECCOMP_RET_ALLOW);
}

Test(filter, lets_numbers_pass_that_no_kernel_has)
{
	static const uint32_t numbers[] = { X32_BIT - 1, 0x7fffffff, 0x80000000, 0xffffffff };

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		for (size_t j = 0; j < ARCH_COUNT; j++)
			cr_expect_eq(verdict(archs[j], numbers[i]), SECCOMP_RET_ALLOW);
}

Test(filter, forbids_only_the_making_of_rings)
{
	for (size_t i = 0; i < ARCH_COUNT; i++) {
		cr_expect_eq(verdict(archs[i], IO_URING_SETUP), SECCOMP_RET_ERRNO | ENOSYS);
		cr_expect_eq(verdict(archs[i], IO_URING_ENTER), SECCOMP_RET_ALLOW);
	}
}

Test(filter, lets_rings_be_made_when_told_to)
{
	build((struct filter_options){ .allow_io_uring = true });
	for (size_t i = 0; i < ARCH_COUNT; i++)
		for (uint32_t number = 0; number < NUMBERS; number++)
			cr_expect_eq(verdict(archs[i], number),
				     syscall_find(archs[i], (int)number) ? SECCOMP_RET_USER_NOTIF :
									   SECCOMP_RET_ALLOW);
}

/* They are answered by the kernel, with ENOSYS. */
Test(filter, lets_the_calls_pass_that_the_kernel_lacks)
{
	build((struct filter_options){ .lacks_xattrat = true });
	for (size_t i = 0; i < ARCH_COUNT; i++) {
		for (uint32_t number = 0; number < NUMBERS; number++) {
			bool is_lacking = number >= 463 && number <= 466;

			cr_expect_eq(verdict(archs[i], number),
				     is_lacking ? SECCOMP_RET_ALLOW : expected(archs[i], number));
		}
	}
}

/* ---- what is executed ---- */

static const struct filter_options all = { .notifies_exec = true, .notifies_mmap = true };

static uint32_t verdict_on_map(uint32_t arch, uint32_t number, uint64_t protection, uint64_t flags)
{
	return verdict_on(&(struct seccomp_data){
		.arch = arch, .nr = (int)number, .args = { 0, 4096, protection, flags, 3, 0 } });
}

static bool is_execution(uint32_t arch, uint32_t number)
{
	const struct exec_kind *kind = exec_find(arch, (int)number);

	return kind && kind->form != EXEC_MAP && kind->form != EXEC_MAP_OLD;
}

static void expect_executions(uint32_t arch, uint32_t first)
{
	unsigned int count = 0;

	for (uint32_t number = first; number < first + NUMBERS; number++) {
		cr_expect_eq(verdict(arch, number), is_execution(arch, number) ?
							    SECCOMP_RET_USER_NOTIF :
							    expected(arch, number));
		count += is_execution(arch, number);
	}
	cr_expect_eq(count, 2);
}

Test(filter, traps_executions_on_each_abi_when_told_to)
{
	build((struct filter_options){ .notifies_exec = true });
	for (size_t i = 0; i < ARCH_COUNT; i++)
		expect_executions(archs[i], 0);
#if defined(__x86_64__)
	expect_executions(AUDIT_ARCH_X86_64, X32_BIT);
#endif
}

/* One number on each ABI that there is, and two on i386. */
static void expect_map(uint32_t arch, uint32_t number)
{
	const uint64_t garbage = 1ULL << 40;

	cr_expect_eq(verdict_on_map(arch, number, PROT_READ | PROT_EXEC, MAP_PRIVATE),
		     SECCOMP_RET_USER_NOTIF, "%u", number);
	cr_expect_eq(verdict_on_map(arch, number, PROT_EXEC | garbage, MAP_SHARED | garbage),
		     SECCOMP_RET_USER_NOTIF);
	cr_expect_eq(verdict_on_map(arch, number, PROT_READ, MAP_PRIVATE), SECCOMP_RET_ALLOW);
	cr_expect_eq(verdict_on_map(arch, number, PROT_READ | PROT_EXEC,
				    MAP_PRIVATE | MAP_ANONYMOUS),
		     SECCOMP_RET_ALLOW);
}

Test(filter, traps_what_is_mapped_executable_of_a_file_when_told_to)
{
	build(all);
#if defined(__x86_64__)
	expect_map(AUDIT_ARCH_X86_64, 9);
	expect_map(AUDIT_ARCH_X86_64, X32_BIT | 9);
	expect_map(AUDIT_ARCH_I386, 192);
#else
	expect_map(AUDIT_ARCH_AARCH64, 222);
	expect_map(AUDIT_ARCH_ARM, 192);
#endif
}

static const struct {
	uint32_t arch, number;
} remaps[] = {
#if defined(__x86_64__)
	{ AUDIT_ARCH_X86_64, 216 },
	{ AUDIT_ARCH_X86_64, X32_BIT | 216 },
	{ AUDIT_ARCH_I386, 257 },
#else
	{ AUDIT_ARCH_AARCH64, 234 },
	{ AUDIT_ARCH_ARM, 253 },
#endif
};

Test(filter, refuses_to_map_anew_where_it_traps_maps)
{
	for (size_t i = 0; i < sizeof(remaps) / sizeof(remaps[0]); i++) {
		build(all);
		cr_expect_eq(verdict(remaps[i].arch, remaps[i].number), SECCOMP_RET_ERRNO | ENOSYS,
			     "%#x", remaps[i].arch);
		build((struct filter_options){ .notifies_exec = true });
		cr_expect_eq(verdict(remaps[i].arch, remaps[i].number), SECCOMP_RET_ALLOW);
	}
}

#if defined(__x86_64__)
/* Its arguments are in memory: the registers say nothing. */
Test(filter, traps_each_of_the_oldest_mmap)
{
	build(all);
	cr_expect_eq(verdict(AUDIT_ARCH_I386, 90), SECCOMP_RET_USER_NOTIF);
	cr_expect_eq(verdict(AUDIT_ARCH_X86_64, 90), SECCOMP_RET_ALLOW);
	build((struct filter_options){ .lacks_xattrat = true, .notifies_mmap = true });
	cr_expect_eq(verdict(AUDIT_ARCH_I386, 90), SECCOMP_RET_USER_NOTIF);
}
#endif

Test(filter, traps_the_attribute_calls_beside_executions)
{
	build(all);
	for (size_t i = 0; i < ARCH_COUNT; i++)
		for (uint32_t number = 0; number < NUMBERS; number++)
			if (syscall_find(archs[i], (int)number) || number == IO_URING_SETUP)
				cr_expect_eq(verdict(archs[i], number), expected(archs[i], number));
}

Test(filter, traps_no_execution_when_not_told_to)
{
	struct sock_fprog before = program;

	program = (struct sock_fprog){ 0 };
	build((struct filter_options){ .notifies_exec = true, .notifies_mmap = true });
	cr_expect_gt(program.len, before.len);
	build((struct filter_options){ 0 });
	cr_expect_eq(program.len, before.len);
	cr_expect_arr_eq(program.filter, before.filter, before.len * sizeof(*before.filter));
	for (size_t i = 0; i < ARCH_COUNT; i++)
		for (uint32_t number = 0; number < NUMBERS; number++)
			if (exec_find(archs[i], (int)number))
				cr_expect_eq(verdict(archs[i], number), SECCOMP_RET_ALLOW);
	call_filter_done(&before);
}

Test(filter, is_empty_after_done)
{
	call_filter_done(&program);
	cr_expect_null(program.filter);
	cr_expect_eq(program.len, 0);
}
