/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the probe takes for granted of the kernel's structures: of each thread it says the same
 * as /proc/TID/status, at once after a change, and nothing of a thread that has ended.
 */
#include "base/probe.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/btf.h"
#include "base/proc.h"
#include "child.h"
#include "dice.h"
#include "kernel_features.h"
#include "request/target.h"

#define CREDENTIALS 200

/* probe-by-packet.c says something else. */
#ifndef PROBE_MAKE
#define PROBE_MAKE probe_new
#endif

static struct probe *probe;
static struct targets *by_probe;
static struct targets *by_status;
static int procfs;
static int to_child[2], from_child[2];

static void begin(void)
{
	int r = PROBE_MAKE(&probe);

	if (r == -EPERM || access(BTF_KERNEL_FILE, R_OK) < 0)
		cr_skip_test("the kernel cannot be probed: %s", strerror(-r));
	/* What the verifier has refused is -EACCES or -EINVAL. */
	cr_assert_eq(r, 0, "the kernel cannot be probed: %s", strerror(-r));
	procfs = proc_open();
	cr_assert_geq(procfs, 0);
	cr_assert_eq(targets_new(procfs, probe, &by_probe), 0);
	cr_assert_eq(targets_new(procfs, NULL, &by_status), 0);
}

static void end(void)
{
	targets_free(by_probe);
	targets_free(by_status);
	probe_free(probe);
	close(procfs);
}

TestSuite(probe, .init = begin, .fini = end, .timeout = 120);

/* ---- both ways, side by side ---- */

static void expect_same(pid_t tid)
{
	static struct identity probed, read;
	struct target *target;
	int r = targets_identify(by_probe, tid, IDENTITY_WHOLE, &target, &probed);

	cr_assert_eq(r, 0, "%s", strerror(-r));
	cr_assert_eq(targets_identify(by_status, tid, IDENTITY_WHOLE, &target, &read), 0);
	cr_expect_eq(probed.userns, read.userns);
	cr_expect_eq(probed.credential.fsuid, read.credential.fsuid);
	cr_expect_eq(probed.credential.fsgid, read.credential.fsgid);
	cr_expect_eq(probed.credential.capabilities, read.credential.capabilities, "%llx and %llx",
		     (unsigned long long)probed.credential.capabilities,
		     (unsigned long long)read.credential.capabilities);
	cr_expect_eq(probed.credential.group_count, read.credential.group_count);
	cr_expect(credential_equal(&probed.credential, &read.credential));
}

/* A test leaves no descriptor open. */
static void forget(void)
{
	targets_clear(by_probe);
	targets_clear(by_status);
	close(to_child[0]);
	close(to_child[1]);
	close(from_child[0]);
	close(from_child[1]);
}

/* The probe has not left it to the other way. */
static struct probe_record ask(pid_t tid)
{
	struct probe_record record = { 0 };
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d", tid);
	int proc = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r = probe_ask(probe, proc, NULL, &record);

	cr_assert_eq(r, 0, "%s", strerror(-r));
	close(proc);
	return record;
}

/* ---- children that change when they are told ---- */

static void open_pipes(void)
{
	cr_assert(pipe2(to_child, O_CLOEXEC) == 0 && pipe2(from_child, O_CLOEXEC) == 0);
}

/* In a child: say that it is done, and wait for the next turn. */
static void take_turns(void)
{
	char byte = 0;

	NEED(write(from_child[1], &byte, 1) == 1);
	NEED(read(to_child[0], &byte, 1) == 1);
}

static void await_child(void)
{
	char byte;

	cr_assert_eq(read(from_child[0], &byte, 1), 1);
}

static void next_turn(void)
{
	cr_assert_eq(write(to_child[1], "", 1), 1);
}

static void set_capabilities(uint64_t effective)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[2];

	NEED(syscall(SYS_capget, &header, sets) == 0);
	sets[0].effective = sets[0].permitted & (uint32_t)effective;
	sets[1].effective = sets[1].permitted & (uint32_t)(effective >> 32);
	NEED(syscall(SYS_capset, &header, sets) == 0);
}

static void take_groups(struct dice *dice, size_t count)
{
	gid_t groups[2 * PROBE_GROUPS_MAX];

	for (size_t i = 0; i < count; i++)
		groups[i] = (gid_t)dice_below(dice, 5000000);
	NEED(setgroups(count, groups) == 0);
}

