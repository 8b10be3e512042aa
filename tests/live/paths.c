/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a target's path is searched: below its root, from its working directory, in its mount
 * namespace, through its /proc. Two actors do the same: one as the host's root without a supervisor,
 * one as a namespace's root under it; what the first is told is what the second is to be told.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "actor.h"
#include "inode.h"
#include "launch.h"

struct duet {
	struct actor *native;
	struct actor *inside;
};

static void begin(void)
{
	scratch_new();
	scratch_keep_mounts();
}

TestSuite(paths, .init = begin, .fini = scratch_remove, .timeout = 120);

/* The trees are at the same depth, and each actor owns what it begins with. */
static struct duet duet_start(const char *resolver)
{
	const char *native = inode_directory("native", 0, 0755);
	const char *inside = inode_directory("inside", USUAL_ROOT, 0755);
	struct duet duet = {
		.native = actor_start(&(struct launch){ .directory = native }),
		.inside = actor_start(&(struct launch){ .is_supervised = true,
							.map = USUAL_MAP,
							.resolver = resolver,
							.directory = inside }),
	};

	return duet;
}

static void duet_end(struct duet *duet)
{
	actor_end(duet->native);
	actor_end(duet->inside);
}

/* SAME() - both give this answer */
#define SAME(duet, expected, ...)                              \
	do {                                                   \
		EXPECT((duet)->native, expected, __VA_ARGS__); \
		EXPECT((duet)->inside, expected, __VA_ARGS__); \
	} while (0)

/* A file, a directory with a file, and a link to each. */
static void duet_make_tree(struct duet *duet, const char *at)
{
	SAME(duet, "0", "file %sfile 644", at);
	SAME(duet, "0", "mkdir %sdir 755", at);
	SAME(duet, "0", "file %sdir/inner 644", at);
	SAME(duet, "0", "symlink file %slink", at);
	SAME(duet, "0", "symlink dir %slinkdir", at);
	SAME(duet, "0", "setxattr %sfile security.a file", at);
	SAME(duet, "0", "setxattr %sdir security.a dir", at);
	SAME(duet, "0", "setxattr %sdir/inner security.a inner", at);
	SAME(duet, "0", "lsetxattr %slink security.a link", at);
}

static struct duet duet_with_tree(void)
{
	struct duet duet = duet_start(NULL);

	duet_make_tree(&duet, "");
	return duet;
}

Test(paths, chroot)
{
	struct duet duet = duet_start(NULL);

	SAME(&duet, "0", "mkdir jail 755");
	duet_make_tree(&duet, "jail/");
	SAME(&duet, "0", "file outside 644");
	SAME(&duet, "0", "setxattr outside security.a outside");
	SAME(&duet, "0", "symlink /dir/inner jail/absolute");
	SAME(&duet, "0", "symlink /../../../dir/inner jail/climbing");
	SAME(&duet, "0", "chroot jail");
	SAME(&duet, "0", "cd /");
	SAME(&duet, "4 file", "getxattr /file security.a");
	SAME(&duet, "4 file", "getxattr /../../file security.a");
	SAME(&duet, "4 file", "getxattr ../../file security.a");
	SAME(&duet, "4 file", "getxattr dir/../../../link security.a");
	SAME(&duet, "5 inner", "getxattr /absolute security.a");
	SAME(&duet, "5 inner", "getxattr climbing security.a");
	SAME(&duet, "ENOENT", "getxattr ../outside security.a");
	SAME(&duet, "ENOENT", "getxattr /proc/self/cwd/file security.a");
	SAME(&duet, "0", "setxattr /dir/../absolute security.b x");
	SAME(&duet, "1 x", "getxattr dir/inner security.b");
	duet_end(&duet);
	INODE_HAS(scratch_path("inside/jail/dir/inner"), "security.b@uid=100000", "x");
}

