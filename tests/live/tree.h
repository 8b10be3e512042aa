/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_TESTS_TREE_H
#define NSXATTR_TESTS_TREE_H

/*
 * The tree that the differential driver works on: every kind of inode that a name can lead to, every
 * way to get there, and descriptors of every kind under fixed numbers. Ids 5 and 6 own some of it.
 */

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

/* What stands for something else in a path that is logged, see path_expand(). */
#define LONGEST_NAME "$L" /* 255 bytes */
#define TOO_LONG_NAME "$M" /* 256 bytes */
#define DEEP_NAME "$X" /* d/d/…, DEPTH levels */
#define DEPTH 40

/*
 * Chains of links: the kernel follows 40 (path_resolution(7)). But when it has to begin again, because
 * a directory entry was not cached, it does not begin to count again; so there is nothing between half
 * of that and too many in the tree.
 */
#define CHAIN 41

/* Numbers of the descriptors; those of the standard streams and of nothing else are below. */
enum descriptor {
	FD_BASE = 100,
	FD_FILE = FD_BASE,
	FD_FILE_RW,
	FD_FILE_WRITE,
	FD_FILE_PATH,
	FD_LINK_PATH,
	FD_DIR,
	FD_DIR_PATH,
	FD_FIFO,
	FD_PIPE_READ,
	FD_PIPE_WRITE,
	FD_SOCKET,
	FD_SOCKET_PATH,
	FD_MEMFD,
	FD_DELETED_FILE,
	FD_DELETED_DIR,
	FD_DELETED_PATH,
	FD_PROC_FD,
	FD_TREE,
	FD_SECRET,
	FD_OTHERS,
	FD_TEMPORARY,
	FD_CLOSED,
	/* The inode of these is the host's, and has no attributes. */
	FD_EVENTFD,
	FD_EPOLL,
	FD_TIMERFD,
	FD_SIGNALFD,
	FD_INOTIFY,
	FD_NAMESPACE,
	FD_PROC_FILE,
	FD_PROC_LINK,
	FD_PIDFD,
	FD_END,
};

static const char *const descriptor_names[FD_END] = {
	[FD_FILE] = "file",
	[FD_FILE_RW] = "file(rw)",
	[FD_FILE_WRITE] = "file(w)",
	[FD_FILE_PATH] = "file(path)",
	[FD_LINK_PATH] = "link(path)",
	[FD_DIR] = "dir",
	[FD_DIR_PATH] = "dir(path)",
	[FD_FIFO] = "fifo",
	[FD_PIPE_READ] = "pipe(r)",
	[FD_PIPE_WRITE] = "pipe(w)",
	[FD_SOCKET] = "socket",
	[FD_SOCKET_PATH] = "node(path)",
	[FD_MEMFD] = "memfd",
	[FD_DELETED_FILE] = "deleted",
	[FD_DELETED_DIR] = "deleted-dir",
	[FD_DELETED_PATH] = "deleted(path)",
	[FD_PROC_FD] = "proc",
	[FD_TREE] = "tree",
	[FD_SECRET] = "secret",
	[FD_OTHERS] = "others",
	[FD_TEMPORARY] = "tmpfile",
	[FD_CLOSED] = "closed",
	[FD_EVENTFD] = "eventfd",
	[FD_EPOLL] = "epoll",
	[FD_TIMERFD] = "timerfd",
	[FD_SIGNALFD] = "signalfd",
	[FD_INOTIFY] = "inotify",
	[FD_NAMESPACE] = "namespace",
	[FD_PROC_FILE] = "proc-file",
	[FD_PROC_LINK] = "proc-link(path)",
	[FD_PIDFD] = "pidfd",
};

/* The paths below have them as they are written. */
_Static_assert(FD_FILE == 100 && FD_DIR == 105 && FD_DELETED_DIR == 114 && FD_TREE == 117 &&
		       FD_CLOSED == 121 && FD_EVENTFD == 122 && FD_PIDFD == 130,
	       "the numbers in procfs_objects and in tree_make_links()");

