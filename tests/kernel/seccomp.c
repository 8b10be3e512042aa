/* SPDX-License-Identifier: Apache-2.0 */
/* What we take for granted of seccomp_unotify(2). Only the targets call getppid(2). */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "child.h"
#include "kernel_features.h"

/* The headers of older distributions do not have these. */
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif
#ifndef SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP (1UL << 0)
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#endif

#define PATIENCE 100000 /* milliseconds */

TestSuite(seccomp, .timeout = 300);

/* Shared with the target. */
struct scene {
	unsigned long flags;
	int listener; /* the target's, in a table of descriptors that both have */
	volatile long result;
	volatile int error;
	volatile int signals;
	volatile pid_t tid;
	volatile bool is_second; /* call twice */
};

static struct scene *scene;
static pid_t target;

static long install_filter(unsigned long flags)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(filter) / sizeof(filter[0]), filter };

	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}

static void wake(int pipe_end)
{
	(void)!write(pipe_end, "x", 1);
}

/* Pipes to and from the target, in the shared table too. */
static int to_test[2];

static void count_signal(int number)
{
	(void)number;
	scene->signals++;
	wake(to_test[1]);
}

static void be_target(void *argument)
{
	(void)argument;
	/* Not by signal(3): the thread sanitizer keeps a signal back until the next call of libc. */
	ssignal(SIGUSR1, count_signal);
	scene->listener = (int)install_filter(scene->flags | SECCOMP_FILTER_FLAG_NEW_LISTENER);
	scene->tid = (pid_t)syscall(SYS_gettid);
	wake(to_test[1]);
	if (scene->listener < 0)
		_exit(2);
	for (int calls = scene->is_second ? 2 : 1; calls > 0; calls--) {
		errno = 0;
		scene->result = syscall(SYS_getppid);
		scene->error = errno;
	}
	_exit(0);
}

static void await_target(void)
{
	struct pollfd polled = { .fd = to_test[0], .events = POLLIN };
	char byte;

	cr_assert_eq(poll(&polled, 1, PATIENCE), 1, "the target does not answer");
	cr_assert_eq(read(to_test[0], &byte, 1), 1);
}

static void make_scene(void)
{
	scene = mmap(NULL, sizeof(*scene), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	cr_assert(scene != MAP_FAILED && pipe2(to_test, O_CLOEXEC) == 0);
}

/* A target in the same table of descriptors, so that its listener is ours at once. */
static void start_target(unsigned long flags)
{
	if (!scene)
		make_scene();
	scene->flags = flags;
	target = child_start(be_target, NULL, CLONE_FILES);
	await_target();
	cr_assert_geq(scene->listener, 0);
}

static void close_scene(void)
{
	if (scene->listener >= 0)
		close(scene->listener);
	close(to_test[0]);
	close(to_test[1]);
}

static struct seccomp_notif receive(int listener)
{
	struct pollfd polled = { .fd = listener, .events = POLLIN };
	struct seccomp_notif notification = { 0 };

	cr_assert_eq(poll(&polled, 1, PATIENCE), 1, "there is no notification");
	cr_assert_eq(ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &notification), 0, "RECV: %s",
		     strerror(errno));
	return notification;
}

static int reply(int listener, uint64_t id, int64_t value, uint32_t flags)
{
	struct seccomp_notif_resp response = { .id = id, .val = value, .flags = flags };

	return ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response) < 0 ? -errno : 0;
}

Test(seccomp, the_structures_have_the_sizes_of_the_headers)
{
	struct seccomp_notif_sizes sizes;

	cr_assert_eq(syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes), 0);
	cr_expect_eq(sizes.seccomp_notif, sizeof(struct seccomp_notif));
	cr_expect_eq(sizes.seccomp_notif_resp, sizeof(struct seccomp_notif_resp));
	cr_expect_eq(sizeof(struct seccomp_notif), 80);
}

