/* SPDX-License-Identifier: Apache-2.0 */
/*
 * On an idmapped mount a value lies under the id that its root has on the file system, as the file
 * capabilities do that the kernel stores: it stays with a volume that one container after another gets,
 * each with ids of its own. A policy can fix the number instead.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "actor.h"
#include "exec/mount.h"
#include "idmapped.h"
#include "inode.h"
#include "launch.h"

#define OTHER_MAP "0:200000:65536"
#define NESTED_MAP "0:1000:1000"
#define DESCRIPTOR 50

static void begin(void)
{
	scratch_new();
	scratch_keep_mounts();
}

TestSuite(idmapped, .init = begin, .fini = scratch_remove, .timeout = 120);

/* Mount the directory "volume" once more. */
static void mount_volume(const char *to, const char *map)
{
	const char *at = inode_directory(to, 0, 0755);

	cr_assert_eq(idmapped_mount(scratch_path("volume"), at, map), 0, "%s", strerror(errno));
	scratch_mounted(at);
}

static const char *make_volume(void)
{
	inode_directory("volume", 0, 0755);
	return inode_file("volume/file", 0);
}

static struct actor *inside_map(const char *map)
{
	return actor_start(&(struct launch){ .is_supervised = true, .map = map });
}

/*
 * Before Linux 6.18 the maps are not told, and each mount counts as one that has none: numbers are those of the
 * container's ids on the host. What the container sets it has, but a container with other ids does not.
 */
static void expect_numbers_of_the_container(void)
{
	const char *file = make_volume();

	mount_volume("first", "0 100000 65536");
	mount_volume("second", "0 200000 65536");
	struct actor *before = inside_map(USUAL_MAP), *after;

	EXPECT(before, "0", "setxattr first/file security.a own");
	EXPECT(before, "3 own", "getxattr first/file security.a");
	EXPECT(before, "EPERM", "setxattr second/file security.a own");
	actor_end(before);
	INODE_LISTS(file, "security.a@uid=100000,");
	after = inside_map(OTHER_MAP);
	EXPECT(after, "ENODATA", "getxattr second/file security.a");
	EXPECT(after, "0", "setxattr second/file security.a other create");
	actor_end(after);
	INODE_HAS(file, "security.a@uid=100000", "own");
	INODE_HAS(file, "security.a@uid=200000", "other");
}

/* What holds where the maps are told. */
#define Told(name)                                         \
	static void told_##name(void);                     \
	Test(idmapped, name)                               \
	{                                                  \
		if (mount_maps_are_told())                 \
			told_##name();                     \
		else                                       \
			expect_numbers_of_the_container(); \
	}                                                  \
	static void told_##name(void)

Told(values_stay_with_a_volume_whose_container_gets_other_ids)
{
	const char *file = make_volume();

	mount_volume("first", "0 100000 65536");
	mount_volume("second", "0 200000 65536");
	struct actor *before = inside_map(USUAL_MAP);

	EXPECT(before, "0", "setxattr first/file security.a before");
	EXPECT(before, "0", "setxattr first/file security.b before");
	EXPECT(before, "0", "setxattr first/file trusted.t before");
	EXPECT(before, "6 before", "getxattr first/file security.a");
	actor_end(before);
	INODE_LISTS(file, "security.a@uid=0,security.b@uid=0,trusted.t@uid=0,");

	struct actor *after = inside_map(OTHER_MAP);

	EXPECT_NAMES(after, "security.a,security.b,trusted.t,", "listxattr second/file");
	EXPECT(after, "6 before", "getxattr second/file security.a");
	EXPECT(after, "EEXIST", "setxattr second/file security.a after create");
	EXPECT(after, "0", "setxattr second/file security.a after replace");
	EXPECT(after, "0", "removexattr second/file security.b");
	EXPECT(after, "0", "removexattr second/file trusted.t");
	EXPECT_NAMES(after, "security.a,", "listxattr second/file");
	actor_end(after);
	INODE_LISTS(file, "security.a@uid=0,");
	INODE_HAS(file, "security.a@uid=0", "after");
}

/* The host's plain values are inherited, and not ours to change, where the number is 0, too. */
Told(root_of_the_file_system_is_not_root_of_the_host)
{
	const char *file = make_volume();

	mount_volume("mount", "0 100000 65536");
	struct actor *inside = actor_inside();

	inode_set(file, "security.a", "hosts");
	EXPECT(inside, "5 hosts", "getxattr mount/file security.a");
	EXPECT(inside, "ENODATA", "removexattr mount/file security.a");
	EXPECT(inside, "0", "setxattr mount/file security.a own");
	INODE_HAS(file, "security.a", "hosts");
	INODE_HAS(file, "security.a@uid=0", "own");
	EXPECT(inside, "3 own", "getxattr mount/file security.a");
	EXPECT(inside, "3 own", "getxattr mount/file security.a@uid=0");
	EXPECT(inside, "0", "removexattr mount/file security.a");
	INODE_LISTS(file, "security.a,");
	actor_end(inside);
}

