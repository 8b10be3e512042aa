/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers from the kernel's syscall tables (arch/x86/entry/syscalls/syscall_64.tbl, syscall_32.tbl;
 * include/uapi/asm-generic/unistd.h for aarch64; arch/arm/tools/syscall.tbl for arm).
 */
#include "base/exec_calls.h"

#include <linux/audit.h>
#include <stdbool.h>
#include <stddef.h>

#include "count_of.h"

static const struct exec_kind kinds[] = {
	{ "execve", EXEC_PATH, { 59, 11, 221, 11 }, 520 },
	{ "execveat", EXEC_AT, { 322, 358, 281, 387 }, 545 },
	{ "mmap", EXEC_MAP, { 9, -1, 222, -1 }, 9 },
	{ "mmap2", EXEC_MAP, { -1, 192, -1, 192 }, -1 },
	{ "mmap", EXEC_MAP_OLD, { -1, 90, -1, -1 }, -1 },
};

const struct exec_kind *exec_find(uint32_t arch, int number)
{
	bool is_x32 = arch == AUDIT_ARCH_X86_64 && number >= 0 && (number & SYSCALL_X32_BIT);

	if (is_x32)
		number &= ~SYSCALL_X32_BIT;
	for (size_t i = 0; number >= 0 && i < COUNT_OF(kinds); i++)
		if (number == (is_x32 ? kinds[i].x32 : syscall_number(&kinds[i].numbers, arch)))
			return &kinds[i];
	return NULL;
}
