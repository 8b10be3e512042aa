/* SPDX-License-Identifier: Apache-2.0 */
#include "base/syscalls.h"

#include <criterion/criterion.h>
#include <linux/audit.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/fd.h"
#include "base/text_file.h"

#define X32_BIT 0x40000000
#define KINDS 16

static const struct {
	const char *name;
	enum operation operation;
	enum call_form form;
} expected[KINDS] = {
	{ "setxattr", OPERATION_SET, FORM_PATH },
	{ "lsetxattr", OPERATION_SET, FORM_LINK },
	{ "fsetxattr", OPERATION_SET, FORM_DESCRIPTOR },
	{ "setxattrat", OPERATION_SET, FORM_AT },
	{ "getxattr", OPERATION_GET, FORM_PATH },
	{ "lgetxattr", OPERATION_GET, FORM_LINK },
	{ "fgetxattr", OPERATION_GET, FORM_DESCRIPTOR },
	{ "getxattrat", OPERATION_GET, FORM_AT },
	{ "listxattr", OPERATION_LIST, FORM_PATH },
	{ "llistxattr", OPERATION_LIST, FORM_LINK },
	{ "flistxattr", OPERATION_LIST, FORM_DESCRIPTOR },
	{ "listxattrat", OPERATION_LIST, FORM_AT },
	{ "removexattr", OPERATION_REMOVE, FORM_PATH },
	{ "lremovexattr", OPERATION_REMOVE, FORM_LINK },
	{ "fremovexattr", OPERATION_REMOVE, FORM_DESCRIPTOR },
	{ "removexattrat", OPERATION_REMOVE, FORM_AT },
};

struct abi {
	const char *name;
	uint32_t arch; /* of a notification */
	uint32_t token; /* libseccomp's */
};

static const struct abi abis[] = {
	{ "x86-64", AUDIT_ARCH_X86_64, SCMP_ARCH_X86_64 },
	{ "i386", AUDIT_ARCH_I386, SCMP_ARCH_X86 },
	{ "x32", AUDIT_ARCH_X86_64, SCMP_ARCH_X32 },
	{ "aarch64", AUDIT_ARCH_AARCH64, SCMP_ARCH_AARCH64 },
	{ "arm", AUDIT_ARCH_ARM, SCMP_ARCH_ARM },
};

#define ABI_COUNT (sizeof(abis) / sizeof(abis[0]))

/* The *xattrat calls, which libseccomp knows since 2.6 only, and which are the same everywhere. */
static int number_of_at(const struct abi *abi, const char *name)
{
	static const struct {
		const char *name;
		int number;
	} calls[] = { { "setxattrat", 463 },
		      { "getxattrat", 464 },
		      { "listxattrat", 465 },
		      { "removexattrat", 466 } };

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (strcmp(calls[i].name, name) == 0)
			return calls[i].number | (abi->token == SCMP_ARCH_X32 ? X32_BIT : 0);
	return -1;
}

static int number_of(const struct abi *abi, const char *name)
{
	int number = number_of_at(abi, name);

	return number >= 0 ? number : seccomp_syscall_resolve_name_arch(abi->token, name);
}

/* libseccomp's tables are another pair of eyes. */
Test(syscalls, are_the_sixteen_on_each_abi)
{
	for (size_t i = 0; i < ABI_COUNT; i++) {
		for (size_t j = 0; j < KINDS; j++) {
			int number = number_of(&abis[i], expected[j].name);
			const struct syscall_kind *kind = syscall_find(abis[i].arch, number);

			cr_assert_geq(number, 0);
			cr_assert_not_null(kind, "%s: %s (%d) is not known", abis[i].name,
					   expected[j].name, number);
			cr_expect_str_eq(kind->name, expected[j].name, "%s: %d is %s, not %s",
					 abis[i].name, number, kind->name, expected[j].name);
			cr_expect_eq(kind->operation, expected[j].operation, "%s", kind->name);
			cr_expect_eq(kind->form, expected[j].form, "%s", kind->name);
		}
	}
}

#if defined(__x86_64__)
#define OUR_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OUR_ARCH AUDIT_ARCH_AARCH64
#endif