Test(seccomp, receive_wants_a_zeroed_buffer)
{
	struct seccomp_notif notification = { .pid = 1 };

	start_target(0);
	cr_expect_eq(ioctl(scene->listener, SECCOMP_IOCTL_NOTIF_RECV, &notification), -1);
	cr_expect_eq(errno, EINVAL);
	notification = receive(scene->listener);
	cr_expect_eq(reply(scene->listener, notification.id, 0, 0), 0);
	cr_expect_eq(child_end(target), 0);
	close_scene();
}

/* Linux 6.6. Before, there is no such call, and listeners go on as they are. */
Test(seccomp, the_flag_for_waking_is_a_value_and_no_pointer)
{
	uint64_t flag = SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP;
	int expected = kernel_is_at_least(6, 6) ? 0 : -1;

	start_target(0);
	cr_expect_eq(ioctl(scene->listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, flag), expected, "%s",
		     strerror(errno));
	cr_expect(expected == 0 || errno == EINVAL);
	cr_expect_eq(ioctl(scene->listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, &flag), -1);
	cr_expect_eq(errno, EINVAL);
	reply(scene->listener, receive(scene->listener).id, 0, 0);
	cr_expect_eq(child_end(target), 0);
	close_scene();
}

Test(seccomp, a_reply_is_the_result)
{
	start_target(0);
	struct seccomp_notif notification = receive(scene->listener);

	cr_expect_eq(notification.data.nr, SYS_getppid);
	cr_expect_eq(notification.pid, (uint32_t)scene->tid);
	cr_expect_eq(ioctl(scene->listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &notification.id), 0);
	cr_expect_eq(reply(scene->listener, notification.id, 4711, 0), 0);
	cr_expect_eq(child_end(target), 0);
	cr_expect_eq(scene->result, 4711);
	close_scene();
}

Test(seccomp, continue_goes_without_a_value)
{
	start_target(0);
	uint64_t id = receive(scene->listener).id;

	cr_expect_eq(reply(scene->listener, id, 1, SECCOMP_USER_NOTIF_FLAG_CONTINUE), -EINVAL);
	cr_expect_eq(reply(scene->listener, id, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE), 0);
	cr_expect_eq(child_end(target), 0);
	cr_expect_eq(scene->result, getpid());
	close_scene();
}

Test(seccomp, a_second_reply_finds_no_target)
{
	start_target(0);
	uint64_t id = receive(scene->listener).id;

	cr_expect_eq(reply(scene->listener, id, 1, 0), 0);
	cr_expect_eq(child_end(target), 0);
	cr_expect_eq(reply(scene->listener, id, 2, 0), -ENOENT);
	cr_expect_eq(scene->result, 1);
	close_scene();
}

Test(seccomp, the_id_of_a_target_that_is_gone_is_not_valid)
{
	start_target(SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV);
	uint64_t id = receive(scene->listener).id;

	kill(target, SIGKILL);
	cr_expect_eq(child_end(target), 128 + SIGKILL);
	cr_expect_eq(ioctl(scene->listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id), -1);
	cr_expect_eq(errno, ENOENT);
	cr_expect_eq(reply(scene->listener, id, 1, 0), -ENOENT);
	close_scene();
}

/* With WAIT_KILLABLE_RECV a call that has been received stays one and the same. */
Test(seccomp, a_signal_does_not_abort_a_call_that_is_being_worked_on)
{
	start_target(SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV);
	uint64_t id = receive(scene->listener).id;

	kill(target, SIGUSR1);
	cr_expect_eq(ioctl(scene->listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id), 0);
	cr_expect_eq(reply(scene->listener, id, 4711, 0), 0);
	cr_expect_eq(child_end(target), 0);
	cr_expect_eq(scene->result, 4711);
	cr_expect_eq(scene->signals, 1);
	close_scene();
}

/* Without it the call comes again. */
Test(seccomp, without_the_flag_a_signal_does)
{
	start_target(0);
	uint64_t first = receive(scene->listener).id;

	kill(target, SIGUSR1);
	await_target();
	uint64_t second = receive(scene->listener).id;

	cr_expect_neq(first, second);
	cr_expect_eq(reply(scene->listener, first, 1, 0), -ENOENT);
	cr_expect_eq(reply(scene->listener, second, 2, 0), 0);
	cr_expect_eq(child_end(target), 0);
	cr_expect_eq(scene->result, 2);
	close_scene();
}