/* Paths below the tree. What comes often is what most of the others lead to. */
static const char *const objects[] = {
	"file",
	"file",
	"file",
	"dir",
	"dir",
	"link",
	"link",
	"linkdir",
	"hardlink",
	"empty",
	"secret",
	"readonly",
	"others",
	"grouped",
	"writable",
	"dir/inner",
	"dir/inner",
	"private",
	"private/inner",
	"private5",
	"private5/inner",
	"group5",
	"group5/inner",
	"unsearchable",
	"unsearchable/inner",
	"sticky",
	"sticky/inner",
	"sticky/link5",
	"sticky/link6",
	"linkdir/inner",
	"dangling",
	"loop",
	"ping",
	"updown",
	"longlink",
	"slashlink",
	"chain10",
	"chain41",
	"fifo",
	"node",
	LONGEST_NAME,
	DEEP_NAME,
	"abslink",
	"abslinkdir/inner",
	"link-proc-fd",
	"link-proc-dir/inner",
	"link-proc-cwd/file",
	"link-proc-root",
	"link-proc-thread",
	"link-dev-fd",
	"link-link-proc",
	"link-proc-deleted",
	"link-proc-pid",
	/* These are errors. */
	"missing",
	"missing/inner",
	"file/inner",
	"link/inner",
	"dangling/inner",
	"loop/inner",
	"fifo/inner",
	TOO_LONG_NAME,
	"dir/$M",
	"empty/..",
	"missing/..",
	/* And these are special. */
	".",
	"..",
	"",
	"dir/..",
	"linkdir/..",
};

/* Whole paths; $D is the tree, $P the process, $T the thread. Only those that lead into the tree. */
static const char *const procfs_objects[] = {
	"/proc/self/fd/100",
	"/proc/self/fd/101",
	"/proc/self/fd/103",
	"/proc/self/fd/104",
	"/proc/self/fd/105",
	"/proc/self/fd/105/inner",
	"/proc/self/fd/106/inner",
	"/proc/self/fd/107",
	"/proc/self/fd/108",
	"/proc/self/fd/110",
	"/proc/self/fd/111",
	"/proc/self/fd/112",
	"/proc/self/fd/113",
	"/proc/self/fd/114",
	"/proc/self/fd/114/inner",
	"/proc/self/fd/115",
	"/proc/self/fd/121",
	"/proc/self/fd/122",
	"/proc/self/fd/123",
	"/proc/self/fd/124",
	"/proc/self/fd/125",
	"/proc/self/fd/126",
	"/proc/self/fd/127",
	"/proc/thread-self/fd/128",
	"/proc/self/fd/129",
	"/proc/self/fd/abc",
	"/proc/self/fd/0100",
	"/proc/self/fd/118",
	"/proc/self/fd/119",
	"/proc/self/fd/117/file",
	"/dev/fd/100",
	"/dev/fd/105/inner",
	"/proc/thread-self/fd/100",
	"/proc/thread-self/fd/105/../file",
	"/proc/$P/fd/101",
	"/proc/self/task/$T/fd/101",
	"/proc/$P/task/$T/cwd",
	"/proc/self/cwd",
	"/proc/self/cwd/file",
	"/proc/thread-self/cwd/link",
	"/proc/$P/cwd/dir/inner",
	"/proc/self/root$D/file",
	"/proc/self/root$D/linkdir/inner",
	"/proc/self/root/$D",
	"/proc/thread-self/root$D/abslink",
	"/proc/self/../self/cwd/file",
	"/proc/self/fd/../cwd/file",
	"/proc/self/cwd/link-proc-cwd/link-proc-fd",
	"/proc/self/root/proc/self/root/proc/self/cwd/file",
	"/../..$D/file",
	"/proc/self/fd/105/../../proc/self/cwd/file",
};

/* On procfs itself. */
static const char *const procfs_inodes[] = {
	"/proc/self/",	   "/proc/self/fd",	      "/proc/self/status",  "/proc/thread-self/",
	"/proc/$P/status", "/proc/self/task/$T/comm", "/proc/self/nothing", "/proc/self/status/x",
};

/* These have the host as their owner. All but the last are of procfs, which has no attributes. */
static const char *const hosts_inodes[] = {
	"/proc/self/ns/user", "/proc/thread-self/ns/mnt",
	"/proc/version",      "/proc",
	"/proc/self/attr",    "/proc/self",
	"/proc/thread-self",  "/",
};

static void tree_check(bool is_good, const char *what)
{
	if (!is_good)
		err(EXIT_FAILURE, "cannot make %s", what);
}

static void tree_file(const char *name, mode_t mode, uid_t uid, gid_t gid)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	tree_check(fd >= 0 && write(fd, name, strlen(name)) > 0 && fchown(fd, uid, gid) == 0 &&
			   fchmod(fd, mode) == 0,
		   name);
	close(fd);
}

