/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process that changes between two calls: the second one is judged by who and where it is then,
 * whatever was kept of the first; and what was kept holds nothing that it could miss.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "actor.h"
#include "inode.h"
#include "launch.h"

#define DESCRIPTOR 50
/* A change is made, and taken back, this often. */
#define TIMES 3

static void begin(void)
{
	scratch_new();
	scratch_keep_mounts();
}

TestSuite(changes, .init = begin, .fini = scratch_remove, .timeout = 120);

/* A test for each way to find out who a target is. */
#define CHANGE(name)                          \
	static void name(void);               \
	Test(changes, name##_by_probe)        \
	{                                     \
		name();                       \
	}                                     \
	Test(changes, name##_by_status)       \
	{                                     \
		launch_by_identity("status"); \
		name();                       \
	}                                     \
	static void name(void)

/* A file whose directory only its group may search, and a value of it. */
static const char *grouped_file(void)
{
	const char *directory = inode_directory("grouped", USUAL_ROOT + 7, 0710);
	const char *file = inode_file("grouped/file", USUAL_ROOT);

	cr_assert_eq(chown(directory, USUAL_ROOT + 7, USUAL_ROOT + 9), 0);
	inode_set(file, "security.a@uid=100000", "own");
	return file;
}

CHANGE(of_groups)
{
	grouped_file();
	struct actor *actor = actor_inside();

	/* It may set its groups, and goes by modes. */
	EXPECT(actor, "0", "as searchless");
	for (int i = 0; i < TIMES; i++) {
		EXPECT(actor, "0", "groups 8");
		EXPECT(actor, "EACCES", "getxattr grouped/file security.a");
		EXPECT(actor, "0", "groups 8,9");
		EXPECT(actor, "3 own", "getxattr grouped/file security.a");
		EXPECT(actor, "0", "setxattr grouped/file security.a own");
		EXPECT(actor, "0", "groups 9");
		EXPECT(actor, "3 own", "getxattr grouped/file security.a");
		/* More than the probe tells; 9 is among them, and then it is not. */
		EXPECT(actor, "0", "many-groups 40");
		EXPECT(actor, "3 own", "getxattr grouped/file security.a");
		EXPECT(actor, "0", "many-groups 8");
		EXPECT(actor, "EACCES", "setxattr grouped/file security.a other");
	}
	actor_end(actor);
}

CHANGE(of_the_file_systems_user)
{
	inode_directory("private", USUAL_ROOT + 7, 0700);
	inode_set(inode_file("private/file", USUAL_ROOT), "security.a@uid=100000", "own");
	struct actor *actor = actor_inside();

	EXPECT(actor, "0", "as searchless");
	for (int i = 0; i < TIMES; i++) {
		EXPECT(actor, "EACCES", "getxattr private/file security.a");
		EXPECT(actor, "0", "fsuid 7");
		EXPECT(actor, "3 own", "getxattr private/file security.a");
		EXPECT(actor, "0", "fsuid 0");
	}
	actor_end(actor);
}

CHANGE(of_capabilities)
{
	const char *file = inode_file("file", USUAL_ROOT);
	struct actor *actor = actor_inside();

	EXPECT(actor, "50", "open %d file", DESCRIPTOR);
	EXPECT(actor, "0", "setxattr file security.a own");
	EXPECT(actor, "0", "fsetxattr @%d security.a own", DESCRIPTOR);
	EXPECT(actor, "0", "as adminless");
	EXPECT(actor, "EPERM", "setxattr file security.a other");
	EXPECT(actor, "EPERM", "fsetxattr @%d security.a other", DESCRIPTOR);
	EXPECT(actor, "EPERM", "fremovexattr @%d security.a", DESCRIPTOR);
	INODE_HAS(file, "security.a@uid=100000", "own");
	actor_end(actor);
}

CHANGE(of_the_right_to_search)
{
	grouped_file();
	struct actor *actor = actor_inside();

	EXPECT(actor, "3 own", "getxattr grouped/file security.a");
	EXPECT(actor, "0", "as searchless");
	EXPECT(actor, "EACCES", "getxattr grouped/file security.a");
	actor_end(actor);
}

CHANGE(of_the_user_namespace)
{
	const char *file = inode_file("file", USUAL_ROOT + 1000);
	struct actor *actor = actor_inside();

	EXPECT(actor, "0", "setxattr file security.a outer");
	EXPECT(actor, "0", "nest 0:1000:1000");
	EXPECT(actor, "0", "setxattr file security.a inner");
	EXPECT(actor, "5 inner", "getxattr file security.a");
	INODE_HAS(file, "security.a@uid=100000", "outer");
	INODE_HAS(file, "security.a@uid=101000", "inner");
	actor_end(actor);
}

static void make_place(const char *name, const char *value)
{
	char path[64];

	inode_directory(name, USUAL_ROOT, 0755);
	snprintf(path, sizeof(path), "%s/file", name);
	inode_set(inode_file(path, USUAL_ROOT), "security.a@uid=100000", value);
}

CHANGE(of_the_working_directory)
{
	make_place("left", "left");
	make_place("right", "right");
	struct actor *actor = actor_inside();

	EXPECT(actor, "0", "cd left");
	for (int i = 0; i < TIMES; i++) {
		EXPECT(actor, "4 left", "getxattr file security.a");
		EXPECT(actor, "0", "cd ../right");
		EXPECT(actor, "5 right", "getxattr file security.a");
		EXPECT(actor, "5 right", "getxattr ../right/file security.a");
		EXPECT(actor, "0", "cd ../left");
	}
	actor_end(actor);
}

CHANGE(of_the_root_directory)
{
	make_place("outer", "outer");
	make_place("outer/inner", "inner");
	make_place("outer/inner/most", "most");
	struct actor *actor = actor_inside();

	EXPECT(actor, "5 outer", "getxattr %s security.a", scratch_path("outer/file"));
	EXPECT(actor, "0", "chroot outer");
	EXPECT(actor, "5 outer", "getxattr /file security.a");
	EXPECT(actor, "ENOENT", "getxattr %s security.a", scratch_path("outer/file"));
	EXPECT(actor, "0", "chroot /inner");
	EXPECT(actor, "5 inner", "getxattr /file security.a");
	EXPECT(actor, "5 inner", "getxattr /../file security.a");
	EXPECT(actor, "0", "chroot /most");
	EXPECT(actor, "4 most", "getxattr /file security.a");
	EXPECT(actor, "ENOENT", "getxattr /most/file security.a");
	actor_end(actor);
}

/* The path of the working directory, and the root, stay; what is there is another mount. */
CHANGE(of_mounts)
{
	make_place("left", "left");
	make_place("right", "right");
	struct actor *actor = actor_inside();

	EXPECT(actor, "0", "unshare-mount");
	EXPECT(actor, "4 left", "getxattr left/file security.a");
	EXPECT(actor, "0", "bind right left");
	EXPECT(actor, "5 right", "getxattr left/file security.a");
	EXPECT(actor, "5 right", "getxattr %s security.a", scratch_path("left/file"));
	EXPECT(actor, "0", "umount left");
	EXPECT(actor, "4 left", "getxattr left/file security.a");
	EXPECT(actor, "4 left", "getxattr %s security.a", scratch_path("left/file"));
	actor_end(actor);
}

/* A target that has left a file system can unmount it: no descriptor of ours is left on it. */
CHANGE(of_place_frees_the_one_before)
{
	inode_directory("mounted", USUAL_ROOT, 0755);
	struct actor *actor = actor_inside();

	EXPECT(actor, "0", "unshare-mount");
	for (int i = 0; i < TIMES; i++) {
		EXPECT(actor, "0", "mount tmpfs mounted");
		EXPECT(actor, "0", "cd mounted");
		EXPECT(actor, "0", "file file 644");
		EXPECT(actor, "0", "setxattr file security.a own");
		EXPECT(actor, "3 own", "getxattr file security.a");
		EXPECT(actor, "EBUSY", "umount ../mounted");
		EXPECT(actor, "0", "cd ..");
		EXPECT(actor, "0", "umount mounted");
	}
	actor_end(actor);
}
