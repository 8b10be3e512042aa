/* SPDX-License-Identifier: Apache-2.0 */
/* The target is the test itself. */
#include "judge/exec_call.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define X32_BIT 0x40000000
#define GARBAGE 0xdeadbeef00000000 /* in the half of a register that does not count */

static struct exec_call call;
static char path[PATH_MAX];

static uint64_t address_of(const void *place)
{
	return (uint64_t)(uintptr_t)place;
}

static int decode(uint32_t arch, int number, const uint64_t args[6])
{
	struct seccomp_notif notification = { .pid = (uint32_t)getpid(),
					      .data = { .nr = number, .arch = arch } };

	memcpy(notification.data.args, args, sizeof(notification.data.args));
	cr_assert(exec_call_is(&notification));
	return exec_call_decode(&notification, &call);
}

static int decode_at(int dirfd, const char *text, unsigned int flags)
{
	const uint64_t args[6] = { (uint64_t)dirfd, address_of(text), 0, 0, flags };

	return decode(AUDIT_ARCH_X86_64, 322, args);
}

Test(exec_call, of_execve_has_a_path)
{
	const uint64_t args[6] = { address_of("/bin/true") };

	cr_assert_eq(decode(AUDIT_ARCH_X86_64, 59, args), 0);
	cr_assert_eq(exec_call_read_path(&call, path), 0);
	cr_expect_str_eq(path, "/bin/true");
	cr_expect_eq(call.dirfd, AT_FDCWD);
	cr_expect(call.follow);
	cr_expect_not(call.is_descriptor || call.is_cwd || call.maps);
	cr_assert_eq(decode(AUDIT_ARCH_X86_64, 520 | X32_BIT, args), 0);
}

Test(exec_call, of_execveat_has_a_directory_and_flags)
{
	cr_assert_eq(decode_at(7, "true", AT_SYMLINK_NOFOLLOW), 0);
	cr_assert_eq(exec_call_read_path(&call, path), 0);
	cr_expect_eq(call.dirfd, 7);
	cr_expect_not(call.follow);
	cr_expect_not(call.is_descriptor);
	cr_expect_str_eq(path, "true");
}

Test(exec_call, with_an_empty_path_is_about_the_descriptor_if_it_says_so)
{
	cr_assert_eq(decode_at(7, "", AT_EMPTY_PATH), 0);
	cr_assert_eq(exec_call_read_path(&call, path), 0);
	cr_expect(call.is_descriptor);
	cr_assert_eq(decode_at(AT_FDCWD, "", AT_EMPTY_PATH), 0);
	cr_assert_eq(exec_call_read_path(&call, path), 0);
	cr_expect(call.is_cwd);
	cr_assert_eq(decode_at(7, "", 0), 0);
	cr_expect_eq(exec_call_read_path(&call, path), ENOENT);
}

Test(exec_call, with_a_path_that_cannot_be_read_executes_nothing)
{
	static char text[PATH_MAX + 1];

	memset(text, 'a', PATH_MAX);
	cr_assert_eq(decode_at(AT_FDCWD, text, 0), 0);
	cr_expect_eq(exec_call_read_path(&call, path), ENAMETOOLONG);
	cr_assert_eq(decode_at(AT_FDCWD, NULL, 0), 0);
	cr_expect_eq(exec_call_read_path(&call, path), EFAULT);
}

static int decode_map(uint32_t arch, int number, uint64_t protection, uint64_t flags)
{
	const uint64_t args[6] = { 0, 4096, protection, flags, GARBAGE | 5, 0 };

	return decode(arch, number, args);
}

Test(exec_call, of_mmap_is_about_a_descriptor)
{
	cr_assert_eq(decode_map(AUDIT_ARCH_X86_64, 9, PROT_EXEC, MAP_PRIVATE), 0);
	cr_expect(call.maps && call.is_descriptor);
	cr_expect_eq(call.dirfd, 5);
	cr_assert_eq(decode_map(AUDIT_ARCH_I386, 192, GARBAGE | PROT_EXEC, MAP_PRIVATE), 0);
	cr_expect_eq(call.dirfd, 5);
	cr_expect_eq(exec_call_read_path(&call, path), 0);
}

Test(exec_call, of_mmap_that_makes_nothing_executable_executes_nothing)
{
	cr_expect_eq(decode_map(AUDIT_ARCH_X86_64, 9, PROT_READ, MAP_PRIVATE), EINVAL);
	cr_expect_eq(decode_map(AUDIT_ARCH_X86_64, 9, PROT_EXEC, MAP_ANONYMOUS), EINVAL);
}

#if defined(__x86_64__)
Test(exec_call, of_the_oldest_mmap_has_its_arguments_in_memory)
{
	/* An address of 32 bits. */
	uint32_t *in_memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	const uint64_t args[6] = { GARBAGE | address_of(in_memory) };
	const uint64_t bad[6] = { 8 };

	cr_assert_neq(in_memory, MAP_FAILED);
	memcpy(in_memory, (const uint32_t[]){ 0, 4096, PROT_EXEC, MAP_PRIVATE, 9, 0 }, 24);
	cr_assert_eq(decode(AUDIT_ARCH_I386, 90, args), 0);
	cr_expect_eq(call.dirfd, 9);
	in_memory[2] = PROT_READ;
	cr_expect_eq(decode(AUDIT_ARCH_I386, 90, args), EINVAL);
	cr_expect_eq(decode(AUDIT_ARCH_I386, 90, bad), EFAULT);
}
#endif