/* A process can be in a directory that its root does not contain. */
Test(paths, a_working_directory_outside_of_the_root)
{
	struct duet duet = duet_start(NULL);

	SAME(&duet, "0", "mkdir jail 755");
	duet_make_tree(&duet, "");
	SAME(&duet, "0", "file jail/file 644");
	SAME(&duet, "0", "setxattr jail/file security.a jailed");
	SAME(&duet, "0", "symlink /file absolute");
	SAME(&duet, "0", "mkdir deep 755");
	SAME(&duet, "0", "cd deep");
	SAME(&duet, "0", "chroot ../jail");
	SAME(&duet, "6 jailed", "getxattr /file security.a");
	SAME(&duet, "4 file", "getxattr ../file security.a");
	SAME(&duet, "5 inner", "getxattr ../linkdir/inner security.a");
	SAME(&duet, "6 jailed", "getxattr ../absolute security.a");
	SAME(&duet, "4 file", "getxattr .././deep/../link security.a");
	SAME(&duet, "0", "setxattr ../file security.b x");
	duet_end(&duet);
}

Test(paths, a_deleted_working_directory)
{
	struct duet duet = duet_with_tree();

	SAME(&duet, "0", "mkdir gone 755");
	SAME(&duet, "0", "cd gone");
	SAME(&duet, "0", "setxattr . security.a gone");
	SAME(&duet, "0", "rmdir ../gone");
	SAME(&duet, "4 gone", "getxattr . security.a");
	SAME(&duet, "0", "setxattr . security.b x");
	SAME(&duet, "ENOENT", "getxattr file security.a");
	SAME(&duet, "4 file", "getxattr ../file security.a");
	SAME(&duet, "4 gone", "getxattr /proc/self/cwd security.a");
	SAME(&duet, "4 file", "getxattr /proc/self/cwd/../link security.a");
	SAME(&duet, "ENOENT", "getxattr ../gone security.a");
	duet_end(&duet);
}

Test(paths, what_is_mounted_in_ones_own_mount_namespace)
{
	struct duet duet = duet_with_tree();

	SAME(&duet, "0", "mkdir target 755");
	SAME(&duet, "0", "mkdir other 755");
	SAME(&duet, "0", "file other/file 644");
	SAME(&duet, "0", "setxattr other/file security.a other");
	SAME(&duet, "0", "file target/file 644");
	SAME(&duet, "0", "setxattr target/file security.a covered");
	SAME(&duet, "20", "open 20 target dir");
	SAME(&duet, "0", "unshare-mount");
	SAME(&duet, "0", "bind other target");
	SAME(&duet, "5 other", "getxattr target/file security.a");
	SAME(&duet, of_xattrat("7 covered"), "getxattrat @20:file security.a");
	SAME(&duet, "4 file", "getxattr target/../file security.a");
	SAME(&duet, "0", "setxattr target/file security.b x");
	SAME(&duet, "1 x", "getxattr other/file security.b");
	SAME(&duet, "0", "bind other target ro");
	SAME(&duet, "EROFS", "setxattr target/file security.b y");
	SAME(&duet, "0", "setxattr other/file security.b y");
	SAME(&duet, "1 y", "getxattr target/file security.b");
	duet_end(&duet);
}

Test(paths, a_file_system_of_ones_own)
{
	struct duet duet = duet_start(NULL);

	SAME(&duet, "0", "mkdir mounted 755");
	SAME(&duet, "0", "unshare-mount");
	/* Inside, it belongs to the namespace: another super block, another owner. */
	SAME(&duet, "0", "mount tmpfs mounted");
	duet_make_tree(&duet, "mounted/");
	SAME(&duet, "4 file", "getxattr mounted/link security.a");
	SAME(&duet, "4 link", "lgetxattr mounted/link security.a");
	SAME(&duet, "0", "setxattr mounted/file trusted.t x");
	SAME(&duet, "1 x", "getxattr mounted/dir/../file trusted.t");
	SAME(&duet, "21", "listxattr mounted/file 0");
	SAME(&duet, "0", "removexattr mounted/file trusted.t");
	duet_end(&duet);
}

Test(paths, links)
{
	struct duet duet = duet_with_tree();

	SAME(&duet, "4 file", "getxattr link security.a");
	SAME(&duet, "4 link", "lgetxattr link security.a");
	SAME(&duet, of_xattrat("4 link"), "getxattrat link security.a nofollow");
	SAME(&duet, of_xattrat("4 file"), "getxattrat link security.a");
	SAME(&duet, "3 dir", "lgetxattr linkdir/ security.a");
	SAME(&duet, "3 dir", "lgetxattr linkdir/. security.a");
	SAME(&duet, "ENODATA", "lgetxattr linkdir security.a");
	SAME(&duet, "ENOTDIR", "getxattr link/ security.a");
	SAME(&duet, "ENOTDIR", "getxattr link/.. security.a");
	SAME(&duet, "EPERM", "lsetxattr link user.u x");
	SAME(&duet, "ENODATA", "lgetxattr link user.u");
	SAME(&duet, "0", "symlink missing dangling");
	SAME(&duet, "ENOENT", "setxattr dangling security.a x");
	SAME(&duet, "0", "lsetxattr dangling security.a x");
	SAME(&duet, "0", "symlink self self");
	SAME(&duet, "ELOOP", "getxattr self security.a");
	SAME(&duet, "0", "lsetxattr self security.a x");
	duet_end(&duet);
}