static void tree_directory(const char *name, mode_t mode, uid_t uid, gid_t gid)
{
	char inner[64];

	tree_check(mkdir(name, 0700) == 0, name);
	snprintf(inner, sizeof(inner), "%s/inner", name);
	tree_file(inner, 0644, uid, gid);
	tree_check(chown(name, uid, gid) == 0 && chmod(name, mode) == 0, name);
}

static void tree_link(const char *target, const char *name, uid_t uid)
{
	tree_check(symlink(target, name) == 0 && lchown(name, uid, uid) == 0, name);
}

static void tree_make_files(void)
{
	char longest[256];

	memset(longest, 'n', 255);
	longest[255] = '\0';
	tree_file("file", 0644, 0, 0);
	tree_check(link("file", "hardlink") == 0, "hardlink");
	tree_file("empty", 0644, 0, 0);
	tree_check(truncate("empty", 0) == 0, "empty");
	tree_file("secret", 0000, 0, 0);
	tree_file("readonly", 0400, 0, 0);
	tree_file("others", 0600, 5, 5);
	tree_file("grouped", 0660, 0, 5);
	tree_file("writable", 0666, 6, 6);
	tree_file(longest, 0644, 0, 0);
	tree_check(mkfifo("fifo", 0666) == 0, "fifo");
	tree_check(mknod("node", S_IFSOCK | 0666, 0) == 0, "node");
}

static void tree_make_directories(void)
{
	char deep[2 * DEPTH + 1];

	tree_directory("dir", 0755, 0, 0);
	tree_directory("private", 0700, 0, 0);
	tree_directory("private5", 0700, 5, 5);
	tree_directory("group5", 0750, 0, 5);
	tree_directory("unsearchable", 0666, 5, 5);
	tree_directory("sticky", 01777, 5, 5);
	for (size_t i = 0; i < DEPTH; i++) {
		memcpy(deep + 2 * i, "d/", 3);
		tree_check(mkdir(deep, 0755) == 0, deep);
	}
}

/* As long as a link can be: on XFS that is less. */
static void tree_make_longest_link(void)
{
	char text[4096];

	for (size_t i = 0; i < 4090; i += 2)
		memcpy(text + i, "./", 2);
	memcpy(text + 4090, "file", 5);
	if (symlink(text, "longlink") < 0 && errno == ENAMETOOLONG)
		tree_check(symlink(text + 4090 - 900, "longlink") == 0, "longlink");
	tree_check(lchown("longlink", 0, 0) == 0, "longlink");
}

static void tree_make_links(const char *directory)
{
	char text[4096], name[32];

	tree_link("file", "link", 0);
	tree_link("dir", "linkdir", 0);
	tree_link("dir//", "slashlink", 0);
	tree_link("missing", "dangling", 0);
	tree_link("loop", "loop", 0);
	tree_link("pong", "ping", 0);
	tree_link("ping", "pong", 0);
	tree_link("dir/../../tree/dir/./../file", "updown", 0);
	tree_link("../file", "sticky/link5", 5);
	tree_link("../file", "sticky/link6", 6);
	tree_link("file", "chain1", 0);
	for (unsigned int i = 2; i <= CHAIN; i++) {
		snprintf(text, sizeof(text), "chain%u", i - 1);
		snprintf(name, sizeof(name), "chain%u", i);
		tree_link(text, name, 0);
	}
	tree_make_longest_link();
	snprintf(text, sizeof(text), "%s/file", directory);
	tree_link(text, "abslink", 0);
	snprintf(text, sizeof(text), "%s/dir", directory);
	tree_link(text, "abslinkdir", 0);
	tree_link("/proc/self/fd/100", "link-proc-fd", 0);
	tree_link("/proc/self/fd/105", "link-proc-dir", 0);
	tree_link("/proc/self/cwd", "link-proc-cwd", 0);
	snprintf(text, sizeof(text), "/proc/self/root%s/link", directory);
	tree_link(text, "link-proc-root", 0);
	tree_link("/proc/thread-self/fd/101", "link-proc-thread", 0);
	tree_link("/dev/fd/101", "link-dev-fd", 0);
	tree_link("link-proc-dir/../link-proc-fd", "link-link-proc", 0);
	tree_link("/proc/self/fd/113", "link-proc-deleted", 0);
	tree_link("/proc/self/../thread-self/fd/105/inner", "link-proc-pid", 0);
}

