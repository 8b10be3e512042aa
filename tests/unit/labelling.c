/* SPDX-License-Identifier: Apache-2.0 */
#include "base/labelling.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A folder that looks like selinuxfs, for a class of which setattr is the first permission and getattr the third. */
struct fake {
	char path[64];
	int directory;
};

static void put(const struct fake *fake, const char *path, const void *bytes, size_t size)
{
	int fd = openat(fake->directory, path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	cr_assert_eq(write(fd, bytes, size), (ssize_t)size, "%s", path);
	close(fd);
}

static struct fake make_fake(void)
{
	struct fake fake = { .path = "/tmp/nsxattr-labelling-XXXXXX" };

	cr_assert(mkdtemp(fake.path));
	fake.directory = open(fake.path, O_PATH | O_DIRECTORY);
	cr_assert_eq(mkdirat(fake.directory, "class", 0700), 0);
	cr_assert_eq(mkdirat(fake.directory, "class/file", 0700), 0);
	cr_assert_eq(mkdirat(fake.directory, "class/file/perms", 0700), 0);
	put(&fake, "class/file/index", "6", 1);
	put(&fake, "class/file/perms/setattr", "1", 1);
	put(&fake, "class/file/perms/getattr", "3", 1);
	/* What is asked is the answer: a fifo gives back what was written. */
	cr_assert_eq(mkfifoat(fake.directory, "access", 0600), 0);
	return fake;
}

static void remove_fake(struct fake *fake)
{
	char command[128];

	close(fake->directory);
	snprintf(command, sizeof(command), "rm -r %s", fake->path);
	cr_assert_eq(system(command), 0);
}

Test(labelling, an_answer_is_a_set_of_permissions_of_the_class)
{
	struct fake fake = make_fake();
	unsigned int rights = 0;

	cr_expect_eq(labelling_ask(fake.directory, "5 ffffffff 0 0", "9 0", LABEL_FILE, &rights),
		     0);
	cr_expect_eq(rights, LABEL_SETATTR | LABEL_GETATTR);
	cr_expect_eq(labelling_ask(fake.directory, "fffffffa ffffffff 0 0", "9 0", LABEL_FILE,
				   &rights),
		     0);
	cr_expect_eq(rights, 0, "the question was not about other permissions");
	remove_fake(&fake);
}

Test(labelling, a_permissive_domain_may_do_everything)
{
	struct fake fake = make_fake();
	unsigned int rights = 0;

	cr_expect_eq(labelling_ask(fake.directory, "0 ffffffff 0 0", "9 1", LABEL_FILE, &rights),
		     0);
	cr_expect_eq(rights, ~0U);
	remove_fake(&fake);
}

Test(labelling, what_is_not_understood_is_no_answer)
{
	struct fake fake = make_fake();
	unsigned int rights = 77;

	cr_expect_eq(labelling_ask(fake.directory, "u:r:t:s0", "u:r:t:s0", LABEL_FILE, &rights),
		     -EPROTO);
	put(&fake, "class/file/perms/getattr", "33", 2);
	cr_expect_eq(labelling_ask(fake.directory, "5 ffffffff 0 0", "9 0", LABEL_FILE, &rights),
		     -EPROTO);
	put(&fake, "class/file/index", "x", 1);
	cr_expect_eq(labelling_ask(fake.directory, "5 ffffffff 0 0", "9 0", LABEL_FILE, &rights),
		     -EPROTO);
	cr_expect_eq(labelling_ask(fake.directory, "u:r:t:s0", "u:r:t:s0", LABEL_DIR, &rights),
		     -ENOENT, "this policy has no such class");
	cr_expect_eq(rights, 77);
	remove_fake(&fake);
}

Test(labelling, a_state_that_the_kernel_is_changing_is_not_believed)
{
	struct fake fake = make_fake();
	struct labelling_state state = { 0 };

	put(&fake, "status", (uint32_t[]){ 1, 8, 1, 2, 0 }, 20);
	cr_expect_eq(labelling_read_state(fake.directory, &state), 0);
	cr_expect_eq(state.sequence, 8);
	cr_expect(state.is_enforcing);
	put(&fake, "status", (uint32_t[]){ 1, 9, 0, 2, 0 }, 20);
	cr_expect_eq(labelling_read_state(fake.directory, &state), -EBUSY);
	put(&fake, "status", (uint32_t[]){ 1, 10 }, 8);
	cr_expect_eq(labelling_read_state(fake.directory, &state), -EPROTO);
	cr_expect(state.is_enforcing, "what is not known is left");
	put(&fake, "status", (uint32_t[]){ 1, 10, 0, 3, 0 }, 20);
	cr_expect_eq(labelling_read_state(fake.directory, &state), 0);
	cr_expect_not(state.is_enforcing);
	remove_fake(&fake);
}