Test(syscalls, have_the_numbers_of_our_own_headers)
{
	cr_expect_str_eq(syscall_find(OUR_ARCH, SYS_setxattr)->name, "setxattr");
	cr_expect_str_eq(syscall_find(OUR_ARCH, SYS_fremovexattr)->name, "fremovexattr");
}

Test(syscalls, are_no_more_than_sixteen)
{
	for (size_t i = 0; i < ABI_COUNT; i++) {
		const int first = abis[i].token == SCMP_ARCH_X32 ? X32_BIT : 0;
		int found = 0;

		for (int number = first; number < first + 4096; number++)
			found += syscall_find(abis[i].arch, number) != NULL;
		cr_expect_eq(found, KINDS, "%s has %d", abis[i].name, found);
	}
}

Test(syscalls, are_none_with_a_negative_number)
{
	for (size_t i = 0; i < ABI_COUNT; i++) {
		cr_expect_null(syscall_find(abis[i].arch, -1));
		cr_expect_null(syscall_find(abis[i].arch, INT32_MIN));
		/* the sign bit on top of setxattr's number */
		cr_expect_null(syscall_find(abis[i].arch, INT32_MIN + 188));
	}
}

Test(syscalls, have_the_bit_of_x32_on_one_architecture_only)
{
	cr_expect_not_null(syscall_find(AUDIT_ARCH_X86_64, 188 | X32_BIT));
	cr_expect_null(syscall_find(AUDIT_ARCH_I386, 226 | X32_BIT));
	cr_expect_null(syscall_find(AUDIT_ARCH_AARCH64, 5 | X32_BIT));
	cr_expect_null(syscall_find(AUDIT_ARCH_ARM, 226 | X32_BIT));
	for (int bit = 1 << 12; bit < X32_BIT; bit <<= 1)
		cr_expect_null(syscall_find(AUDIT_ARCH_X86_64, 188 | bit), "bit %#x",
			       (unsigned int)bit);
}

/* The sentinel for "no such call here" must not be a number that a target can ask for. */
Test(syscalls, are_none_on_an_architecture_that_we_do_not_know)
{
	static const uint32_t archs[] = { 0, AUDIT_ARCH_ARMEB, AUDIT_ARCH_RISCV64, AUDIT_ARCH_S390X,
					  UINT32_MAX };

	for (size_t i = 0; i < sizeof(archs) / sizeof(archs[0]); i++)
		for (int number = -2; number < 1024; number++)
			cr_expect_null(syscall_find(archs[i], number));
}

Test(syscalls, are_known_on_four_architectures)
{
	cr_expect(syscall_knows(AUDIT_ARCH_X86_64));
	cr_expect(syscall_knows(AUDIT_ARCH_I386));
	cr_expect(syscall_knows(AUDIT_ARCH_AARCH64));
	cr_expect(syscall_knows(AUDIT_ARCH_ARM));
	cr_expect_not(syscall_knows(AUDIT_ARCH_ARMEB));
	cr_expect_not(syscall_knows(0));
}

Test(syscalls, have_arguments_of_32_bits_on_i386_and_arm_only)
{
	cr_expect(syscall_is_32bit(AUDIT_ARCH_I386));
	cr_expect(syscall_is_32bit(AUDIT_ARCH_ARM));
	cr_expect_not(syscall_is_32bit(AUDIT_ARCH_X86_64));
	cr_expect_not(syscall_is_32bit(AUDIT_ARCH_AARCH64));
}

static void expect_all_in(const char *path, const char *before, const char *after)
{
	_cleanup_free_ char *text = NULL;
	size_t length = 0;

	cr_assert_eq(text_file_read(path, 1 << 16, &text, &length), TEXT_FILE_READ);
	for (size_t i = 0; i < SYSCALL_COUNT; i++) {
		char wanted[64];
		int wanted_length = snprintf(wanted, sizeof(wanted), "%s%s%s", before,
					     syscall_kinds[i].name, after);

		cr_expect(memmem(text, length, wanted, (size_t)wanted_length) != NULL,
			  "%s lacks %s", path, wanted);
	}
}

Test(syscalls, are_all_handed_over_by_the_example_profiles)
{
	expect_all_in("examples/lxc/nsxattr.seccomp", "\n", " notify\n");
	expect_all_in("examples/oci/seccomp.json", "\"", "\"");
}
