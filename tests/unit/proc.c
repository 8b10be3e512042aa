/* SPDX-License-Identifier: Apache-2.0 */
#include "base/proc.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <seccomp.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"

Test(proc, is_open_for_reading)
{
	_cleanup_fd_ int procfs = proc_open();
	char text[256];

	cr_assert_geq(procfs, 0);
	cr_expect(proc_is_root(procfs));
	cr_assert_gt(proc_read(procfs, "version", text, sizeof(text)), 0);
	cr_expect_eq(strncmp(text, "Linux", 5), 0);
}

/* From here on, openat2(2) fails with this. */
static void forbid_openat2(int error)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

	cr_assert_eq(
		seccomp_rule_add(filter, SCMP_ACT_ERRNO((uint16_t)error), SCMP_SYS(openat2), 0), 0);
	cr_assert_eq(seccomp_load(filter), 0);
	seccomp_release(filter);
}

/* As systemd does with RestrictSUIDSGID=. */
Test(proc, is_of_no_use_without_openat2)
{
	forbid_openat2(ENOSYS);
	cr_expect_eq(proc_open(), -ENOSYS);
}

Test(proc, is_of_no_use_where_openat2_is_not_permitted)
{
	forbid_openat2(EPERM);
	cr_expect_eq(proc_open(), -EPERM);
}