/* More searches than it takes until one is expected to stay on its mount. */
static void stay(struct actor *inside)
{
	for (int i = 0; i < 20; i++)
		EXPECT(inside, "5 plain", "getxattr plain security.a");
}

Told(a_mount_is_noticed_after_a_long_stay_on_another)
{
	const char *file = make_volume();

	inode_file("plain", USUAL_ROOT);
	mount_volume("mount", "0 100000 65536");
	struct actor *inside = actor_inside();

	EXPECT(inside, "0", "setxattr plain security.a plain");
	stay(inside);
	EXPECT(inside, "0", "setxattr mount/file security.a own");
	INODE_LISTS(file, "security.a@uid=0,");
	stay(inside);
	EXPECT(inside, "3 own", "getxattr mount/file security.a");
	actor_end(inside);
}

/* The oracle: what the kernel stores of a file capability that is set by the same root. */
static void expect_root_id(const char *file, uint32_t number)
{
	struct vfs_ns_cap_data stored = { 0 };
	ssize_t length = getxattr(file, "security.capability", &stored, sizeof(stored));
	char name[64];

	/* The root id 0 is left out when root of the host reads it. */
	cr_assert_eq(length, number == 0 ? XATTR_CAPS_SZ_2 : XATTR_CAPS_SZ_3, "%zd", length);
	cr_expect_eq(stored.rootid, number, "the kernel has %u", stored.rootid);
	snprintf(name, sizeof(name), "security.a@uid=%u", number);
	INODE_HAS(file, name, "own");
}

Told(the_number_is_that_of_file_capabilities)
{
	static const struct {
		const char *map;
		uid_t owner;
	} rows[] = {
		{ "0 100000 65536", 0 },
		{ "500 100000 1000", 500 },
		{ "7000 100100 10\n3000 100000 100", 3000 },
	};

	make_volume();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char directory[32], mounted[32];

		snprintf(directory, sizeof(directory), "volume/%zu", i);
		snprintf(mounted, sizeof(mounted), "mount%zu", i);
		const char *file = inode_file(directory, rows[i].owner);

		mount_volume(mounted, rows[i].map);
		struct actor *inside = actor_inside();

		EXPECT(inside, "0", "setxattr %s/%zu security.capability v2", mounted, i);
		EXPECT(inside, "0", "setxattr %s/%zu security.a own", mounted, i);
		expect_root_id(file, rows[i].owner);
		actor_end(inside);
	}
}

Told(namespaces_below_it_have_numbers_of_the_mount_too)
{
	const char *file = make_volume();

	mount_volume("mount", "0 100000 65536");
	cr_assert_eq(chown(file, 1000, 1000), 0);
	struct actor *inside = actor_inside();

	EXPECT(inside, "0", "setxattr mount/file security.a outer");
	EXPECT(inside, "0", "setxattr mount/file security.b@uid=1000 given");
	EXPECT(inside, "0", "nest " NESTED_MAP);
	EXPECT(inside, "5 outer", "getxattr mount/file security.a");
	EXPECT(inside, "5 given", "getxattr mount/file security.b");
	EXPECT(inside, "0", "setxattr mount/file security.a inner");
	EXPECT(inside, "0", "setxattr mount/file security.c@uid=7 inner");
	EXPECT_NAMES(inside, "security.a,security.b,security.c@uid=7,", "listxattr mount/file");
	INODE_LISTS(file, "security.a@uid=0,security.a@uid=1000,security.b@uid=1000,"
			  "security.c@uid=1007,");
	actor_end(inside);
}

/* A mount with a few ids only: the namespace's root is none of them. */
Told(a_root_that_the_mount_does_not_have_owns_nothing_there)
{
	const char *file = make_volume();

	cr_assert_eq(chown(file, 1000, 1000), 0);
	mount_volume("mount", "1000 101000 1");
	struct actor *inside = actor_inside();

	inode_set(file, "security.a", "hosts");
	inode_set(file, "security.b@uid=0", "others");
	EXPECT(inside, "5 hosts", "getxattr mount/file security.a");
	EXPECT(inside, "EINVAL", "setxattr mount/file security.a own");
	EXPECT(inside, "ENODATA", "removexattr mount/file security.a");
	EXPECT(inside, "ENODATA", "getxattr mount/file security.b");
	EXPECT(inside, "ENODATA", "getxattr mount/file trusted.t");
	/* As the kernel answers for its own variant. */
	EXPECT(inside, "EINVAL", "setxattr mount/file security.capability v2");
	EXPECT_NAMES(inside, "security.a,", "listxattr mount/file");
	EXPECT(inside, "0", "setxattr mount/file security.b@uid=1000 mapped");
	INODE_HAS(file, "security.b@uid=1000", "mapped");
	actor_end(inside);
}

