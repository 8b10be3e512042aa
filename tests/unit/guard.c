/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the kernel checks who changes security.*: what is found out, and what a process without privilege finds. */
#include "exec/guard.h"

#include <criterion/criterion.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/credential.h"

static bool sets_and_removes_without_privilege(void)
{
	int fd = memfd_create("own", MFD_CLOEXEC);
	pid_t pid = fork();

	if (pid == 0) {
		struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
		struct __user_cap_data_struct none[2] = { 0 };

		if (syscall(SYS_capset, &header, none) < 0)
			_exit(2);
		_exit(fsetxattr(fd, "security.unit", "x", 1, 0) == 0 &&
		      fremovexattr(fd, "security.unit") == 0);
	}
	int status = 0;

	cr_assert(pid > 0 && waitpid(pid, &status, 0) == pid);
	close(fd);
	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) < 2);
	return WEXITSTATUS(status) == 1;
}

Test(guard, is_there_where_a_process_without_privilege_is_refused)
{
	cr_expect_eq(guard_find(GUARD_AUTO), !sets_and_removes_without_privilege());
}

Test(guard, is_not_there_for_tests_that_want_none)
{
	cr_expect_not(guard_find(GUARD_NEVER));
}

Test(guard, is_found_again_and_leaves_us_our_capabilities)
{
	struct credential before, after;
	bool is_there = guard_find(GUARD_AUTO);

	cr_assert_eq(credential_get(&before), 0);
	for (int i = 0; i < 100; i++)
		cr_expect_eq(guard_find(GUARD_AUTO), is_there);
	cr_assert_eq(credential_get(&after), 0);
	cr_expect(credential_equal(&before, &after));
}

/* They go to the system's log, and into one line of the status. */
Test(guard, is_told_of_in_one_line_with_a_remedy)
{
	cr_expect_not_null(strstr(guard_warning(), "Linux 6.10"));
	cr_expect_not_null(strstr(guard_warning(), "lsm="));
	cr_expect_null(strchr(guard_warning(), '\n'));
	cr_expect_null(strchr(guard_io_uring_warning(), '\n'));
}
