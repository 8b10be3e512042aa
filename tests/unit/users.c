/* SPDX-License-Identifier: Apache-2.0 */
#include "base/users.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/nsxattr-users.XXXXXX";
static int etc = -1;

static void write_passwd(const char *text)
{
	int fd = openat(etc, "passwd", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void make_etc(void)
{
	cr_assert_not_null(mkdtemp(folder));
	etc = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	write_passwd("root:x:99:0:root:/root:/bin/sh\n"
		     "alice:x:1000:1000:Alice,,,:/home/alice:/bin/bash\n"
		     "alicent:x:1001:1001::/:\n"
		     "broken:x\n"
		     "word:x:many:1::/:\n"
		     "none:x:4294967295:1::/:\n"
		     "empty:::1::/:\n"
		     "long:x:00000001000:1::/:\n"
		     "last:x:4294967294:1::/:/bin/sh");
}

static void remove_etc(void)
{
	unlinkat(etc, "passwd", 0);
	close(etc);
	cr_expect_eq(rmdir(folder), 0);
}

TestSuite(users, .init = make_etc, .fini = remove_etc);

static void expect_found(const char *user, uid_t expected)
{
	uid_t uid = 7;

	cr_expect_eq(users_find(etc, user, &uid), USERS_FOUND, "%s", user);
	cr_expect_eq(uid, expected, "%s: %u", user, uid);
}

static void expect_unknown(const char *user)
{
	uid_t uid = 7;

	cr_expect_eq(users_find(etc, user, &uid), USERS_UNKNOWN, "%s", user);
	cr_expect_eq(uid, 7);
}

Test(users, are_found_by_their_whole_name)
{
	expect_found("alice", 1000);
	expect_found("alicent", 1001);
	expect_found("last", 4294967294);
	expect_unknown("ali");
	expect_unknown("bob");
	expect_unknown("");
}

Test(users, are_found_by_their_number)
{
	expect_found("1000", 1000);
	expect_found("4294967294", 4294967294);
	expect_unknown("4294967295");
	expect_unknown("-1");
	expect_unknown("99999999999");
	expect_unknown("1000 ");
}

Test(users, called_root_are_0)
{
	expect_found("root", 0);
}

Test(users, without_a_number_are_nobody)
{
	expect_unknown("broken");
	expect_unknown("word");
	expect_unknown("none");
	expect_unknown("empty");
	expect_unknown("long");
	expect_unknown("broken:x");
}

Test(users, are_root_and_numbers_without_a_file)
{
	uid_t uid = 7;

	cr_expect_eq(users_find(-1, "alice", &uid), USERS_UNKNOWN);
	cr_expect_eq(users_find(-1, "12", &uid), USERS_FOUND);
	cr_expect_eq(uid, 12);
	unlinkat(etc, "passwd", 0);
	cr_expect_eq(users_find(etc, "alice", &uid), -ENOENT);
	cr_expect_eq(users_find(etc, "root", &uid), USERS_FOUND);
	cr_expect_eq(uid, 0);
}
