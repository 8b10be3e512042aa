/* SPDX-License-Identifier: Apache-2.0 */
#include "base/trust.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

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
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", folder);
	cr_assert_eq(system(command), 0);
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

/* ---- opening ---- */

static struct trust_fault fault;

/* Return: as trust_open(), but 0 for a descriptor. */
static int try_to_open(const struct trust_root *root, const char *path)
{
	fault.text[0] = '\0';
	_cleanup_fd_ int fd = trust_open(root, path, &fault);

	return fd < 0 ? fd : 0;
}

static const char *below(const char *name)
{
	static char path[192];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

Test(trust, opens_what_is_ours)
{
	cr_expect_eq(try_to_open(NULL, file), 0);
	cr_assert_eq(chdir(folder), 0);
	cr_expect_eq(try_to_open(NULL, "file"), 0, "a relative path");
	cr_expect_eq(try_to_open(NULL, ".././/../../var/tmp/../../etc/passwd"), 0);
	cr_expect_eq(try_to_open(NULL, "none"), -ENOENT);
	cr_expect_eq(try_to_open(NULL, "file/none"), -ENOTDIR);
	cr_assert_eq(chdir("/"), 0);
}

Test(trust, says_who_can_change_what)
{
	char expected[256];

	cr_assert_eq(chmod(folder, 0757), 0);
	cr_expect_eq(try_to_open(NULL, file), -EPERM);
	snprintf(expected, sizeof(expected), "every user can change %s, and only ", folder);
	cr_expect_eq(strncmp(fault.text, expected, strlen(expected)), 0, "%s", fault.text);
	cr_assert_eq(chmod(folder, 0755), 0);
	cr_assert_eq(chmod(file, 0664), 0);
	cr_expect_eq(try_to_open(NULL, file), -EPERM);
	snprintf(expected, sizeof(expected), "group %u can change %s, and only ", getegid(), file);
	cr_expect_eq(strncmp(fault.text, expected, strlen(expected)), 0, "%s", fault.text);
}

Test(trust, follows_no_link_of_another_user)
{
	if (geteuid() != 0)
		return;
	cr_assert_eq(chmod(folder, 01777), 0);
	cr_assert_eq(symlink(file, below("link")), 0);
	cr_expect_eq(try_to_open(NULL, below("link")), 0);
	cr_assert_eq(lchown(below("link"), 1000, 1000), 0);
	cr_expect_eq(try_to_open(NULL, below("link")), -EPERM);
	cr_expect(strstr(fault.text, "user 1000 can change"), "%s", fault.text);
}

Test(trust, waits_for_nothing_but_regular_files)
{
	cr_assert_eq(mkfifo(below("pipe"), 0600), 0);
	cr_expect_eq(try_to_open(NULL, below("pipe")), -EINVAL);
	cr_expect_eq(try_to_open(NULL, folder), -EINVAL);
	cr_expect_eq(try_to_open(NULL, "/dev/zero"), -EPERM, "every user can write to it");
	cr_expect_eq(try_to_open(NULL, "/"), -EISDIR);
	cr_assert_eq(symlink("two", below("one")), 0);
	cr_assert_eq(symlink("one", below("two")), 0);
	cr_expect_eq(try_to_open(NULL, below("one")), -ELOOP);
}

/* Its links lead to what it has, not to what we have there. */
Test(trust, searches_another_root_directory)
{
	struct trust_root root;

	cr_assert_eq(trust_root_open(&root), 0);
	fd_close(&root.directory);
	root.directory = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	cr_assert_eq(symlink("/file", below("link")), 0);
	cr_expect_eq(try_to_open(&root, "/link"), 0);
	cr_expect_eq(try_to_open(&root, "file"), 0);
	cr_expect_eq(try_to_open(&root, "/etc/passwd"), -ENOENT);
	trust_root_done(&root);
}

/* A server that answers nothing, not even its first request, keeps those waiting who ask it. */
static void mount_fuse(int device, const char *owner)
{
	char options[128];

	cr_assert_geq(device, 0);
	cr_assert_eq(unshare(CLONE_NEWNS), 0);
	cr_assert_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,%s,group_id=0", device, owner);
	cr_assert_eq(mkdir(below("fuse"), 0755), 0);
	cr_assert_eq(mount("nsxattr-test", below("fuse"), "fuse", 0, options), 0);
}

static void expect_fuse_not_asked(const char *owner, const char *who)
{
	struct trust_root root;

	if (geteuid() != 0 || access("/dev/fuse", R_OK | W_OK) < 0)
		return;
	_cleanup_fd_ int device = open("/dev/fuse", O_RDWR | O_CLOEXEC);

	mount_fuse(device, owner);
	cr_expect_eq(try_to_open(NULL, below("fuse/key")), -EPERM);
	cr_expect(strstr(fault.text, who), "%s", fault.text);
	cr_assert_eq(trust_root_open(&root), 0);
	for (int i = 0; i < 2; i++)
		cr_expect_eq(try_to_open(&root, below("fuse/key")), -EPERM);
	trust_root_done(&root);
	cr_assert_eq(umount2(below("fuse"), MNT_DETACH), 0);
}

Test(trust, asks_no_server_of_another_user)
{
	expect_fuse_not_asked("user_id=1000", "another user can change");
}

Test(trust, asks_no_server_of_another_user_that_would_answer_us)
{
	expect_fuse_not_asked("allow_other,user_id=1000", "user 1000 can change");
}
