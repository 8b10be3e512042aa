/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may do what: each of the sixteen calls, by subjects that may not do everything, on inodes that
 * are not theirs or cannot be changed. The answers are those of the kernel's rules, read relative to
 * the namespace.
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/mount.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "actor.h"
#include "count_of.h"
#include "exec/mount.h"
#include "idmapped.h"
#include "inode.h"
#include "launch.h"

/* The actor's descriptor of the object, opened before it changes its identity. */
#define DESCRIPTOR 50

/* identity-by-status.c says something else. */
#ifndef IDENTITY_FROM
#define IDENTITY_FROM NULL
#endif

static void begin(void)
{
	scratch_new();
	scratch_keep_mounts();
	launch_by_identity(IDENTITY_FROM);
}

TestSuite(identity, .init = begin, .fini = scratch_remove, .timeout = 120);

/*
 * What a call in each of the four ways has to answer. Each object carries the namespace's own
 * security.a and trusted.t, both with the value "own", and user.u.
 */
struct answers {
	const char *set; /* of a name of either class */
	const char *remove;
	const char *get_security;
	const char *get_trusted;
	const char *list;
	const char *search; /* the error of reaching the object by a path; NULL: it is reached */
};

#define ALL_NAMES "security.a,trusted.t,user.u,"
#define PUBLIC_NAMES "security.a,user.u,"

/* The own values are there afterwards: a process that may change them puts them back. */
static void expect_change(struct actor *actor, const struct answers *answers, const char *way,
			  const char *object, const char *name, const char *search)
{
	const char *set = search ? search : answers->set;
	const char *remove = search ? search : answers->remove;

	EXPECT(actor, set, "%.*ssetxattr%s %s %s own", way[0] == 'l' || way[0] == 'f', way,
	       strcmp(way, "at") == 0 ? "at" : "", object, name);
	EXPECT(actor, remove, "%.*sremovexattr%s %s %s", way[0] == 'l' || way[0] == 'f', way,
	       strcmp(way, "at") == 0 ? "at" : "", object, name);
	if (strcmp(remove, "0") != 0)
		return;
	EXPECT(actor, "0", "%.*ssetxattr%s %s %s own create", way[0] == 'l' || way[0] == 'f', way,
	       strcmp(way, "at") == 0 ? "at" : "", object, name);
}

static void expect_look(struct actor *actor, const struct answers *answers, const char *way,
			const char *object, const char *search)
{
	int letters = way[0] == 'l' || way[0] == 'f';
	const char *at = strcmp(way, "at") == 0 ? "at" : "";

	EXPECT(actor, search ? search : answers->get_security, "%.*sgetxattr%s %s security.a",
	       letters, way, at, object);
	EXPECT(actor, search ? search : answers->get_trusted, "%.*sgetxattr%s %s trusted.t",
	       letters, way, at, object);
	if (search)
		EXPECT(actor, search, "%.*slistxattr%s %s", letters, way, at, object);
	else if (strchr(answers->list, ','))
		EXPECT_NAMES(actor, answers->list, "%.*slistxattr%s %s", letters, way, at, object);
	else
		EXPECT(actor, answers->list, "%.*slistxattr%s %s", letters, way, at, object);
}

/* A call that the kernel does not have no process has. */
static const struct answers *answers_of(const char *way, const struct answers *answers)
{
	static const struct answers none = {
		"ENOSYS", "ENOSYS", "ENOSYS", "ENOSYS", "ENOSYS", NULL
	};

	return strcmp(way, "at") == 0 && !xattrat_is_there() ? &none : answers;
}

/* All sixteen, and *xattrat twice: with a path, and with an empty one. */
static void expect_answers(struct actor *actor, const char *path, const struct answers *answers)
{
	static const struct {
		const char *way;
		bool is_by_path;
	} ways[] = { { "", true }, { "l", true }, { "f", false }, { "at", true }, { "at", false } };
	char descriptor[16];

	snprintf(descriptor, sizeof(descriptor), "@%d", DESCRIPTOR);
	for (size_t i = 0; i < COUNT_OF(ways); i++) {
		const char *way = ways[i].way, *object = ways[i].is_by_path ? path : descriptor;
		const struct answers *expected = answers_of(way, answers);
		const char *search = ways[i].is_by_path ? expected->search : NULL;

		expect_look(actor, expected, way, object, search);
		expect_change(actor, expected, way, object, "security.a", search);
		expect_change(actor, expected, way, object, "trusted.t", search);
	}
}

