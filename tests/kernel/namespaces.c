/* SPDX-License-Identifier: Apache-2.0 */
/* What we take for granted of user namespaces, threads and pidfds. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/nsfs.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "kernel_features.h"
#include "launch.h"

#ifndef PIDFD_THREAD
#define PIDFD_THREAD O_EXCL
#endif

/* USER_NS_INIT_INO of linux/nsfs.h. */
#define FIRST_USERNS_INODE 0xEFFFFFFDU

TestSuite(namespaces, .timeout = 60);

/* A child that is told when to end by the end of a pipe, and says that it is ready by another. */
static int ready[2], done[2];

static void open_pipes(void)
{
	cr_assert(pipe2(ready, O_CLOEXEC) == 0 && pipe2(done, O_CLOEXEC) == 0);
}

static void report_and_wait(void)
{
	char byte;

	close(done[1]);
	NEED(write(ready[1], "x", 1) == 1);
	(void)!read(done[0], &byte, 1);
}

static pid_t start_waiting(void (*body)(void *), void *argument, unsigned long clone_flags)
{
	pid_t pid = child_start(body, argument, clone_flags);
	char byte;

	close(ready[1]);
	close(done[0]);
	cr_assert_eq(read(ready[0], &byte, 1), 1, "the child has ended too early");
	close(ready[0]);
	return pid;
}

static void end_waiting(pid_t pid)
{
	close(done[1]);
	cr_expect_eq(child_end(pid), 0);
}

static void be_nested(void *argument)
{
	(void)argument;
	child_enter_userns(USUAL_MAP);
	child_enter_userns("0:1000:1000");
	report_and_wait();
}

/* Read from outside, whatever the nesting, a map is in the numbers of the reader. */
Test(namespaces, a_nested_map_is_shown_in_our_numbers)
{
	unsigned int inside, outside, count;
	char path[64];

	open_pipes();
	pid_t pid = start_waiting(be_nested, NULL, 0);

	snprintf(path, sizeof(path), "/proc/%d/uid_map", pid);
	FILE *map = fopen(path, "re");

	cr_assert_not_null(map);
	cr_assert_eq(fscanf(map, "%u %u %u", &inside, &outside, &count), 3);
	fclose(map);
	cr_expect_eq(inside, 0);
	cr_expect_eq(outside, 101000);
	cr_expect_eq(count, 1000);
	end_waiting(pid);
}

static ino_t inode_of(int fd)
{
	struct stat stat;

	cr_assert_eq(fstat(fd, &stat), 0);
	return stat.st_ino;
}

Test(namespaces, parents_lead_to_the_host)
{
	int host = open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC);
	char path[64];

	open_pipes();
	pid_t pid = start_waiting(be_nested, NULL, 0);

	snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
	int nested = open(path, O_RDONLY | O_CLOEXEC);
	int parent = ioctl(nested, NS_GET_PARENT);
	int grandparent = ioctl(parent, NS_GET_PARENT);

	cr_expect_neq(inode_of(nested), inode_of(parent));
	cr_expect_eq(inode_of(grandparent), inode_of(host));
	close(nested);
	close(parent);
	close(grandparent);
	end_waiting(pid);
	/* The first of all has none; of one above ours we would be told no more. */
	cr_expect_eq(ioctl(host, NS_GET_PARENT), -1);
	cr_expect_eq(errno, EPERM);
	close(host);
}

/* By these two things base/outer.c tells where we are. */

static ino_t inode_of_own(void)
{
	struct stat status;

	return stat("/proc/self/ns/user", &status) == 0 ? status.st_ino : 0;
}

static void see_another_number(void *argument)
{
	(void)argument;
	child_enter_userns(USUAL_MAP);
	NEED(inode_of_own() != 0 && inode_of_own() != FIRST_USERNS_INODE);
}

Test(namespaces, the_first_one_has_a_fixed_number)
{
	cr_expect_eq(inode_of_own(), FIRST_USERNS_INODE);
	child_run(see_another_number, NULL);
}

static void see_owner_of_procfs(void *argument)
{
	const char *map = argument;
	struct stat status;

	child_enter_userns(map);
	NEED(stat("/proc", &status) == 0 && (status.st_uid == 0) == (strcmp(map, "0:0:1") == 0));
}

