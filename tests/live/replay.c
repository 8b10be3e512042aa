/* SPDX-License-Identifier: Apache-2.0 */
/* A change in which processes have died, one after the other, is made once, and its answer says so. */
#include "request/replay.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/proc.h"
#include "exec/attribute_call.h"
#include "exec/changes.h"
#include "exec/effect.h"
#include "request/stage.h"

#define NAME "security.replay"

static struct workspace workspace;
static struct slot slot;
static struct pinned inode;

static void set_up(void)
{
	char path[] = "/dev/shm/replay-XXXXXX";

	inode = (struct pinned){ .fd = mkstemp(path), .is_opened = true };
	cr_assert_geq(inode.fd, 0);
	cr_assert_eq(unlink(path), 0);
	workspace.config.procfs = proc_open();
	workspace.descriptors_enough = INT_MAX;
	cr_assert_geq(workspace.config.procfs, 0);
	cr_assert_eq(changes_new(&workspace.config.changes), 0);
	effect_clear(&slot.effect);
}

static void tear_down(void)
{
	changes_free(workspace.config.changes);
	close(workspace.config.procfs);
	close(inode.fd);
}

TestSuite(replay, .init = set_up, .fini = tear_down, .timeout = 60);

static void begin(enum operation operation, int flags)
{
	const struct performer performer = {
		.inode = &inode,
		.directory = -1,
		.effect = &slot.effect,
	};
	struct attribute_call call = {
		.operation = operation,
		.name = NAME,
		.value = "value",
		.size = strlen("value"),
		.flags = flags,
	};

	effect_begin(&performer, &call);
}

/* All processes have died: no descriptor is left, and no number of a thread is as high. */
static void die(void)
{
	atomic_store(&slot.effect.fd, -1);
	atomic_store(&slot.effect.performer, INT_MAX);
}

/* Return: whether the next process has to make the change, which counts as made if it fails with @ret_excused. */
static bool has_to_be_made(int *ret_excused)
{
	struct reception reception = { .slot = &slot };
	struct request request = {
		.workspace = &workspace,
		.reception = &reception,
		.slot = &slot,
		.inode = { .fd = -1 },
	};
	bool is_to_be_made = replay_change(&request);

	*ret_excused = slot.effect.excused;
	return is_to_be_made;
}

Test(replay, of_a_remove_that_was_made_is_a_success_however_often_all_die)
{
	int excused;

	cr_assert_eq(fsetxattr(inode.fd, NAME, "value", 5, 0), 0);
	begin(OPERATION_REMOVE, 0);
	cr_assert_eq(fremovexattr(inode.fd, NAME), 0);
	for (int i = 0; i < 3; i++) {
		die();
		cr_expect(has_to_be_made(&excused));
		cr_expect_eq(excused, ENODATA);
		/* Once before the next attempt has begun, then in it. */
		if (i > 0)
			begin(OPERATION_REMOVE, 0);
	}
}

Test(replay, of_a_set_that_has_created_is_a_success_however_often_all_die)
{
	int excused;

	begin(OPERATION_SET, XATTR_CREATE);
	cr_assert_eq(fsetxattr(inode.fd, NAME, "value", 5, XATTR_CREATE), 0);
	for (int i = 0; i < 3; i++) {
		die();
		cr_expect(has_to_be_made(&excused));
		cr_expect_eq(excused, EEXIST);
		if (i > 0)
			begin(OPERATION_SET, XATTR_CREATE);
	}
}

Test(replay, of_a_remove_that_would_have_failed_fails)
{
	int excused;

	begin(OPERATION_REMOVE, 0);
	die();
	cr_expect(has_to_be_made(&excused));
	cr_expect_eq(excused, 0);
}

Test(replay, excuses_nothing_once_the_attribute_shows_that_nothing_was_made)
{
	int excused;

	cr_assert_eq(fsetxattr(inode.fd, NAME, "value", 5, 0), 0);
	begin(OPERATION_REMOVE, 0);
	die();
	cr_expect(has_to_be_made(&excused));
	begin(OPERATION_REMOVE, 0);
	cr_expect_eq(slot.effect.excused, 0);
}
