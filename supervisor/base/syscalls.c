/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers from the kernel's syscall tables (arch/x86/entry/syscalls/syscall_64.tbl, syscall_32.tbl;
 * include/uapi/asm-generic/unistd.h for aarch64; arch/arm/tools/syscall.tbl for arm, which are those of i386 here).
 * The *xattrat calls have one number everywhere.
 */
#include "base/syscalls.h"

#include <errno.h>
#include <linux/audit.h>
#include <unistd.h>

const struct syscall_kind syscall_kinds[SYSCALL_COUNT] = {
	{ "setxattr", OPERATION_SET, FORM_PATH, { 188, 226, 5, 226 } },
	{ "lsetxattr", OPERATION_SET, FORM_LINK, { 189, 227, 6, 227 } },
	{ "fsetxattr", OPERATION_SET, FORM_DESCRIPTOR, { 190, 228, 7, 228 } },
	{ "getxattr", OPERATION_GET, FORM_PATH, { 191, 229, 8, 229 } },
	{ "lgetxattr", OPERATION_GET, FORM_LINK, { 192, 230, 9, 230 } },
	{ "fgetxattr", OPERATION_GET, FORM_DESCRIPTOR, { 193, 231, 10, 231 } },
	{ "listxattr", OPERATION_LIST, FORM_PATH, { 194, 232, 11, 232 } },
	{ "llistxattr", OPERATION_LIST, FORM_LINK, { 195, 233, 12, 233 } },
	{ "flistxattr", OPERATION_LIST, FORM_DESCRIPTOR, { 196, 234, 13, 234 } },
	{ "removexattr", OPERATION_REMOVE, FORM_PATH, { 197, 235, 14, 235 } },
	{ "lremovexattr", OPERATION_REMOVE, FORM_LINK, { 198, 236, 15, 236 } },
	{ "fremovexattr", OPERATION_REMOVE, FORM_DESCRIPTOR, { 199, 237, 16, 237 } },
	{ "setxattrat", OPERATION_SET, FORM_AT, { 463, 463, 463, 463 } },
	{ "getxattrat", OPERATION_GET, FORM_AT, { 464, 464, 464, 464 } },
	{ "listxattrat", OPERATION_LIST, FORM_AT, { 465, 465, 465, 465 } },
	{ "removexattrat", OPERATION_REMOVE, FORM_AT, { 466, 466, 466, 466 } },
};

int syscall_number(const struct syscall_numbers *numbers, uint32_t arch)
{
	switch (arch) {
	case AUDIT_ARCH_X86_64:
		return numbers->x86_64;
	case AUDIT_ARCH_I386:
		return numbers->ia32;
	case AUDIT_ARCH_AARCH64:
		return numbers->aarch64;
	case AUDIT_ARCH_ARM:
		return numbers->arm;
	default:
		return -1;
	}
}

void syscall_names(const char *ret_names[SYSCALL_COUNT])
{
	for (size_t i = 0; i < SYSCALL_COUNT; i++)
		ret_names[i] = syscall_kinds[i].name;
}

const struct syscall_kind *syscall_find(uint32_t arch, int number)
{
	if (arch == AUDIT_ARCH_X86_64 && number >= 0)
		number &= ~SYSCALL_X32_BIT;
	for (size_t i = 0; number >= 0 && i < SYSCALL_COUNT; i++)
		if (syscall_number(&syscall_kinds[i].numbers, arch) == number)
			return &syscall_kinds[i];
	return NULL;
}

bool syscall_knows(uint32_t arch)
{
	return syscall_number(&syscall_kinds[0].numbers, arch) >= 0;
}

bool syscall_is_32bit(uint32_t arch)
{
	return !(arch & __AUDIT_ARCH_64BIT);
}

/* No descriptor has the number -1: a kernel that has the call says EBADF. */
bool xattrat_is_there(void)
{
	return syscall(SYS_removexattrat, -1, "", 0, "") == 0 || errno != ENOSYS;
}