Told(ownership_is_judged_by_what_the_mount_shows)
{
	make_volume();
	inode_file("volume/foreign", 100000);
	mount_volume("mount", "0 100000 65536");
	struct actor *inside = actor_inside();

	EXPECT(inside, "EPERM", "setxattr mount/foreign security.a own");
	EXPECT(inside, "0", "setxattr volume/foreign security.a own");
	EXPECT(inside, "EPERM", "setxattr volume/file security.a own");
	INODE_LISTS(scratch_path("volume/foreign"), "security.a@uid=100000,");
	actor_end(inside);
}

Told(the_mount_counts_whatever_way_leads_to_it)
{
	const char *file = make_volume();

	mount_volume("mount", "0 100000 65536");
	struct actor *inside = actor_inside();

	EXPECT(inside, "50", "open %d mount/file write", DESCRIPTOR);
	EXPECT(inside, "0", "fsetxattr @%d security.a a", DESCRIPTOR);
	EXPECT(inside, "0", "cd mount");
	EXPECT(inside, "0", "setxattr file security.b b");
	EXPECT(inside, "0", "setxattr /proc/self/cwd/file security.c c");
	INODE_LISTS(file, "security.a@uid=0,security.b@uid=0,security.c@uid=0,");
	actor_end(inside);
}

/* A copy in a mount namespace that the container has made is another mount with the same map. */
Told(mounts_of_a_mount_namespace_inside)
{
	const char *file = make_volume();

	mount_volume("mount", "0 100000 65536");
	inode_directory("copy", USUAL_ROOT, 0755);
	struct actor *inside = actor_inside();

	EXPECT(inside, "0", "unshare-mount");
	EXPECT(inside, "0", "bind mount copy");
	EXPECT(inside, "0", "setxattr copy/file security.a own");
	EXPECT(inside, "3 own", "getxattr mount/file security.a");
	INODE_LISTS(file, "security.a@uid=0,");
	/* The descriptor leads to a mount of a namespace that is not the thread's own any more. */
	EXPECT(inside, "50", "open %d copy/file write", DESCRIPTOR);
	EXPECT(inside, "3 own", "fgetxattr @%d security.a", DESCRIPTOR);
	EXPECT(inside, "0", "unshare-mount");
	EXPECT(inside, "3 own", "fgetxattr @%d security.a", DESCRIPTOR);
	EXPECT(inside, "3 own", "getxattr copy/file security.a");
	actor_end(inside);
}

/* More mounts than are remembered, and each of them again. */
Told(many_mounts)
{
	char name[32];

	make_volume();
	for (int i = 0; i < 80; i++) {
		snprintf(name, sizeof(name), "mount%d", i);
		mount_volume(name, i % 2 ? "0 100000 65536" : "5 100000 65536");
	}
	cr_assert_eq(chown(scratch_path("volume/file"), 5, 5), 0);
	struct actor *inside = actor_inside();

	EXPECT(inside, "0", "setxattr mount0/file security.a five");
	EXPECT(inside, "0", "setxattr mount1/file security.a zero");
	for (int i = 0; i < 160; i++)
		EXPECT(inside, i % 2 ? "4 zero" : "4 five", "getxattr mount%d/file security.a",
		       i % 80);
	actor_end(inside);
}

/* ---- owner, of a policy ---- */

static struct actor *inside_owned(const char *map)
{
	const char *policy = scratch_path("owner.yaml");
	FILE *file = fopen(policy, "w");

	cr_assert_not_null(file);
	fputs("version: 1\nowner: 1000000\nattributes:\n"
	      "- { name: \"security.*\", scheme: suffix }\n"
	      "- { name: security.capability, scheme: kernel }\n",
	      file);
	fclose(file);
	return actor_start(&(struct launch){ .is_supervised = true, .map = map, .policy = policy });
}

Test(idmapped, values_of_a_fixed_owner_stay_when_a_tree_is_shifted)
{
	const char *file = inode_file("file", USUAL_ROOT);
	struct actor *before = inside_owned(USUAL_MAP);

	EXPECT(before, "0", "setxattr file security.a before");
	EXPECT(before, "0", "setxattr file security.b@uid=5 fifth");
	actor_end(before);
	INODE_LISTS(file, "security.a@uid=1000000,security.b@uid=1000005,");
	cr_assert_eq(chown(file, 200000, 200000), 0);

	struct actor *after = inside_owned(OTHER_MAP);

	EXPECT_NAMES(after, "security.a,security.b@uid=5,", "listxattr file");
	EXPECT(after, "0", "setxattr file security.a after replace");
	EXPECT(after, "0", "removexattr file security.b@uid=5");
	EXPECT(after, "0", "nest " NESTED_MAP);
	EXPECT(after, "5 after", "getxattr file security.a");
	INODE_LISTS(file, "security.a@uid=1000000,");
	actor_end(after);
}

Test(idmapped, a_fixed_owner_goes_before_the_mount)
{
	const char *file = make_volume();

	mount_volume("mount", "0 100000 65536");
	struct actor *inside = inside_owned(USUAL_MAP);

	EXPECT(inside, "0", "setxattr mount/file security.a own");
	INODE_LISTS(file, "security.a@uid=1000000,");
	actor_end(inside);
}