Test(namespaces, procfs_belongs_to_root_of_the_host)
{
	static char ours[] = "0:0:1", others[] = USUAL_MAP;

	child_run(see_owner_of_procfs, ours);
	child_run(see_owner_of_procfs, others);
}

static void be_denied_groups(void *argument)
{
	const gid_t group = 0;

	(void)argument;
	NEED(unshare(CLONE_NEWUSER) == 0);
	NEED_ERROR(EPERM, setgroups(0, NULL));
	NEED_ERROR(EPERM, setgroups(1, &group));
}

/* As long as there is no map of groups, whatever may be said of it. */
Test(namespaces, no_groups_can_be_set_before_there_is_a_map)
{
	child_run(be_denied_groups, NULL);
}

static void be_in_usual(void *argument)
{
	(void)argument;
	child_enter_userns(USUAL_MAP);
	report_and_wait();
}

static void join_namespace(void *argument)
{
	const int *fd = argument;

	NEED(setns(*fd, CLONE_NEWUSER) == 0);
	NEED(setresgid(0, 0, 0) == 0 && setresuid(0, 0, 0) == 0);
	struct stat stat;

	/* All capabilities there: its own directories open, and its ids are ours. */
	NEED(lstat("/proc/self", &stat) == 0 && getuid() == 0);
	NEED(unshare(CLONE_NEWNS) == 0);
}

Test(namespaces, a_process_of_the_host_may_join)
{
	char path[64];

	open_pipes();
	pid_t pid = start_waiting(be_in_usual, NULL, 0);

	snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	child_run(join_namespace, &fd);
	close(fd);
	end_waiting(pid);
}

/* A Criterion test has a second thread. */
Test(namespaces, a_process_of_two_threads_may_not_make_one)
{
	cr_expect_eq(unshare(CLONE_NEWUSER), -1);
	cr_expect_eq(errno, EINVAL);
}

/* ---- threads ---- */

struct shared {
	volatile pid_t tid;
};

static void *have_own_table(void *argument)
{
	struct shared *shared = argument;

	NEED(unshare(CLONE_FILES) == 0);
	int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);

	NEED(fd >= 0 && dup2(fd, 60) == 60);
	shared->tid = (pid_t)syscall(SYS_gettid);
	report_and_wait();
	return NULL;
}

static void have_thread_with_own_table(void *argument)
{
	pthread_t thread;
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	NEED(fd >= 0 && dup2(fd, 60) == 60);
	NEED(pthread_create(&thread, NULL, have_own_table, argument) == 0);
	/* Ours of the pipe, for the end of it is to be seen. */
	close(done[1]);
	pthread_join(thread, NULL);
}

static dev_t device_behind(pid_t tid, unsigned int flags)
{
	struct stat stat;
	int pidfd = (int)syscall(SYS_pidfd_open, tid, flags);

	cr_assert_geq(pidfd, 0, "%s", strerror(errno));
	int fd = (int)syscall(SYS_pidfd_getfd, pidfd, 60, 0);

	cr_assert_geq(fd, 0, "%s", strerror(errno));
	cr_assert_eq(fstat(fd, &stat), 0);
	close(fd);
	close(pidfd);
	return stat.st_rdev;
}

/*
 * Linux 6.9: a pidfd of a thread finds the thread's own table of descriptors. Before, there is none of a thread, and
 * that of its process must do (request/target.c).
 */
Test(namespaces, a_thread_has_a_pidfd_and_descriptors_of_its_own)
{
	struct shared *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	cr_assert(shared != MAP_FAILED);
	open_pipes();
	pid_t pid = start_waiting(have_thread_with_own_table, shared, 0);

	cr_expect_neq(shared->tid, pid);
	cr_expect_eq(syscall(SYS_pidfd_open, shared->tid, 0), -1);
	if (kernel_is_at_least(6, 9)) {
		cr_expect_neq(device_behind(shared->tid, PIDFD_THREAD), device_behind(pid, 0));
	} else {
		cr_expect_eq(syscall(SYS_pidfd_open, shared->tid, PIDFD_THREAD), -1);
		cr_expect_eq(errno, EINVAL);
		cr_expect_eq(device_behind(pid, 0), makedev(1, 3));
	}
	end_waiting(pid);
}