static void give_values_of(const char *path, unsigned int number)
{
	char name[64];

	snprintf(name, sizeof(name), "security.a@uid=%u", number);
	inode_set(path, name, "own");
	snprintf(name, sizeof(name), "trusted.t@uid=%u", number);
	inode_set(path, name, "own");
	inode_set(path, "user.u", "own");
}

static void give_values(const char *path)
{
	give_values_of(path, USUAL_ROOT);
}

static struct actor *actor_with_file(const char *path)
{
	struct actor *actor = actor_inside();

	EXPECT(actor, "50", "open %d %s", DESCRIPTOR, path);
	return actor;
}

/* ---- subjects ---- */

static const struct answers everything = { "0", "0", "3 own", "3 own", ALL_NAMES, NULL };
static const struct answers look_only = { "EPERM", "EPERM", "3 own", "ENODATA", PUBLIC_NAMES, NULL };
static const struct answers look_at_all = { "EPERM", "EPERM", "3 own", "3 own", ALL_NAMES, NULL };

static void check_subject(const char *identity, const struct answers *answers)
{
	const char *file = inode_file("file", USUAL_ROOT);
	struct actor *actor = actor_with_file("file");

	give_values(file);
	EXPECT(actor, "0", "as %s", identity);
	expect_answers(actor, "file", answers);
	INODE_HAS(file, "security.a@uid=100000", "own");
	INODE_HAS(file, "trusted.t@uid=100000", "own");
	actor_end(actor);
}

Test(identity, root_may_do_everything)
{
	check_subject("root", &everything);
}

Test(identity, a_user_may_look)
{
	check_subject("user", &look_only);
}

/* CAP_SYS_ADMIN is what counts, not uid 0. */
Test(identity, a_user_with_the_capability_may_do_everything)
{
	check_subject("admin", &everything);
}

Test(identity, root_without_the_capability_may_look)
{
	check_subject("adminless", &look_only);
}

Test(identity, another_capability_does_not_help)
{
	check_subject("setfcap", &look_only);
}

Test(identity, an_undumpable_process_is_no_different)
{
	check_subject("undumpable", &everything);
}

/* Only the effective capabilities of the file system's user count: setfsuid(2) keeps CAP_SYS_ADMIN. */
Test(identity, another_fsuid_is_still_an_administrator)
{
	check_subject("fsuid", &everything);
}

/* A uid of the host that the namespace does not have: all capabilities, but no id there. */
Test(identity, a_process_whose_uid_is_not_mapped)
{
	const char *file = inode_file("file", 101000);
	struct actor *actor = actor_with_file("file");

	inode_set(file, "security.a@uid=101000", "own");
	inode_set(file, "trusted.t@uid=101000", "own");
	inode_set(file, "user.u", "own");
	EXPECT(actor, "0", "nest 0:1000:1000 keep");
	expect_answers(actor, "file", &everything);
	actor_end(actor);
}

/* ---- file capabilities ---- */

/* Of any size, none included, which the kernel would let everybody do. */
Test(identity, file_capabilities_need_their_capability)
{
	static const char *const values[] = { "v2", "v3=0", "\"\"" };
	const char *file = inode_file("file", USUAL_ROOT);
	struct actor *actor = actor_with_file("file");

	EXPECT(actor, "0", "setxattr file security.capability v2");
	EXPECT(actor, "0", "as setfcapless");
	for (size_t i = 0; i < COUNT_OF(values); i++) {
		EXPECT(actor, "EPERM", "setxattr file security.capability %s", values[i]);
		EXPECT(actor, "EPERM", "lsetxattr file security.capability %s", values[i]);
		EXPECT(actor, "EPERM", "fsetxattr @50 security.capability %s", values[i]);
		EXPECT(actor, of_xattrat("EPERM"), "setxattrat file security.capability %s",
		       values[i]);
		EXPECT(actor, of_xattrat("EPERM"), "setxattrat @50 security.capability %s",
		       values[i]);
	}
	EXPECT(actor, "EPERM", "removexattr file security.capability");
	EXPECT(actor, "EPERM", "fremovexattr @50 security.capability");
	EXPECT(actor, "20", "getxattr file security.capability 0");
	cr_expect_eq(getxattr(file, "security.capability", NULL, 0), 24);
	/* Other names are another capability's business. */
	EXPECT(actor, "0", "setxattr file security.a own");
	actor_end(actor);
}