Test(seccomp, without_a_listener_calls_fail)
{
	make_scene();
	scene->is_second = true;
	start_target(0);
	(void)receive(scene->listener);
	close(scene->listener);
	scene->listener = -1;
	cr_expect_eq(child_end(target), 0);
	cr_expect_eq(scene->result, -1);
	cr_expect_eq(scene->error, ENOSYS);
	close_scene();
}

static uint64_t *received_id;

static void receive_and_be_killed(void *argument)
{
	struct seccomp_notif notification = { 0 };

	(void)argument;
	NEED(ioctl(scene->listener, SECCOMP_IOCTL_NOTIF_RECV, &notification) == 0);
	*received_id = notification.id;
	kill(getpid(), SIGKILL);
}

/* Any process that holds the listener and knows the id may answer, not only the one that received. */
Test(seccomp, another_holder_of_the_listener_answers)
{
	received_id = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	cr_assert(received_id != MAP_FAILED);
	start_target(0);
	cr_expect_eq(child_end(child_start(receive_and_be_killed, NULL, 0)), 128 + SIGKILL);
	cr_expect_eq(reply(scene->listener, *received_id, 4711, 0), 0);
	cr_expect_eq(child_end(target), 0);
	cr_expect_eq(scene->result, 4711);
	close_scene();
}

static void do_nothing(int number)
{
	(void)number;
}

/* A signal that comes again and again ends every wait, when one has begun. */
static void limit_waits(void)
{
	const struct sigaction action = { .sa_handler = do_nothing };
	const struct itimerval often = { { 0, 50000 }, { 0, 50000 } };

	cr_assert(sigaction(SIGALRM, &action, NULL) == 0 &&
		  setitimer(ITIMER_REAL, &often, NULL) == 0);
}

/* Who receives notices by poll(2) in each version; RECV itself tells since Linux 6.11, and waits before. */
Test(seccomp, the_end_of_the_last_target_is_noticed)
{
	struct seccomp_notif notification = { 0 };

	start_target(0);
	struct pollfd polled = { .fd = scene->listener };

	reply(scene->listener, receive(scene->listener).id, 0, 0);
	cr_expect_eq(child_end(target), 0);
	cr_expect_eq(poll(&polled, 1, PATIENCE), 1);
	cr_expect(polled.revents & POLLHUP);
	limit_waits();
	cr_expect_eq(ioctl(scene->listener, SECCOMP_IOCTL_NOTIF_RECV, &notification), -1);
	cr_expect_eq(errno, kernel_is_at_least(6, 11) ? ENOENT : EINTR, "%s", strerror(errno));
	close_scene();
}

static void install_twice(void *argument)
{
	(void)argument;
	NEED(install_filter(SECCOMP_FILTER_FLAG_NEW_LISTENER) >= 0);
	NEED_ERROR(EBUSY, install_filter(SECCOMP_FILTER_FLAG_NEW_LISTENER));
}

Test(seccomp, there_is_one_listener_at_most)
{
	child_run(install_twice, NULL);
}

static void *call_by_thread(void *argument)
{
	(void)argument;
	scene->tid = (pid_t)syscall(SYS_gettid);
	scene->result = syscall(SYS_getppid);
	return NULL;
}

static void be_threaded_target(void *argument)
{
	pthread_t thread;

	(void)argument;
	scene->listener = (int)install_filter(SECCOMP_FILTER_FLAG_NEW_LISTENER);
	wake(to_test[1]);
	pthread_create(&thread, NULL, call_by_thread, NULL);
	pthread_join(thread, NULL);
	_exit(scene->listener < 0);
}

Test(seccomp, a_notification_names_the_thread)
{
	make_scene();
	target = child_start(be_threaded_target, NULL, CLONE_FILES);
	await_target();
	struct seccomp_notif notification = receive(scene->listener);

	cr_expect_eq(notification.pid, (uint32_t)scene->tid);
	cr_expect_neq(notification.pid, (uint32_t)target);
	reply(scene->listener, notification.id, 0, 0);
	cr_expect_eq(child_end(target), 0);
	close_scene();
}
