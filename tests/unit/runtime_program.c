/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/runtime_program.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

#define FLAG "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"
#define FEATURES(flags) "{\"linux\":{\"seccomp\":{\"enabled\":true,\"supportedFlags\":" flags "}}}"

static char folder[] = "/tmp/nsxattr-runtime.XXXXXX";
static char path[64];

static void make_program(const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	cr_assert_eq(fchmod(fd, mode), 0);
	close(fd);
}

static void setup(void)
{
	cr_assert_not_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/crun", folder);
}

static void teardown(void)
{
	unlink(path);
	rmdir(folder);
}

TestSuite(runtime_program, .init = setup, .fini = teardown);

Test(runtime_program, is_told_by_our_own_name)
{
	cr_expect_str_eq(runtime_program_wanted("/usr/bin/nsxattr-crun"), "crun");
	cr_expect_str_eq(runtime_program_wanted("nsxattr-runc"), "runc");
	cr_expect_str_eq(runtime_program_wanted("nsxattr-runtime"), "runc");
	cr_expect_str_eq(runtime_program_wanted("/usr/local/sbin/crun"), "crun");
	cr_expect_str_eq(runtime_program_wanted(""), "runc");
	cr_expect_eq(runtime_program_kind("/usr/bin/crun"), OCI_RUNTIME_CRUN);
	cr_expect_eq(runtime_program_kind("crun"), OCI_RUNTIME_CRUN);
	cr_expect_eq(runtime_program_kind("/opt/youki"), OCI_RUNTIME_RUNC);
	cr_expect_eq(runtime_program_kind("/usr/bin/crun-1.8"), OCI_RUNTIME_CRUN);
	cr_expect_eq(runtime_program_kind("krun"), OCI_RUNTIME_CRUN);
}

Test(runtime_program, is_told_by_the_file_that_its_path_leads_to)
{
	char link[64];

	make_program("#!/bin/sh\n", 0755);
	snprintf(link, sizeof(link), "%s/runc", folder);
	cr_assert_eq(symlink("crun", link), 0);
	cr_expect_eq(runtime_program_kind(link), OCI_RUNTIME_CRUN);
	unlink(link);
}

Test(runtime_program, is_asked_without_our_descriptors)
{
	make_program("#!/bin/sh\n[ -e /proc/self/fd/77 ] || echo '" FEATURES("[\"" FLAG
									     "\"]") "'\n",
		     0755);
	cr_assert_eq(dup2(STDERR_FILENO, 77), 77);
	cr_expect(runtime_program_takes(path, FLAG));
	close(77);
}

Test(runtime_program, is_looked_for_in_the_folders_of_path)
{
	char search[128];
	_cleanup_free_ char *found = NULL;

	make_program("#!/bin/sh\n", 0755);
	snprintf(search, sizeof(search), "/nonexistent::%s:/nonexistent", folder);
	setenv("PATH", search, 1);
	cr_assert_eq(runtime_program_find("crun", &found), 0);
	cr_expect_str_eq(found, path);
	cr_expect_eq(runtime_program_find("runc", &found), -ENOENT);
	make_program("#!/bin/sh\n", 0644);
	cr_expect_eq(runtime_program_find("crun", &found), -EACCES);
	cr_expect_eq(runtime_program_find(folder, &found), -EACCES, "a folder");
}

Test(runtime_program, is_never_ourselves)
{
	_cleanup_free_ char *found = NULL;

	cr_assert_eq(symlink("/proc/self/exe", path), 0);
	setenv("PATH", folder, 1);
	cr_expect_eq(runtime_program_find("crun", &found), -ELOOP);
	cr_expect_eq(runtime_program_find("/proc/self/exe", &found), -ELOOP);
}

Test(runtime_program, says_which_flags_it_takes)
{
	cr_expect(runtime_features_have(FEATURES("[\"X\",\"" FLAG "\"]"), FLAG));
	cr_expect_not(runtime_features_have(FEATURES("[\"X\"]"), FLAG));
	cr_expect_not(runtime_features_have(FEATURES("\"" FLAG "\""), FLAG));
	cr_expect_not(runtime_features_have(
		"{\"linux\":{\"seccomp\":{\"knownFlags\":[\"" FLAG "\"]}}}", FLAG));
	cr_expect_not(runtime_features_have("{}", FLAG));
	cr_expect_not(runtime_features_have("", FLAG));
}

Test(runtime_program, is_asked)
{
	make_program("#!/bin/sh\n[ \"$1\" = features ] && echo '" FEATURES("[\"" FLAG "\"]") "'\n",
		     0755);
	cr_expect(runtime_program_takes(path, FLAG));
	cr_expect_not(runtime_program_takes(path, "OTHER"));
	make_program("#!/bin/sh\necho unknown command >&2\nexit 1\n", 0755);
	cr_expect_not(runtime_program_takes(path, FLAG));
	cr_expect_not(runtime_program_takes("/nonexistent", FLAG));
}

Test(runtime_program, is_not_waited_for_without_end)
{
	make_program("#!/bin/sh\nexec sleep 600\n", 0755);
	cr_expect_not(runtime_program_takes(path, FLAG));
}

Test(runtime_program, may_be_asked_where_children_are_ignored)
{
	signal(SIGCHLD, SIG_IGN);
	make_program("#!/bin/sh\necho '" FEATURES("[\"" FLAG "\"]") "'\n", 0755);
	cr_expect(runtime_program_takes(path, FLAG));
	cr_expect_eq(signal(SIGCHLD, SIG_DFL), SIG_IGN, "it stays as it was");
}