Test(identity, file_capabilities_are_set_by_who_may)
{
	const char *file = inode_file("file", USUAL_ROOT);
	struct actor *actor = actor_with_file("file");

	EXPECT(actor, "0", "as setfcap");
	EXPECT(actor, "0", "setxattr file security.capability v2");
	EXPECT(actor, of_xattrat("0"), "setxattrat @50 security.capability v2 replace");
	EXPECT(actor, "0", "removexattr file security.capability");
	EXPECT(actor, "0", "fsetxattr @50 security.capability \"\" create");
	cr_expect_eq(getxattr(file, "security.capability", NULL, 0), -1);
	INODE_LISTS(file, "security.capability,");
	EXPECT(actor, "EPERM", "setxattr file security.a own");
	actor_end(actor);
}

Test(identity, file_capabilities_of_another_users_inode)
{
	const char *file = inode_file("file", 0);
	struct actor *actor = actor_with_file("file");

	EXPECT(actor, "EPERM", "setxattr file security.capability v2");
	EXPECT(actor, "EPERM", "setxattr file security.capability \"\"");
	EXPECT(actor, "EPERM", "fsetxattr @50 security.capability \"\"");
	INODE_LISTS(file, "");
	actor_end(actor);
}

/* ---- objects ---- */

static void check_object(const char *path, const struct answers *answers)
{
	struct actor *actor = actor_with_file(path);

	expect_answers(actor, path, answers);
	actor_end(actor);
}

Test(identity, an_inode_of_the_hosts_root)
{
	const char *file = inode_file("file", 0);

	give_values(file);
	check_object("file", &look_at_all);
}

Test(identity, an_inode_of_another_namespaces_root)
{
	const char *file = inode_file("file", 200000);

	give_values(file);
	check_object("file", &look_at_all);
}

Test(identity, an_inode_whose_group_is_not_mapped)
{
	const char *file = inode_file("file", USUAL_ROOT);

	give_values(file);
	cr_assert_eq(chown(file, USUAL_ROOT, 5), 0);
	check_object("file", &look_at_all);
}

Test(identity, an_inode_of_another_user_of_the_namespace)
{
	const char *file = inode_file("file", USUAL_ROOT + 7);

	give_values(file);
	cr_assert_eq(chmod(file, 0), 0);
	check_object("file", &everything);
}

Test(identity, a_read_only_mount)
{
	const struct answers answers = { "EROFS", "EROFS", "3 own", "3 own", ALL_NAMES, NULL };
	const char *directory = inode_directory("directory", USUAL_ROOT, 0755);
	const char *file = inode_file("directory/file", USUAL_ROOT);

	give_values(file);
	cr_assert_eq(mount(directory, directory, NULL, MS_BIND, NULL), 0);
	scratch_mounted(directory);
	cr_assert_eq(mount(NULL, directory, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL), 0);
	check_object("directory/file", &answers);
}

/* Read-only comes before whose the inode is. */
Test(identity, a_read_only_mount_with_another_users_inode)
{
	const struct answers answers = { "EROFS", "EROFS", "3 own", "3 own", ALL_NAMES, NULL };
	const char *directory = inode_directory("directory", 0, 0755);
	const char *file = inode_file("directory/file", 0);

	give_values(file);
	cr_assert_eq(mount(directory, directory, NULL, MS_BIND, NULL), 0);
	scratch_mounted(directory);
	cr_assert_eq(mount(NULL, directory, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL), 0);
	check_object("directory/file", &answers);
}

static void change_flags(const char *path, unsigned int on, unsigned int off)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	unsigned int flags = 0;

	cr_assert_geq(fd, 0);
	if (ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0)
		SKIP("this file system has no inode flags: %s", strerror(errno));
	flags = (flags | on) & ~off;
	cr_assert_eq(ioctl(fd, FS_IOC_SETFLAGS, &flags), 0, "%s", strerror(errno));
	close(fd);
}

static void check_flag(unsigned int flag)
{
	const char *file = inode_file("file", USUAL_ROOT);
	struct actor *actor = actor_with_file("file");

	give_values(file);
	change_flags(file, flag, 0);
	expect_answers(actor, "file", &look_at_all);
	/* Names that would be refused all the same are refused for this reason. */
	EXPECT(actor, "EPERM", "setxattr file security. x");
	EXPECT(actor, "EPERM", "setxattr file security.a@what x");
	EXPECT(actor, "EPERM", "setxattr file security.a@uid=100000 x");
	EXPECT(actor, "EPERM", "removexattr file security.a@uid=100000");
	EXPECT(actor, "EPERM", "removexattr file trusted.");
	change_flags(file, 0, flag);
	EXPECT(actor, "EINVAL", "setxattr file security. x");
	actor_end(actor);
}

Test(identity, an_immutable_inode)
{
	check_flag(FS_IMMUTABLE_FL);
}

Test(identity, an_append_only_inode)
{
	check_flag(FS_APPEND_FL);
}

/* ---- search ---- */

