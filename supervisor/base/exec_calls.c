/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers from the kernel's syscall tables (arch/x86/entry/syscalls/syscall_64.tbl, syscall_32.tbl;
 * include/uapi/asm-generic/unistd.h for aarch64; arch/arm/tools/syscall.tbl for arm).
 */
#include "base/exec_calls.h"

#include <linux/audit.h>
#include <stddef.h>

#include "count_of.h"

#define X32_BIT 0x40000000

static const struct exec_kind kinds[] = {
	{ "execve", EXEC_PATH, 59, 520, 11, 221, 11 },
	{ "execveat", EXEC_AT, 322, 545, 358, 281, 387 },
	{ "mmap", EXEC_MAP, 9, 9, -1, 222, -1 },
	{ "mmap2", EXEC_MAP, -1, -1, 192, -1, 192 },
	{ "mmap", EXEC_MAP_OLD, -1, -1, 90, -1, -1 },
};

/* Below 0: of no call. */
static int number_of(const struct exec_kind *kind, uint32_t arch, int number)
{
	switch (arch) {
	case AUDIT_ARCH_X86_64:
		if (!(number & X32_BIT))
			return kind->x86_64;
		return kind->x32 < 0 ? -1 : kind->x32 | X32_BIT;
	case AUDIT_ARCH_I386:
		return kind->ia32;
	case AUDIT_ARCH_AARCH64:
		return kind->aarch64;
	case AUDIT_ARCH_ARM:
		return kind->arm;
	default:
		return -1;
	}
}

const struct exec_kind *exec_find(uint32_t arch, int number)
{
	for (size_t i = 0; number >= 0 && i < COUNT_OF(kinds); i++)
		if (number_of(&kinds[i], arch, number) == number)
			return &kinds[i];
	return NULL;
}
