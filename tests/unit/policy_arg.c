/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/policy_arg.h"

#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "yaml/diagnostic.h"

static char folder[] = "/tmp/nsxattr-policy-arg.XXXXXX";

static void enter_folder(void)
{
	cr_assert_not_null(mkdtemp(folder));
	cr_assert_eq(chdir(folder), 0);
}

static void remove_folder(void)
{
	unlink("some.yaml");
	cr_expect_eq(chdir("/"), 0);
	cr_expect_eq(rmdir(folder), 0);
}

TestSuite(policy_arg, .init = enter_folder, .fini = remove_folder);

static void write_policy(const char *text)
{
	FILE *file = fopen("some.yaml", "we");

	cr_assert_not_null(file);
	cr_assert_geq(fputs(text, file), 0);
	cr_assert_eq(fclose(file), 0);
}

Test(policy_arg, is_a_path_with_a_slash_or_an_ending)
{
	cr_expect(policy_arg_is_path("./default"));
	cr_expect(policy_arg_is_path("/etc/policy"));
	cr_expect(policy_arg_is_path("some.yaml"));
	cr_expect(policy_arg_is_path("some.yml"));
	cr_expect(policy_arg_is_path(".yml"));
	cr_expect_not(policy_arg_is_path("default"));
	cr_expect_not(policy_arg_is_path("some.yaml.orig"));
	cr_expect_not(policy_arg_is_path("yaml"));
	cr_expect_not(policy_arg_is_path(""));
}

Test(policy_arg, is_else_a_name)
{
	cr_expect_null(policy_arg_check("default"));
	cr_expect_null(policy_arg_check("kernel"));
	cr_expect_null(policy_arg_check("any.yaml"));
	cr_expect_null(policy_arg_check("samba"));
	cr_expect_str_eq(
		policy_arg_check("-samba"),
		"cannot be a policy's name, which has letters, digits, '_', '-' and '.', no '-' or '.' at "
		"the beginning; a file's name has a '/' in it, or .yaml behind");
}

static void expect_found(const char *name, int expected)
{
	char path[64], *found = NULL;

	cr_expect_eq(policy_arg_find(folder, name, &found), expected, "%s", name);
	if (expected < 0) {
		cr_expect_null(found);
		return;
	}
	snprintf(path, sizeof(path), "%s/%s.yaml", folder, name);
	cr_expect_str_eq(found, path);
	free(found);
}

Test(policy_arg, finds_a_file_by_its_name)
{
	write_policy("version: 1\nattributes: []\n");
	cr_redirect_stderr();
	expect_found("some", 0);
	expect_found("soem", -ENOENT);
	expect_found("../some", -ENOENT);
	expect_found("some.yaml", -ENOENT);
	fflush(stderr);
	cr_expect_stderr_eq_str(
		"nsxattr: there is no policy 'soem' (did you mean 'some'?); there are: default, user, trusted, kernel, some\n"
		"nsxattr: there is no policy '../some'; there are: default, user, trusted, kernel, some\n"
		"nsxattr: there is no policy 'some.yaml'; there are: default, user, trusted, kernel, some\n");
}

Test(policy_arg, loads_a_built_in_policy)
{
	const struct policy *policy = NULL;
	struct policy_file *file = NULL;

	cr_expect(policy_arg_load("kernel", &policy, &file));
	cr_expect_eq(policy, policy_builtin("kernel"));
	cr_expect_null(file);
}

Test(policy_arg, loads_a_file_and_calls_it_by_its_path)
{
	const struct policy *policy = NULL;
	struct policy_file *file = NULL;

	write_policy("version: 1\nattributes: []\n");
	cr_assert(policy_arg_load("./some.yaml", &policy, &file));
	cr_expect_eq(policy, &file->policy);
	cr_expect_str_eq(policy->name, "./some.yaml");
	policy_file_free(file);
}

Test(policy_arg, says_all_that_is_wrong_with_a_file)
{
	const struct policy *policy = NULL;
	struct policy_file *file = NULL;

	write_policy("version: 2\nattributes: []\nmode: slow\n");
	cr_redirect_stderr();
	cr_expect_not(policy_arg_load("some.yaml", &policy, &file));
	cr_expect(!policy && !file);
	cr_expect_stderr_eq_str("nsxattr: some.yaml:1:10: version cannot be '2'; allowed: 1\n"
				"nsxattr: some.yaml:3:7: mode cannot be 'slow'; allowed: fast, "
				"strict\n");
}

static void expect_unreadable(const char *path, int expected, const char *message)
{
	static struct diagnostics diagnostics;
	struct policy_file *file = NULL;

	cr_redirect_stderr();
	cr_expect_eq(policy_arg_read(path, &file, &diagnostics), expected);
	cr_expect_eq(diagnostics.count, 0);
	cr_expect_stderr_eq_str(message);
}

Test(policy_arg, says_why_a_file_cannot_be_read)
{
	expect_unreadable("some.yaml", -ENOENT,
			  "nsxattr: cannot read some.yaml: No such file or directory\n");
}

Test(policy_arg, reads_no_device)
{
	expect_unreadable("/dev/zero", -EINVAL,
			  "nsxattr: cannot read /dev/zero: it is no regular file\n");
}

Test(policy_arg, sees_that_a_file_is_too_long)
{
	static struct diagnostics diagnostics;
	struct policy_file *file = NULL;

	write_policy("version: 1\nattributes: []\n");
	cr_assert_eq(truncate("some.yaml", 1 << 30), 0);
	cr_expect_eq(policy_arg_read("some.yaml", &file, &diagnostics), POLICY_FILE_MISTAKEN);
	cr_expect_str_eq(diagnostics.entries[0].text, "the file is too long; allowed: 1 MiB");
}