/* The kernel follows forty. */
Test(paths, many_links)
{
	struct duet duet = duet_with_tree();

	SAME(&duet, "0", "symlink file chain1");
	for (int i = 2; i <= 41; i++)
		SAME(&duet, "0", "symlink chain%d chain%d", i - 1, i);
	/*
	 * When an entry is not cached the kernel begins again, and goes on counting; so each is
	 * looked at from the short end.
	 */
	for (int i = 1; i <= 40; i++)
		SAME(&duet, "4 file", "getxattr chain%d security.a", i);
	SAME(&duet, "ELOOP", "getxattr chain41 security.a");
	SAME(&duet, "ELOOP", "getxattr /proc/self/cwd/chain40 security.a");
	SAME(&duet, "0", "lsetxattr chain41 security.a x");
	duet_end(&duet);
}

Test(paths, descriptors)
{
	struct duet duet = duet_with_tree();

	SAME(&duet, "20", "open 20 file");
	SAME(&duet, "21", "open 21 file path");
	SAME(&duet, "22", "open 22 link nofollow");
	SAME(&duet, "23", "open 23 dir dir");
	SAME(&duet, "24", "open 24 dir path");
	SAME(&duet, "25", "open 25 file write");
	SAME(&duet, "4 file", "fgetxattr @20 security.a");
	SAME(&duet, "4 file", "fgetxattr @25 security.a");
	SAME(&duet, "EBADF", "fgetxattr @21 security.a");
	SAME(&duet, "EBADF", "fgetxattr @22 security.a");
	SAME(&duet, "EBADF", "fsetxattr @24 security.a x");
	SAME(&duet, "EBADF", "flistxattr @24");
	SAME(&duet, "EBADF", "fremovexattr @24 security.a");
	SAME(&duet, "EBADF", "fgetxattr @26 security.a");
	SAME(&duet, of_xattrat("4 file"), "getxattrat @20 security.a");
	SAME(&duet, of_xattrat("EBADF"), "getxattrat @21 security.a");
	SAME(&duet, of_xattrat("EBADF"), "setxattrat @24 security.a x");
	SAME(&duet, of_xattrat("EBADF"), "listxattrat @24");
	SAME(&duet, of_xattrat("EBADF"), "removexattrat @22 security.a");
	SAME(&duet, of_xattrat("5 inner"), "getxattrat @23:inner security.a");
	SAME(&duet, of_xattrat("5 inner"), "getxattrat @24:inner security.a");
	SAME(&duet, of_xattrat("4 link"), "getxattrat @24:../link security.a nofollow");
	SAME(&duet, of_xattrat("ENOTDIR"), "getxattrat @20:inner security.a");
	SAME(&duet, of_xattrat("EBADF"), "getxattrat @26:inner security.a");
	SAME(&duet, "4 file", "getxattr /proc/self/fd/20 security.a");
	SAME(&duet, "4 file", "getxattr /proc/self/fd/21 security.a");
	SAME(&duet, "4 link", "getxattr /proc/self/fd/22 security.a");
	SAME(&duet, "5 inner", "getxattr /proc/self/fd/24/inner security.a");
	SAME(&duet, "4 file", "getxattr /proc/thread-self/fd/24/../file security.a");
	SAME(&duet, "4 file", "getxattr /dev/fd/20 security.a");
	SAME(&duet, "ENOENT", "getxattr /proc/self/fd/26 security.a");
	SAME(&duet, "ENOTDIR", "getxattr /proc/self/fd/20/ security.a");
	SAME(&duet, "0", "rm file");
	SAME(&duet, "0", "fsetxattr @20 security.b deleted");
	SAME(&duet, "7 deleted", "getxattr /proc/self/fd/21 security.b");
	SAME(&duet, "ENOENT", "getxattr link security.a");
	duet_end(&duet);
}

