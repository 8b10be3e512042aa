/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/lxc_config.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/lxc_config.XXXXXX";
static struct lxc_config config;

static void make_folder(void)
{
	cr_assert_not_null(mkdtemp(folder));
}

static void remove_folder(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -r %s", folder);
	cr_assert_eq(system(command), 0);
}

TestSuite(lxc_config, .init = make_folder, .fini = remove_folder);

static const char *path_of(const char *name)
{
	static char paths[4][128];
	static unsigned int turn;
	char *path = paths[turn++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	return path;
}

/* "@" in the text stands for the folder. */
static void write_file(const char *name, const char *text)
{
	FILE *file = fopen(path_of(name), "we");

	cr_assert_not_null(file);
	for (; *text; text++)
		cr_assert_geq(*text == '@' ? fputs(folder, file) : fputc(*text, file), 0);
	fclose(file);
}

static int read_text(const char *text)
{
	write_file("config", text);
	return lxc_config_read(path_of("config"), &config);
}

Test(lxc_config, reads_the_keys_that_matter)
{
	cr_assert_eq(read_text("# lxc.seccomp.profile = /no\n"
			       "lxc.seccomp.profile=/profile\n"
			       "  lxc.seccomp.notify.proxy =  unix:/run/s \t\n"
			       "lxc.seccomp.notify.cookie = \"samba-dc\"\n"
			       "lxc.idmap = u 0 100000 65536\n"
			       "lxc.idmap = g 0 100000 65536\n"
			       "lxc.uts.name = x\n"
			       "no equals\n"),
		     0);
	cr_expect_str_eq(config.profile, "/profile");
	cr_expect_str_eq(config.proxy, "unix:/run/s");
	cr_expect_str_eq(config.cookie, "samba-dc");
	cr_expect(config.maps_users && config.maps_groups);
	cr_expect_eq(config.root, 100000);
}

Test(lxc_config, an_empty_file_sets_nothing)
{
	cr_assert_eq(read_text(""), 0);
	cr_expect_str_eq(config.profile, "");
	cr_expect_str_eq(config.cookie, "");
	cr_expect_not(config.maps_users || config.maps_groups);
}

Test(lxc_config, the_last_value_counts)
{
	cr_assert_eq(read_text("lxc.seccomp.profile = /first\nlxc.seccomp.profile = /last\n"
			       "lxc.idmap = u 0 1 1\nlxc.idmap =\nlxc.idmap = g 0 1 1"),
		     0);
	cr_expect_str_eq(config.profile, "/last");
	cr_expect_not(config.maps_users);
	cr_expect(config.maps_groups);
	cr_expect_eq(config.root, UINT32_MAX);
}

Test(lxc_config, follows_includes_where_they_stand)
{
	cr_assert_eq(mkdir(path_of("more"), 0700), 0);
	write_file("one", "lxc.seccomp.profile = /of-one\nlxc.seccomp.notify.cookie = one\n");
	write_file("more/20-b.conf", "lxc.seccomp.notify.proxy = unix:/b\n");
	write_file("more/10-a.conf", "lxc.seccomp.notify.proxy = unix:/a\nlxc.idmap = u 0 1 1\n");
	write_file("more/note.txt", "lxc.seccomp.notify.proxy = unix:/txt\n");
	cr_assert_eq(read_text("lxc.seccomp.notify.cookie = before\nlxc.include = @/one\n"
			       "lxc.include = @/more\nlxc.seccomp.profile = /own\n"),
		     0);
	cr_expect_str_eq(config.profile, "/own");
	cr_expect_str_eq(config.cookie, "one");
	cr_expect_str_eq(config.proxy, "unix:/b");
	cr_expect(config.maps_users);
}

Test(lxc_config, names_the_file_that_is_not_there)
{
	cr_expect_eq(read_text("lxc.include = @/absent\n"), -ENOENT);
	cr_expect_str_eq(config.culprit, path_of("absent"));
	cr_expect_eq(lxc_config_read(path_of("none"), &config), -ENOENT);
	cr_expect_str_eq(config.culprit, path_of("none"));
}

Test(lxc_config, does_not_follow_a_circle_for_ever)
{
	cr_expect_eq(read_text("lxc.include = @/config\n"), -ELOOP);
	cr_assert_eq(mkdir(path_of("d"), 0700), 0);
	write_file("d/a.conf", "lxc.include = @/d\n");
	write_file("d/b.conf", "lxc.include = @/d\n");
	cr_expect_eq(lxc_config_read(path_of("d"), &config), -ELOOP);
}

Test(lxc_config, refuses_what_is_no_file)
{
	cr_assert_eq(mkfifo(path_of("pipe"), 0600), 0);
	cr_expect_eq(read_text("lxc.include = @/pipe\n"), -EINVAL);
}

Test(lxc_config, refuses_a_value_that_is_too_long)
{
	char *text = NULL;

	cr_assert_gt(asprintf(&text, "lxc.seccomp.profile = /%0*d\n", PATH_MAX, 1), 0);
	cr_expect_eq(read_text(text), -ENAMETOOLONG);
	free(text);
}

static const char *missing(const char *profile)
{
	const char *call = "nothing";

	write_file("profile", profile);
	cr_assert_eq(lxc_profile_check(path_of("profile"), &call), 0);
	return call;
}

#define SETS "setxattr notify\nlsetxattr notify\nfsetxattr notify\n"
#define GETS "getxattr notify\nlgetxattr\tnotify\nfgetxattr  notify\n"
#define LISTS "listxattr notify\nllistxattr notify\nflistxattr notify\n"
#define REMOVALS "removexattr notify\nlremovexattr notify\nfremovexattr notify"

Test(lxc_config, takes_a_profile_that_has_all_calls)
{
	cr_expect_null(missing("2\ndenylist\n[all]\n" SETS GETS LISTS REMOVALS));
	cr_expect_null(missing("2\nallowlist\n" SETS GETS LISTS REMOVALS "\n"));
}

Test(lxc_config, names_the_call_that_a_profile_lacks)
{
	cr_expect_str_eq(missing("2\ndenylist\n"), "setxattr");
	cr_expect_str_eq(missing("2\ndenylist\n" SETS GETS REMOVALS), "listxattr");
	cr_expect_str_eq(missing("2\ndenylist\n" SETS GETS LISTS "removexattr notify\n"),
			 "lremovexattr");
	cr_expect_str_eq(missing("2\ndenylist\n#setxattr notify\n" SETS "getxattr errno 1\n"),
			 "getxattr");
	cr_expect_str_eq(missing("2\ndenylist\n[x86]\n" SETS GETS LISTS REMOVALS), "setxattr");
}

Test(lxc_config, refuses_a_profile_of_version_1)
{
	const char *call = "nothing";

	write_file("profile", "1\nallowlist\n" SETS);
	cr_expect_eq(lxc_profile_check(path_of("profile"), &call), -EINVAL);
	cr_expect_eq(lxc_profile_check(path_of("absent"), &call), -ENOENT);
}

Test(lxc_config, takes_the_profile_that_comes_with_us)
{
	const char *call = "nothing";

	cr_assert_eq(lxc_profile_check("examples/lxc/nsxattr.seccomp", &call), 0);
	cr_expect_null(call);
}
