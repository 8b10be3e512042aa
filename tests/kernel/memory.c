/* SPDX-License-Identifier: Apache-2.0 */
/* What we take for granted of reading and writing another process's memory. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "child.h"

/* The largest page that Linux has, which is a whole number of any other. */
#define PAGE 65536

TestSuite(memory, .timeout = 60);

/* Three pages: one to write to, one to read only, and none. The child has them where we have them. */
static unsigned char *pages;

static void make_pages(void)
{
	pages = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	cr_assert(pages != MAP_FAILED);
	memset(pages, 'p', 3 * PAGE);
	cr_assert_eq(mprotect(pages + PAGE, PAGE, PROT_READ), 0);
	cr_assert_eq(mprotect(pages + 2 * PAGE, PAGE, PROT_NONE), 0);
}

static void wait_for_ever(void *argument)
{
	(void)argument;
	for (;;)
		pause();
}

static pid_t start_owner(void)
{
	make_pages();
	return child_start(wait_for_ever, NULL, 0);
}

static void end_owner(pid_t pid)
{
	kill(pid, SIGKILL);
	cr_expect_eq(child_end(pid), 128 + SIGKILL);
	munmap(pages, 3 * PAGE);
}

static ssize_t read_from(pid_t pid, size_t offset, size_t length)
{
	static unsigned char buffer[3 * PAGE];
	struct iovec local = { buffer, length }, remote = { pages + offset, length };
	ssize_t done = process_vm_readv(pid, &local, 1, &remote, 1, 0);

	return done < 0 ? -errno : done;
}

static ssize_t write_to(pid_t pid, size_t offset, size_t length)
{
	static unsigned char buffer[3 * PAGE];
	struct iovec local = { buffer, length }, remote = { pages + offset, length };
	ssize_t done = process_vm_writev(pid, &local, 1, &remote, 1, 0);

	return done < 0 ? -errno : done;
}

/* So a string is read page by page, and what comes before the hole is good. */
Test(memory, a_read_that_runs_into_a_hole_is_short)
{
	pid_t pid = start_owner();

	cr_expect_eq(read_from(pid, PAGE, 2 * PAGE), PAGE);
	cr_expect_eq(read_from(pid, 2 * PAGE - 10, 100), 10);
	cr_expect_eq(read_from(pid, 2 * PAGE, 1), -EFAULT);
	end_owner(pid);
}

/* As copy_to_user() does it: memory that the target may only read is not written for it either. */
Test(memory, a_write_respects_protection)
{
	pid_t pid = start_owner();

	cr_expect_eq(write_to(pid, 0, PAGE), PAGE);
	cr_expect_eq(write_to(pid, PAGE, 1), -EFAULT);
	cr_expect_eq(write_to(pid, PAGE - 10, 100), 10);
	cr_expect_eq(write_to(pid, 2 * PAGE, 1), -EFAULT);
	end_owner(pid);
}

/* Why it is not /proc/PID/mem that we write through. */
Test(memory, procfs_does_not)
{
	pid_t pid = start_owner();
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	int fd = open(path, O_RDWR | O_CLOEXEC);

	cr_assert_geq(fd, 0);
	cr_expect_eq(pwrite(fd, "x", 1, (off_t)(uintptr_t)(pages + PAGE)), 1);
	close(fd);
	end_owner(pid);
}