Test(paths, links_into_procfs)
{
	struct duet duet = duet_with_tree();

	SAME(&duet, "20", "open 20 file path");
	SAME(&duet, "21", "open 21 dir path");
	SAME(&duet, "0", "symlink /proc/self/fd/20 a");
	SAME(&duet, "0", "symlink /proc/self/fd/21 b");
	SAME(&duet, "0", "symlink /proc/self/cwd c");
	SAME(&duet, "0", "symlink /proc/self d");
	SAME(&duet, "0", "symlink c/d/root/proc/self/fd/21/inner e");
	SAME(&duet, "4 file", "getxattr a security.a");
	SAME(&duet, "5 inner", "getxattr b/inner security.a");
	SAME(&duet, "4 link", "lgetxattr c/link security.a");
	SAME(&duet, "4 file", "getxattr d/cwd/link security.a");
	SAME(&duet, "5 inner", "getxattr e security.a");
	SAME(&duet, "0", "setxattr e security.b x");
	SAME(&duet, "1 x", "getxattr dir/inner security.b");
	duet_end(&duet);
}

/* More searches than it takes until one is expected to stay on its mount. */
static void stay(struct duet *duet)
{
	for (int i = 0; i < 20; i++)
		SAME(duet, "4 file", "getxattr file security.a");
}

Test(paths, off_the_mount_after_a_long_stay)
{
	struct duet duet = duet_with_tree();

	SAME(&duet, "0", "mkdir mounted 755");
	SAME(&duet, "0", "file mounted/file 644");
	SAME(&duet, "0", "setxattr mounted/file security.a covered");
	SAME(&duet, "0", "symlink /proc/self/cwd/link away");
	SAME(&duet, "0", "symlink /proc/self self");
	SAME(&duet, "0", "symlink /proc/self/fd fds");
	SAME(&duet, "900", "open 900 file path");
	SAME(&duet, "0", "unshare-mount");
	stay(&duet);
	SAME(&duet, "7 covered", "getxattr mounted/file security.a");
	SAME(&duet, "0", "mount tmpfs mounted");
	SAME(&duet, "ENOENT", "getxattr mounted/file security.a");
	SAME(&duet, "0", "file mounted/file 644");
	SAME(&duet, "0", "setxattr mounted/file security.a own");
	stay(&duet);
	SAME(&duet, "3 own", "getxattr mounted/file security.a");
	SAME(&duet, "4 file", "getxattr mounted/../link security.a");
	stay(&duet);
	SAME(&duet, "4 file", "getxattr away security.a");
	stay(&duet);
	EXPECT(duet.native, "EOPNOTSUPP", "lgetxattr %s/900 security.a",
	       scratch_path("native/fds"));
	EXPECT(duet.inside, "EOPNOTSUPP", "lgetxattr %s/900 security.a",
	       scratch_path("inside/fds"));
	stay(&duet);
	SAME(&duet, "4 link", "lgetxattr self/cwd/link security.a");
	duet_end(&duet);
}

/* Another procfs, with other numbers: its "self" is the target's there. */
Test(paths, a_pid_namespace_with_its_own_procfs)
{
	struct duet duet = duet_with_tree();

	SAME(&duet, "0", "nest-pids");
	SAME(&duet, "1", "pid");
	SAME(&duet, "20", "open 20 file");
	SAME(&duet, "4 file", "getxattr /proc/self/fd/20 security.a");
	SAME(&duet, "4 file", "getxattr /proc/1/fd/20 security.a");
	SAME(&duet, "4 file", "getxattr /proc/thread-self/fd/20 security.a");
	SAME(&duet, "4 file", "getxattr /proc/self/cwd/link security.a");
	SAME(&duet, "4 file", "getxattr /proc/1/task/1/root/proc/self/cwd/link security.a");
	SAME(&duet, "ENOENT", "getxattr /proc/99/cwd/link security.a");
	SAME(&duet, "0", "setxattr /proc/self/cwd/file security.b x");
	SAME(&duet, "0", "as hidden");
	SAME(&duet, "4 file", "getxattr /proc/self/fd/20 security.a");
	duet_end(&duet);
}

