/* SPDX-License-Identifier: Apache-2.0 */
/* The numbers are compared with what libseccomp calls them. */
#include "base/exec_calls.h"

#include <criterion/criterion.h>
#include <linux/audit.h>
#include <stdlib.h>
#include <string.h>

#include "base/call_filter.h"

#define X32_BIT 0x40000000

static void expect_name(const char *abi, uint32_t arch, int bits, int number, const char *name)
{
	char *real = call_filter_name(abi, (unsigned int)number);
	const struct exec_kind *kind = exec_find(arch, number | bits);

	cr_assert_not_null(kind, "%s %d", abi, number);
	cr_expect_str_eq(kind->name, name);
	cr_expect_str_eq(real, name, "%s %d", abi, number);
	free(real);
}

Test(exec_calls, have_the_numbers_of_each_abi)
{
	expect_name("x86_64", AUDIT_ARCH_X86_64, 0, 59, "execve");
	expect_name("x86_64", AUDIT_ARCH_X86_64, 0, 322, "execveat");
	expect_name("x86_64", AUDIT_ARCH_X86_64, 0, 9, "mmap");
	expect_name("x32", AUDIT_ARCH_X86_64, X32_BIT, 520, "execve");
	expect_name("x32", AUDIT_ARCH_X86_64, X32_BIT, 545, "execveat");
	expect_name("x32", AUDIT_ARCH_X86_64, X32_BIT, 9, "mmap");
	expect_name("x86", AUDIT_ARCH_I386, 0, 11, "execve");
	expect_name("x86", AUDIT_ARCH_I386, 0, 358, "execveat");
	expect_name("x86", AUDIT_ARCH_I386, 0, 90, "mmap");
	expect_name("x86", AUDIT_ARCH_I386, 0, 192, "mmap2");
	expect_name("aarch64", AUDIT_ARCH_AARCH64, 0, 221, "execve");
	expect_name("aarch64", AUDIT_ARCH_AARCH64, 0, 281, "execveat");
	expect_name("aarch64", AUDIT_ARCH_AARCH64, 0, 222, "mmap");
	expect_name("arm", AUDIT_ARCH_ARM, 0, 11, "execve");
	expect_name("arm", AUDIT_ARCH_ARM, 0, 387, "execveat");
	expect_name("arm", AUDIT_ARCH_ARM, 0, 192, "mmap2");
}

Test(exec_calls, are_no_others)
{
	unsigned int count = 0;

	for (int number = 0; number < 1024; number++) {
		count += exec_find(AUDIT_ARCH_X86_64, number) != NULL;
		count += exec_find(AUDIT_ARCH_X86_64, number | X32_BIT) != NULL;
		count += exec_find(AUDIT_ARCH_I386, number) != NULL;
	}
	cr_expect_eq(count, 3 + 3 + 4);
	cr_expect_null(exec_find(AUDIT_ARCH_X86_64, -1));
	cr_expect_null(exec_find(AUDIT_ARCH_PPC, 11));
}