static void become_another_user(void *argument)
{
	struct dice dice = { .state = *(unsigned long *)argument };

	if (dice_below(&dice, 2))
		child_enter_userns("0:100000:65536");
	else
		take_groups(&dice, dice_below(&dice, 2 * PROBE_GROUPS_MAX));
	NEED(prctl(PR_SET_KEEPCAPS, 1) == 0);
	NEED(setresgid((gid_t)dice_below(&dice, 65000), 7, 8) == 0);
	NEED(setresuid((uid_t)dice_below(&dice, 65000), 8, 9) == 0);
	set_capabilities(dice_next(&dice));
	take_turns();
}

Test(probe, says_what_status_says)
{
	for (unsigned long seed = 1; seed <= CREDENTIALS; seed++) {
		open_pipes();
		pid_t pid = child_start(become_another_user, &seed, 0);

		await_child();
		expect_same(pid);
		next_turn();
		cr_expect_eq(child_end(pid), 0, "seed %lu", seed);
		forget();
	}
}

static void change_groups(void *argument)
{
	struct dice dice = { .state = 1 };

	(void)argument;
	for (size_t count = 0; count <= PROBE_GROUPS_MAX + 1; count++) {
		take_groups(&dice, count);
		take_turns();
	}
	set_capabilities(0);
	take_turns();
	NEED(unshare(CLONE_NEWUSER) == 0);
	take_turns();
}

Test(probe, sees_each_change_at_once)
{
	open_pipes();
	pid_t pid = child_start(change_groups, NULL, 0);

	for (uint32_t count = 0; count <= PROBE_GROUPS_MAX + 1; count++) {
		await_child();
		cr_expect_eq(ask(pid).group_count, count);
		expect_same(pid);
		next_turn();
	}
	await_child();
	cr_expect_eq(ask(pid).capabilities, 0);
	expect_same(pid);
	next_turn();
	await_child();
	cr_expect_eq(ask(pid).userns_level, 1);
	expect_same(pid);
	next_turn();
	cr_expect_eq(child_end(pid), 0);
	forget();
}

/* ---- file systems ---- */

/* The root directory becomes a tmpfs of the namespace's own, the working directory stays on the host's. */
static void mount_own(void *argument)
{
	(void)argument;
	NEED(chdir("/") == 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0);
	NEED(mount("none", "/tmp", "tmpfs", 0, NULL) == 0 && chroot("/tmp") == 0);
	take_turns();
}

static uint32_t file_system_of(const char *path)
{
	int fd = open(path, O_PATH | O_CLOEXEC);
	uint32_t userns = 0;

	cr_assert_geq(fd, 0, "%s: %s", path, strerror(errno));
	cr_expect_eq(probe_ask_file_system(probe, fd, &userns), 0);
	close(fd);
	return userns;
}

static char *below(pid_t pid, const char *name)
{
	static char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	return path;
}

Test(probe, knows_who_has_mounted_a_file_system)
{
	open_pipes();
	pid_t pid = child_start(mount_own, NULL, 0);

	await_child();
	uint32_t own = ask(pid).userns, ours = ask(getpid()).userns;

	cr_expect_neq(own, ours);
	cr_expect_eq(file_system_of(below(pid, "root")), own);
	cr_expect_eq(file_system_of(below(pid, "cwd")), ours);
	cr_expect_eq(file_system_of("/proc/self/exe"), ours);
	next_turn();
	cr_expect_eq(child_end(pid), 0);
	forget();
}

Test(probe, knows_no_file_system_without_a_file)
{
	int fd = open("/", O_PATH | O_CLOEXEC);
	uint32_t userns = 7;

	close(fd);
	cr_expect_lt(probe_ask_file_system(probe, fd, &userns), 0);
	cr_expect_eq(userns, 7);
}

/* ---- threads ---- */

static void *be_a_thread(void *argument)
{
	pid_t *tid = argument;

	/* By the system call: these are of one thread. */
	NEED(syscall(SYS_setfsuid, 4321) == 0 && syscall(SYS_setgroups, 1, &(gid_t){ 99 }) == 0);
	*tid = (pid_t)syscall(SYS_gettid);
	NEED(write(from_child[1], tid, sizeof(*tid)) == sizeof(*tid));
	pause();
	return NULL;
}

