/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What we take for granted of mounts: that their ids are unique (Linux 6.8), and statmount(2) tells their id maps
 * (Linux 6.15; it is asked from 6.17.10 on, see exec/mount.c). Before, nothing is told, and the mounts work all the same.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exec/mount.h"
#include "idmapped.h"
#include "inode.h"
#include "kernel_features.h"
#include "launch.h"

#ifndef STATX_MNT_ID_UNIQUE /* Linux 6.8 */
#define STATX_MNT_ID_UNIQUE 0x4000
#endif

static struct mounts *mounts;

static void begin(void)
{
	scratch_new();
	scratch_keep_mounts();
	mounts = mounts_new();
	cr_assert_not_null(mounts);
	inode_directory("from", 0, 0755);
	inode_directory("to", 0, 0755);
}

static void end(void)
{
	mounts_free(mounts);
	scratch_remove();
}

TestSuite(mounts, .init = begin, .fini = end, .timeout = 60);

/* Return: 0 where ids are used again. */
static uint64_t id_of(int fd)
{
	struct statx stat = { 0 };

	cr_assert_eq(statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID_UNIQUE, &stat), 0);
	cr_expect_eq((stat.stx_mask & STATX_MNT_ID_UNIQUE) != 0, kernel_is_at_least(6, 8));
	return stat.stx_mask & STATX_MNT_ID_UNIQUE ? stat.stx_mnt_id : 0;
}

/* Ask by the mount namespace that a path of procfs names. */
static int learn(uint64_t id, const char *mount_namespace, const struct id_map **ret_uids)
{
	int fd = open(mount_namespace, O_RDONLY | O_CLOEXEC);
	int r = mounts_learn(mounts, id, fd, ret_uids);

	close(fd);
	return r;
}

/* Return: whether the maps are told; if not, nothing is, and nothing is kept. */
static bool are_told(int fd)
{
	const struct id_map *uids = NULL;

	if (mount_maps_are_told())
		return true;
	cr_expect_eq(learn(id_of(fd), "/proc/self/ns/mnt", &uids), -ENOSYS);
	cr_expect(!mounts_find(mounts, id_of(fd), &uids) || id_of(fd) == 0);
	cr_expect_null(uids);
	close(fd);
	return false;
}

static int open_mapped(const char *map)
{
	int r = idmapped_mount(scratch_path("from"), scratch_path("to"), map);

	cr_assert_eq(r, 0, "%s", strerror(-r));
	scratch_mounted(scratch_path("to"));
	return open(scratch_path("to"), O_PATH | O_CLOEXEC);
}

Test(mounts, tell_their_id_maps)
{
	int fd = open_mapped("0 200000 1000\n5000 100000 10");
	const struct id_map *uids = NULL;
	struct stat shown;

	/* Root's own is that of another, on each kernel. */
	cr_assert_eq(stat(scratch_path("to"), &shown), 0);
	cr_expect_eq(shown.st_uid, 200000);
	if (!are_told(fd))
		return;
	cr_assert_eq(learn(id_of(fd), "/proc/self/ns/mnt", &uids), 0);
	cr_assert_not_null(uids);
	cr_assert_eq(uids->count, 2);
	cr_expect_eq(uids->extents[0].inside, 0);
	cr_expect_eq(uids->extents[0].host, 200000);
	cr_expect_eq(uids->extents[0].count, 1000);
	cr_expect_eq(uids->extents[1].inside, 5000);
	cr_expect_eq(uids->extents[1].host, 100000);
	cr_expect_eq(uids->extents[1].count, 10);
	uids = NULL;
	cr_expect(mounts_find(mounts, id_of(fd), &uids) && uids);
	close(fd);
}

Test(mounts, tell_the_most_extents_that_there_can_be)
{
	char map[ID_MAP_EXTENTS_MAX * 36] = "";
	const struct id_map *uids = NULL;

	for (unsigned int i = 0; i < ID_MAP_EXTENTS_MAX; i++)
		snprintf(map + strlen(map), sizeof(map) - strlen(map), "%u %u 1\n", 1000 + 2 * i,
			 5000 + 2 * i);
	int fd = open_mapped(map);

	if (!are_told(fd))
		return;
	cr_assert_eq(learn(id_of(fd), "/proc/self/ns/mnt", &uids), 0);
	cr_assert_not_null(uids);
	cr_expect_eq(uids->count, ID_MAP_EXTENTS_MAX);
	close(fd);
}

Test(mounts, tell_that_they_have_none)
{
	int fd = open(scratch_path("from"), O_PATH | O_CLOEXEC);
	const struct id_map none, *uids = &none;

	if (!are_told(fd))
		return;
	cr_assert_neq(id_of(fd), 0);
	cr_assert_eq(learn(id_of(fd), "/proc/self/ns/mnt", &uids), 0);
	cr_expect_null(uids);
	close(fd);
}

Test(mounts, are_found_in_the_namespace_that_has_them)
{
	int fd = open_mapped("0 200000 1000");
	uint64_t id = id_of(fd);
	int home = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	const struct id_map *uids = NULL;

	if (!mount_maps_are_told())
		close(home);
	if (!are_told(fd))
		return;
	/* We go to a copy of the namespace, in which the mount has another id. */
	cr_assert_eq(unshare(CLONE_NEWNS), 0);
	cr_expect_eq(learn(id, "/proc/self/ns/mnt", &uids), -ENOENT);
	cr_assert_eq(mounts_learn(mounts, id, home, &uids), 0);
	cr_expect_not_null(uids);
	close(home);
	close(fd);
}

Test(mounts, tell_nothing_while_they_are_nowhere)
{
	int tree = idmapped_tree(scratch_path("from"), "0 200000 1000");
	const struct id_map *uids = NULL;

	cr_assert_geq(tree, 0);
	if (!are_told(tree))
		return;
	cr_expect_eq(learn(id_of(tree), "/proc/self/ns/mnt", &uids), -ENOENT);
	close(tree);
}