Test(identity, a_directory_that_no_other_user_may_search)
{
	struct answers answers = look_only;
	const char *file;

	inode_directory("private", USUAL_ROOT + 7, 0700);
	file = inode_file("private/file", USUAL_ROOT);
	give_values(file);
	struct actor *actor = actor_with_file("private/file");

	EXPECT(actor, "0", "as user");
	answers.search = "EACCES";
	expect_answers(actor, "private/file", &answers);
	actor_end(actor);
}

Test(identity, a_directory_of_the_hosts_root)
{
	struct answers answers = everything;
	const char *directory = inode_directory("private", 0, 0755), *file;
	struct actor *actor;

	file = inode_file("private/file", USUAL_ROOT);
	give_values(file);
	actor = actor_with_file("private/file");
	cr_assert_eq(chmod(directory, 0700), 0);
	/* The namespace's root overrides modes of inodes that it has ids for, and of no others. */
	answers.search = "EACCES";
	expect_answers(actor, "private/file", &answers);
	actor_end(actor);
}

Test(identity, a_directory_of_ones_own_user)
{
	const char *file;

	inode_directory("private", USUAL_ROOT + 5, 0700);
	file = inode_file("private/file", USUAL_ROOT);
	give_values(file);
	struct actor *actor = actor_with_file("private/file");

	EXPECT(actor, "0", "as user");
	expect_answers(actor, "private/file", &look_only);
	actor_end(actor);
}

Test(identity, a_supplementary_group_opens_a_directory)
{
	const char *directory = inode_directory("grouped", USUAL_ROOT + 7, 0710), *file;
	struct actor *actor;

	cr_assert_eq(chown(directory, USUAL_ROOT + 7, USUAL_ROOT + 9), 0);
	file = inode_file("grouped/file", USUAL_ROOT);
	give_values(file);
	actor = actor_with_file("grouped/file");
	EXPECT(actor, "0", "groups 3,9,12");
	EXPECT(actor, "0", "gid 5");
	EXPECT(actor, "0", "uid 5");
	expect_answers(actor, "grouped/file", &look_only);
	actor_end(actor);

	actor = actor_with_file("grouped/file");
	struct answers answers = look_only;

	EXPECT(actor, "0", "groups 3,12");
	EXPECT(actor, "0", "gid 5");
	EXPECT(actor, "0", "uid 5");
	answers.search = "EACCES";
	expect_answers(actor, "grouped/file", &answers);
	actor_end(actor);
}

/* The kernel allows 65536 groups; Samba's and sssd's users have hundreds. */
Test(identity, the_last_of_many_groups)
{
	static const unsigned int counts[] = { 33, 257, 1024 };
	const char *directory = inode_directory("grouped", USUAL_ROOT, 0710);

	give_values(inode_file("grouped/file", USUAL_ROOT));
	for (size_t i = 0; i < COUNT_OF(counts); i++) {
		struct actor *actor = actor_inside();

		cr_assert_eq(chown(directory, USUAL_ROOT, USUAL_ROOT + counts[i]), 0);
		EXPECT(actor, "0", "many-groups %u", counts[i]);
		EXPECT(actor, "0", "uid 5");
		EXPECT(actor, "3 own", "getxattr grouped/file security.a");
		cr_assert_eq(chown(directory, USUAL_ROOT, USUAL_ROOT + counts[i] + 1), 0);
		EXPECT(actor, "EACCES", "getxattr grouped/file security.a");
		actor_end(actor);
	}
}

/* What is remembered of a subject is not used for the next. */
Test(identity, credentials_change_from_call_to_call)
{
	const char *file;

	inode_directory("private", USUAL_ROOT, 0700);
	file = inode_file("private/file", USUAL_ROOT);
	give_values(file);
	struct actor *actor = actor_inside();

	EXPECT(actor, "3 own", "getxattr private/file security.a");
	EXPECT(actor, "0", "fsuid 5");
	EXPECT(actor, "EACCES", "getxattr private/file security.a");
	EXPECT(actor, "0", "fsuid 0");
	EXPECT(actor, "3 own", "getxattr private/file security.a");
	EXPECT(actor, "0", "as user");
	EXPECT(actor, "EACCES", "getxattr private/file security.a");
	actor_end(actor);
}

/* ---- mounts with other ids ---- */

/*
 * Linux tells their id maps from 6.18 on, and so which number root of the namespace has on the volume. Before, values
 * are those of its number on the host.
 */
static unsigned int number_on_volume(unsigned int number)
{
	return mount_maps_are_told() ? number : USUAL_ROOT;
}