static void start_thread(void *argument)
{
	pthread_t thread;
	pid_t tid;

	(void)argument;
	NEED(pthread_create(&thread, NULL, be_a_thread, &tid) == 0);
	pthread_join(thread, NULL);
}

Test(probe, tells_threads_apart)
{
	pid_t tid;

	open_pipes();
	pid_t pid = child_start(start_thread, NULL, 0);

	cr_assert_eq(read(from_child[0], &tid, sizeof(tid)), sizeof(tid));
	cr_expect_neq(tid, pid);
	expect_same(tid);
	expect_same(pid);
	cr_expect_eq(ask(tid).fsuid, 4321);
	cr_expect_eq(ask(tid).groups[0], 99);
	cr_expect_eq(ask(pid).fsuid, 0);
	kill(pid, SIGKILL);
	cr_expect_eq(child_end(pid), 128 + SIGKILL);
	forget();
}

/* ---- numbers that are used again ---- */

static pid_t start_with_number(pid_t number)
{
	struct clone_args arguments = {
		.exit_signal = SIGCHLD,
		.set_tid = number > 0 ? (uintptr_t)&number : 0,
		.set_tid_size = number > 0 ? 1 : 0,
	};

	fflush(NULL);
	pid_t pid = (pid_t)syscall(SYS_clone3, &arguments, sizeof(arguments));

	if (pid == 0) {
		if (number > 0)
			(void)!syscall(SYS_setfsuid, 77);
		(void)!write(from_child[1], "", 1);
		pause();
		_exit(0);
	}
	cr_assert_gt(pid, 0, "clone3: %s", strerror(errno));
	return pid;
}

static void end_one(pid_t pid)
{
	kill(pid, SIGKILL);
	cr_expect_eq(child_end(pid), 128 + SIGKILL);
}

/* Not even when another has got its number: the descriptor is of the one that has ended. */
Test(probe, says_nothing_of_the_dead)
{
	struct probe_record record;
	char path[64];

	open_pipes();
	pid_t pid = start_with_number(0);

	await_child();
	snprintf(path, sizeof(path), "/proc/%d", pid);
	int proc = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	cr_expect_eq(probe_ask(probe, proc, NULL, &record), 0);
	expect_same(pid);
	end_one(pid);
	cr_expect_eq(probe_ask(probe, proc, NULL, &record), -ESRCH);
	pid_t next = start_with_number(pid);

	cr_assert_eq(next, pid, "%s", strerror(errno));
	await_child();
	cr_expect_eq(probe_ask(probe, proc, NULL, &record), -ESRCH);
	/* What was kept of the first is not believed of the second. */
	expect_same(next);
	cr_expect_eq(ask(next).fsuid, 77);
	end_one(next);
	close(proc);
	forget();
}

/* ---- places ---- */