/** tree_make() - make the tree in the working directory, whose path is @directory */
static inline void tree_make(const char *directory)
{
	umask(0);
	tree_make_files();
	tree_make_directories();
	tree_make_links(directory);
}

static void tree_keep(int fd, enum descriptor number)
{
	tree_check(fd >= 0 && dup2(fd, (int)number) == (int)number, descriptor_names[number]);
	close(fd);
}

static void tree_open_at(const char *path, int flags, enum descriptor number)
{
	tree_keep(open(path, flags, 0644), number);
}

static void tree_open_deleted(bool keeps_deleted)
{
	tree_open_at("deleted", O_RDWR | O_CREAT | O_EXCL, FD_DELETED_FILE);
	tree_open_at("deleted", O_PATH, FD_DELETED_PATH);
	tree_check(mkdir("deleted-dir", 0755) == 0, "deleted-dir");
	tree_open_at("deleted-dir", O_RDONLY | O_DIRECTORY, FD_DELETED_DIR);
	if (keeps_deleted)
		return;
	tree_check(unlink("deleted") == 0, "deleted");
	tree_check(rmdir("deleted-dir") == 0, "deleted-dir");
}

/* FUSE has no O_TMPFILE; there it is another deleted file. */
static void tree_open_temporary(void)
{
	int fd = open(".", O_RDWR | O_TMPFILE, 0644);

	if (fd < 0 && errno == EOPNOTSUPP) {
		fd = open("temporary", O_RDWR | O_CREAT | O_EXCL, 0644);
		tree_check(unlink("temporary") == 0, "temporary");
	}
	tree_keep(fd, FD_TEMPORARY);
}

/* What has no attributes. */
static void tree_open_bare(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	tree_keep(eventfd(0, 0), FD_EVENTFD);
	tree_keep(epoll_create1(0), FD_EPOLL);
	tree_keep(timerfd_create(CLOCK_MONOTONIC, 0), FD_TIMERFD);
	tree_keep(signalfd(-1, &signals, 0), FD_SIGNALFD);
	tree_keep(inotify_init1(0), FD_INOTIFY);
	tree_open_at("/proc/self/ns/user", O_RDONLY, FD_NAMESPACE);
	tree_open_at("/proc/version", O_RDONLY, FD_PROC_FILE);
	tree_open_at("/proc/self", O_PATH | O_NOFOLLOW, FD_PROC_LINK);
	tree_keep((int)syscall(SYS_pidfd_open, getpid(), 0), FD_PIDFD);
}

/**
 * tree_open() - open the descriptors; the working directory is the tree
 * @keeps_deleted: what should be deleted is not: what a FUSE server does then depends on the time
 */
static inline void tree_open(bool keeps_deleted)
{
	int pair[2];

	tree_open_at("file", O_RDONLY, FD_FILE);
	tree_open_at("file", O_RDWR, FD_FILE_RW);
	tree_open_at("file", O_WRONLY, FD_FILE_WRITE);
	tree_open_at("file", O_PATH, FD_FILE_PATH);
	tree_open_at("link", O_PATH | O_NOFOLLOW, FD_LINK_PATH);
	tree_open_at("dir", O_RDONLY | O_DIRECTORY, FD_DIR);
	tree_open_at("dir", O_PATH, FD_DIR_PATH);
	tree_open_at("fifo", O_RDWR | O_NONBLOCK, FD_FIFO);
	tree_check(pipe(pair) == 0, "a pipe");
	tree_keep(pair[0], FD_PIPE_READ);
	tree_keep(pair[1], FD_PIPE_WRITE);
	tree_keep(socket(AF_UNIX, SOCK_STREAM, 0), FD_SOCKET);
	tree_open_at("node", O_PATH, FD_SOCKET_PATH);
	tree_keep(memfd_create("memfd", 0), FD_MEMFD);
	tree_open_at("/proc/self/fd", O_RDONLY | O_DIRECTORY, FD_PROC_FD);
	tree_open_at(".", O_RDONLY | O_DIRECTORY, FD_TREE);
	tree_open_at("secret", O_RDWR, FD_SECRET);
	tree_open_at("others", O_RDONLY, FD_OTHERS);
	tree_open_temporary();
	tree_open_deleted(keeps_deleted);
	tree_open_bare();
}

#endif
