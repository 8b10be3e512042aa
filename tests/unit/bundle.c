/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/bundle.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LIMIT 4096

static char folder[] = "/tmp/nsxattr-bundle.XXXXXX";
static char path[64];

static void write_config(const char *at, const char *text)
{
	int fd = open(at, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);

	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	cr_assert_eq(fchmod(fd, 0640), 0);
	close(fd);
}

static void setup(void)
{
	cr_assert_not_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/config.json", folder);
	write_config(path, "old");
}

/* Return: how many files of the folder there are. */
static size_t count_files(void)
{
	char pattern[64];
	glob_t found;

	snprintf(pattern, sizeof(pattern), "%s/*", folder);
	size_t count = glob(pattern, 0, NULL, &found) == 0 ? found.gl_pathc : 0;

	globfree(&found);
	return count;
}

static void teardown(void)
{
	char command[96];

	snprintf(command, sizeof(command), "rm -r %s", folder);
	cr_expect_eq(system(command), 0);
}

static void expect_text(const char *at, const char *expected)
{
	char text[16] = "";
	int fd = open(at, O_RDONLY | O_CLOEXEC);

	cr_expect_geq(read(fd, text, sizeof(text) - 1), 0);
	cr_expect_str_eq(text, expected);
	close(fd);
}

TestSuite(bundle, .init = setup, .fini = teardown);

Test(bundle, is_replaced_whole)
{
	struct bundle_config config = { 0 };
	struct stat status;

	cr_assert_eq(bundle_read(folder, NULL, LIMIT, &config), 0);
	cr_expect_eq(config.length, 3);
	cr_expect_eq(memcmp(config.bytes, "old", 3), 0);
	cr_assert_eq(bundle_replace(&config, "newer", 5), 0);
	expect_text(path, "newer");
	cr_assert_eq(stat(path, &status), 0);
	cr_expect_eq(status.st_mode & 07777, 0640);
	cr_expect_neq(status.st_ino, config.status.st_ino, "it is a new file");
	cr_expect_eq(count_files(), 1);
	bundle_config_done(&config);
}

Test(bundle, replaces_a_link_and_not_what_it_leads_to)
{
	struct bundle_config config = { 0 };
	char other[64];

	snprintf(other, sizeof(other), "%s/other", folder);
	write_config(other, "old");
	cr_assert_eq(unlink(path), 0);
	cr_assert_eq(symlink("other", path), 0);
	cr_assert_eq(bundle_read(folder, NULL, LIMIT, &config), 0);
	cr_assert_eq(bundle_replace(&config, "newer", 5), 0);
	expect_text(path, "newer");
	expect_text(other, "old");
	bundle_config_done(&config);
}

Test(bundle, stays_as_it_is_when_the_name_cannot_be_taken)
{
	struct bundle_config config = { 0 };

	cr_assert_eq(bundle_read(folder, NULL, LIMIT, &config), 0);
	cr_assert_eq(unlink(path), 0);
	cr_assert_eq(mkdir(path, 0700), 0);
	cr_expect_eq(bundle_replace(&config, "newer", 5), -EISDIR);
	cr_expect_eq(count_files(), 1, "and the new file is gone");
	bundle_config_done(&config);
}

Test(bundle, is_read_by_another_name_if_crun_does)
{
	struct bundle_config config = { 0 };

	cr_assert_eq(bundle_read("/nonexistent", path, LIMIT, &config), 0);
	cr_expect_str_eq(config.path, path);
	bundle_config_done(&config);
}

Test(bundle, is_a_regular_file_or_none)
{
	struct bundle_config config = { 0 };

	cr_assert_eq(unlink(path), 0);
	cr_expect_eq(bundle_read(folder, NULL, LIMIT, &config), -ENOENT);
	cr_assert_eq(mkfifo(path, 0600), 0);
	cr_expect_eq(bundle_read(folder, NULL, LIMIT, &config), -ESPIPE);
}