/* Asked in a child, of itself, which moves about. */
static struct probe_record look_around(int root, int cwd)
{
	struct probe_record record = { 0 };
	int proc = open("/proc/thread-self", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (proc < 0)
		proc = openat(procfs, "thread-self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	NEED(proc >= 0);
	NEED(probe_ask(probe, proc, (const int[]){ root, cwd }, &record) == 0);
	NEED(record.has_places);
	close(proc);
	return record;
}

static int path_of(const char *path)
{
	int fd = open(path, O_PATH | O_CLOEXEC);

	NEED(fd >= 0);
	return fd;
}

static void move_about(void *argument)
{
	int root = path_of("/"), before, after;
	struct probe_record record;

	(void)argument;
	NEED(chdir("/var") == 0);
	before = path_of(".");
	record = look_around(root, before);
	NEED(record.is_kept[PROBE_ROOT] && record.is_kept[PROBE_CWD]);
	NEED(chdir("/var/tmp") == 0);
	after = path_of(".");
	record = look_around(root, before);
	NEED(record.is_kept[PROBE_ROOT] && !record.is_kept[PROBE_CWD]);
	record = look_around(before, after);
	NEED(!record.is_kept[PROBE_ROOT] && record.is_kept[PROBE_CWD]);
	/* The other way round they are right too, and no descriptor is none. */
	record = look_around(-1, -1);
	NEED(!record.is_kept[PROBE_ROOT] && !record.is_kept[PROBE_CWD]);
	NEED(chroot(".") == 0);
	record = look_around(root, after);
	NEED(!record.is_kept[PROBE_ROOT] && record.is_kept[PROBE_CWD]);
	record = look_around(after, after);
	NEED(record.is_kept[PROBE_ROOT] && record.is_kept[PROBE_CWD]);
}

Test(probe, knows_a_directory_again)
{
	child_run(move_about, NULL);
}

static void cover_and_pivot(void *argument)
{
	struct probe_record record;
	int before;

	(void)argument;
	NEED(unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	NEED(chdir("/var/tmp") == 0);
	before = path_of(".");
	/* The same directory, found through another mount, is not the same place. */
	NEED(mount("/var/tmp", "/var/tmp", NULL, MS_BIND, NULL) == 0);
	record = look_around(-1, before);
	NEED(record.is_kept[PROBE_CWD] && record.is_lasting[PROBE_CWD]);
	NEED(chdir("/var/tmp") == 0);
	record = look_around(-1, before);
	NEED(!record.is_kept[PROBE_CWD] && !record.is_lasting[PROBE_CWD]);
	NEED(record.is_lasting[PROBE_ROOT]);
	/* A copy of the namespace has copies of the mounts. */
	before = path_of("/");
	NEED(unshare(CLONE_NEWNS) == 0);
	record = look_around(before, -1);
	NEED(!record.is_kept[PROBE_ROOT] && record.is_lasting[PROBE_ROOT]);
	/* A new root, by pivot_root(2). */
	before = path_of("/");
	NEED(syscall(SYS_pivot_root, ".", ".") == 0);
	record = look_around(before, -1);
	NEED(!record.is_kept[PROBE_ROOT] && record.is_lasting[PROBE_ROOT]);
}

Test(probe, tells_mounts_apart)
{
	child_run(cover_and_pivot, NULL);
}

static void choose_roots(void *argument)
{
	struct probe_record record;

	(void)argument;
	NEED(unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	NEED(chdir("/") == 0);
	record = look_around(-1, -1);
	NEED(record.is_lasting[PROBE_ROOT] && record.is_lasting[PROBE_CWD]);
	NEED(chroot("/var") == 0);
	record = look_around(-1, -1);
	NEED(!record.is_lasting[PROBE_ROOT] && !record.is_lasting[PROBE_CWD]);
	NEED(mount("none", "/tmp", "tmpfs", 0, NULL) == 0 && chroot("/tmp") == 0);
	record = look_around(-1, -1);
	NEED(!record.is_lasting[PROBE_ROOT] && !record.is_lasting[PROBE_CWD]);
}

/* The supervisor must not keep what a process may want to unmount. */
Test(probe, finds_lasting_what_is_the_namespaces_own_root)
{
	child_run(choose_roots, NULL);
}

/* ---- where it is not to be had, and where it is ---- */

static void try_inside(void *argument)
{
	struct probe *mine = NULL;

	(void)argument;
	child_enter_userns("0:100000:65536");
	NEED(PROBE_MAKE(&mine) < 0 && !mine);
}

Test(probe, is_for_the_first_user_namespace_alone)
{
	child_run(try_inside, NULL);
}

static void try_in_pid_namespace(void *argument)
{
	struct probe *mine = NULL;
	struct probe_record record;

	(void)argument;
	NEED(unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	NEED(mount("proc", "/proc", "proc", 0, NULL) == 0);
	NEED(getpid() == 1);
	NEED(PROBE_MAKE(&mine) == 0);
	(void)!syscall(SYS_setfsuid, 4711);
	int proc = open("/proc/1", O_PATH | O_DIRECTORY | O_CLOEXEC);

	NEED(probe_ask(mine, proc, NULL, &record) == 0 && record.fsuid == 4711);
	(void)!syscall(SYS_setfsuid, 0);
	probe_free(mine);
}

/* It goes by descriptors, and numbers of processes do not matter. */
Test(probe, works_in_a_pid_namespace)
{
	pid_t pid = child_start(try_in_pid_namespace, NULL, CLONE_NEWPID);

	cr_expect_eq(child_end(pid), 0);
}

/* ---- the forms that it can have ---- */

/* Only where the kernel lets a program take the lock (Linux 6.2) can it be one of type syscall. */
Test(probe, has_an_argument_where_it_can_take_the_lock)
{
	struct probe *mine = NULL;
	int r = probe_new_of(PROBE_ARGUMENT, &mine);

	cr_expect_eq(r, kernel_is_at_least(6, 2) ? 0 : -ENOENT, "%s", strerror(-r));
	probe_free(mine);
}