static void mount_with_ids(const char *from, const char *to, const char *map)
{
	cr_assert_eq(idmapped_mount(from, to, map), 0);
	scratch_mounted(to);
}

Test(identity, a_mount_that_shows_the_hosts_inodes_as_ones_own)
{
	const char *from = inode_directory("from", 0, 0755), *to = inode_directory("to", 0, 0755);
	const char *file = inode_file("from/file", 0);

	/* There root of the namespace is 0 on the file system, here it is not. */
	give_values_of(file, number_on_volume(0));
	give_values_of(file, USUAL_ROOT);
	mount_with_ids(from, to, "0 100000 65536");
	check_object("to/file", &everything);
	check_object("from/file", &look_at_all);
}

Test(identity, a_mount_that_shows_ones_own_inodes_as_another_users)
{
	const char *from = inode_directory("from", 0, 0755), *to = inode_directory("to", 0, 0755);
	const char *file = inode_file("from/file", USUAL_ROOT);
	/* The mount does not have root of the namespace. */
	const struct answers nothing = { "EPERM", "EPERM", "ENODATA", "ENODATA", "user.u,", NULL };

	give_values(file);
	mount_with_ids(from, to, "100000 200000 65536");
	check_object("to/file", mount_maps_are_told() ? &nothing : &look_at_all);
	check_object("from/file", &everything);
}

/* Search permission is of the mount too. */
Test(identity, a_directory_on_a_mount_with_other_ids)
{
	const char *from = inode_directory("from", 0, 0755), *to = inode_directory("to", 0, 0755);
	const char *file;

	inode_directory("from/private", 0, 0700);
	file = inode_file("from/private/file", 0);
	give_values_of(file, number_on_volume(0));
	mount_with_ids(from, to, "0 100000 65536");
	check_object("to/private/file", &everything);
	struct actor *actor = actor_inside();

	EXPECT(actor, "EACCES", "getxattr from/private/file security.a");
	actor_end(actor);
}

/* ---- file systems ---- */

/* It is the host's, and mounted by it. */
static const char *mount_file_system(const char *type)
{
	const char *directory = inode_directory("mounted", USUAL_ROOT, 0755);

	if (mount("none", directory, type, 0, NULL) < 0)
		SKIP("%s cannot be mounted: %s", type, strerror(errno));
	scratch_mounted(directory);
	cr_assert_eq(chown(directory, USUAL_ROOT, USUAL_ROOT), 0);
	return directory;
}

Test(identity, tmpfs)
{
	struct answers answers = everything;
	const char *file;

	mount_file_system("tmpfs");
	file = inode_file("mounted/file", USUAL_ROOT);
	inode_set(file, "security.a@uid=100000", "own");
	inode_set(file, "trusted.t@uid=100000", "own");
	/* tmpfs has user attributes from Linux 6.6 on. */
	if (setxattr(file, "user.u", "own", 3, 0) < 0)
		answers.list = "security.a,trusted.t,";
	check_object("mounted/file", &answers);
}

Test(identity, a_file_system_without_attributes)
{
	const struct answers none = { "EOPNOTSUPP", "EOPNOTSUPP", "EOPNOTSUPP",
				      "EOPNOTSUPP", "0",	  NULL };

	mount_file_system("ramfs");
	inode_file("mounted/file", USUAL_ROOT);
	check_object("mounted/file", &none);
}

/* What cannot be is said first, as to root of the host: there is nothing to be permitted. */
Test(identity, a_file_system_without_attributes_and_an_inode_of_the_hosts)
{
	const struct answers none = { "EOPNOTSUPP", "EOPNOTSUPP", "EOPNOTSUPP",
				      "EOPNOTSUPP", "0",	  NULL };

	mount_file_system("ramfs");
	inode_file("mounted/file", 0);
	check_object("mounted/file", &none);
}

/* A directory of a process belongs to that process; its inodes are immutable to the kernel. */
Test(identity, procfs)
{
	struct actor *actor = actor_inside();

	EXPECT(actor, "EOPNOTSUPP", "setxattr /proc/self/fd security.a own");
	EXPECT(actor, "EOPNOTSUPP", "getxattr /proc/self/fd security.a");
	EXPECT(actor, "0", "listxattr /proc/self/fd");
	EXPECT(actor, "EOPNOTSUPP", "removexattr /proc/self/fd security.a");
	EXPECT(actor, "EOPNOTSUPP", "setxattr /proc/version security.a own");
	EXPECT(actor, "EOPNOTSUPP", "getxattr /proc/version trusted.t");
	EXPECT(actor, "EPERM", "setxattr /proc/self/ trusted.t own");
	actor_end(actor);
}
