/* SPDX-License-Identifier: Apache-2.0 */
#include "base/trust.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64], file[128];

static void make(void)
{
	snprintf(folder, sizeof(folder), "/var/tmp/nsxattr-trust.XXXXXX");
	cr_assert_not_null(mkdtemp(folder));
	snprintf(file, sizeof(file), "%s/file", folder);
	int fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);

	cr_assert_geq(fd, 0);
	close(fd);
}

static void remove_all(void)
{
	(void)unlink(file);
	(void)rmdir(folder);
}

TestSuite(trust, .init = make, .fini = remove_all);

Test(trust, goes_to_what_is_ours_in_a_folder_of_ours)
{
	cr_expect_eq(trust_path(file), 0, "below a directory in which others may only add");
}

Test(trust, does_not_go_to_what_others_may_write)
{
	cr_assert_eq(chmod(file, 0757), 0);
	cr_expect_eq(trust_path(file), -EPERM);
	cr_assert_eq(chmod(file, 0775), 0);
	cr_expect_eq(trust_path(file), -EPERM);
}

Test(trust, does_not_go_to_what_others_may_replace)
{
	cr_assert_eq(chmod(folder, 0777), 0);
	cr_expect_eq(trust_path(file), -EPERM);
	cr_assert_eq(chmod(folder, 01777), 0);
	cr_expect_eq(trust_path(file), 0);
}

Test(trust, does_not_go_to_what_belongs_to_others)
{
	if (geteuid() != 0)
		return;
	cr_assert_eq(chown(file, 1000, 0), 0);
	cr_expect_eq(trust_path(file), -EPERM);
	cr_assert_eq(chown(file, 0, 0), 0);
	cr_assert_eq(chown(folder, 1000, 0), 0);
	cr_expect_eq(trust_path(file), -EPERM);
}

Test(trust, follows_links)
{
	char link[160];

	snprintf(link, sizeof(link), "%s-link", folder);
	cr_assert_eq(symlink(file, link), 0);
	cr_expect_eq(trust_path(link), 0);
	cr_assert_eq(chmod(file, 0757), 0);
	cr_expect_eq(trust_path(link), -EPERM);
	cr_expect_eq(unlink(link), 0);
}

Test(trust, needs_a_whole_path_of_something_that_is_there)
{
	cr_expect_eq(trust_path("etc/passwd"), -EPERM);
	cr_expect_eq(trust_path("/nsxattr-nowhere"), -ENOENT);
}