/* The magic links of another process's entries are that process's only. */
Test(paths, the_entry_of_another_process)
{
	struct duet duet = duet_with_tree();
	struct actor *other = actor_start(&(struct launch){
		.is_supervised = true, .map = USUAL_MAP, .directory = scratch_path("inside") });
	char pid[32];

	snprintf(pid, sizeof(pid), "%s", actor_ask(other, "pid"));
	EXPECT(other, "0", "cd dir");
	/* Another user namespace, though one with the same map: not ours to trace. */
	EXPECT(duet.inside, "EACCES", "getxattr /proc/%s/cwd/inner security.a", pid);
	EXPECT(duet.inside, "EACCES", "getxattr /proc/1/cwd/ security.a");
	EXPECT(duet.inside, "EACCES", "getxattr /proc/1/root/ security.a");
	EXPECT(duet.native, "ENODATA", "getxattr /proc/%s/cwd/inner security.a", pid);
	actor_end(other);
	duet_end(&duet);
}

Test(paths, an_undumpable_process_has_its_own_entry)
{
	struct duet duet = duet_with_tree();

	SAME(&duet, "20", "open 20 file");
	SAME(&duet, "21", "open 21 /proc/self/fd dir");
	SAME(&duet, "0", "as hidden");
	SAME(&duet, "4 file", "getxattr /proc/self/fd/20 security.a");
	SAME(&duet, "4 file", "getxattr /proc/self/cwd/file security.a");
	SAME(&duet, "4 file", "getxattr /proc/self/fd/../cwd/file security.a");
	SAME(&duet, "4 file", "getxattr /proc/thread-self/root/proc/self/fd/20 security.a");
	SAME(&duet, of_xattrat("4 file"), "getxattrat @21:20 security.a");
	SAME(&duet, of_xattrat("4 file"), "getxattrat @21:../cwd/link security.a");
	SAME(&duet, of_xattrat("ENOENT"), "getxattrat @21:99 security.a");
	duet_end(&duet);
}

/* Return: what it was. A second test at the same time would want the same. */
static char protect_links(char setting)
{
	int fd = open("/proc/sys/fs/protected_symlinks", O_RDWR | O_CLOEXEC);
	char before = 0;

	cr_assert(fd >= 0 && read(fd, &before, 1) == 1 && pwrite(fd, &setting, 1, 0) == 1);
	close(fd);
	return before;
}

/* fs.protected_symlinks: in a sticky directory that all may write to, only one's own links. */
Test(paths, protected_links)
{
	struct duet duet = duet_with_tree();

	SAME(&duet, "0", "mkdir sticky 1777");
	SAME(&duet, "0", "symlink ../file sticky/roots");
	SAME(&duet, "0", "symlink ../file sticky/fives");
	SAME(&duet, "0", "symlink .. sticky/up");
	SAME(&duet, "0", "chown sticky/fives 5 5");
	SAME(&duet, "0", "chown sticky/up 5 5");
	char before = protect_links('1');

	SAME(&duet, "4 file", "getxattr sticky/roots security.a");
	SAME(&duet, "EACCES", "getxattr sticky/fives security.a");
	SAME(&duet, "EACCES", "getxattr /proc/self/cwd/sticky/fives security.a");
	SAME(&duet, "ENODATA", "lgetxattr sticky/fives security.a");
	/* In the middle of a path it is no matter. */
	SAME(&duet, "4 file", "getxattr sticky/up/file security.a");
	SAME(&duet, "0", "as user");
	SAME(&duet, "4 file", "getxattr sticky/fives security.a");
	protect_links('0');
	SAME(&duet, "4 file", "getxattr sticky/fives security.a");
	SAME(&duet, "4 file", "getxattr sticky/roots security.a");
	protect_links(before);
	duet_end(&duet);
}

/* Without io_uring: the same answers. */
Test(paths, by_a_deputy_process)
{
	struct duet duet = duet_start("process");

	duet_make_tree(&duet, "");
	SAME(&duet, "0", "mkdir private 700");
	SAME(&duet, "0", "file private/file 644");
	SAME(&duet, "0", "chown private 7 7");
	SAME(&duet, "0", "setxattr private/file security.a private");
	SAME(&duet, "0", "as user");
	SAME(&duet, "EACCES", "getxattr private/file security.a");
	SAME(&duet, "4 file", "getxattr dir/../link security.a");
	SAME(&duet, "ENOENT", "getxattr missing security.a");
	duet_end(&duet);
}
