/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The floor: what the notification itself costs. A supervisor that receives each attribute call of
 * COMMAND and answers 0, without looking at it. No supervisor can be faster; nsxattr is measured as
 * multiples of it.
 *
 *	floor COMMAND [ARGUMENT]...
 *	floor --bare THREADS COMMAND [ARGUMENT]...	it makes the system calls of a request, see lib/bare.h
 *
 * COMMAND takes the place of this process, as under nsxattr run, and the supervisor is its child.
 */
#include <assert.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/bare.h"

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV /* Linux 5.19 */
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif
#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS /* Linux 6.6 */
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP (1UL << 0)
#endif

#define LISTENER_FLAGS (SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV)

/* The twelve old calls are neighbours on x86-64 and on aarch64. */
static_assert(SYS_fremovexattr - SYS_setxattr == 11, "the attribute calls are not neighbours");

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

/* The architecture is not looked at: COMMAND is ours, and built as this program is. */
static int install_filter(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, SYS_setxattr, 0, 2),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, SYS_fremovexattr, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(filter) / sizeof(filter[0]), filter };
	long listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, LISTENER_FLAGS, &program);

	if (listener < 0)
		fail("cannot install the filter (it needs root)");
	return (int)listener;
}

/* It ends with its target, whose death signal it has asked for. */
static _Noreturn void answer(int listener)
{
	for (;;) {
		struct seccomp_notif notification = { 0 };

		if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &notification) < 0)
			continue;
		struct seccomp_notif_resp response = { .id = notification.id };

		(void)ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
	}
}

/* The child takes the listener by its number, which comes through @channel, and says when it has. */
static _Noreturn void supervise(int target, int channel, unsigned int threads)
{
	int number;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != target)
		exit(EXIT_FAILURE);
	if (read(channel, &number, sizeof(number)) != sizeof(number))
		exit(EXIT_FAILURE);
	int pidfd = (int)syscall(SYS_pidfd_open, target, 0);
	int listener = (int)syscall(SYS_pidfd_getfd, pidfd, number, 0);

	if (listener < 0)
		fail("cannot take the listener");
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP) < 0)
		fprintf(stderr, "floor: no SYNC_WAKE_UP (Linux 6.6): %s\n", strerror(errno));
	/* What a driver waits for the end of is not held open here. */
	close(STDIN_FILENO);
	close(STDOUT_FILENO);
	if (write(channel, &number, sizeof(number)) != sizeof(number))
		exit(EXIT_FAILURE);
	if (threads > 0)
		bare_serve(listener, threads);
	answer(listener);
}

/* execve(2) closes the listener here: the child must have it by then. */
static void hand_over(int listener, int channel)
{
	int taken;

	if (write(channel, &listener, sizeof(listener)) != sizeof(listener) ||
	    read(channel, &taken, sizeof(taken)) != sizeof(taken)) {
		fprintf(stderr, "floor: the supervisor did not take the listener\n");
		exit(EXIT_FAILURE);
	}
}

int main(int argc, char **argv)
{
	int channel[2];
	pid_t target = getpid();

	unsigned int threads = 0;

	if (argc > 3 && strcmp(argv[1], "--bare") == 0) {
		threads = (unsigned int)strtoul(argv[2], NULL, 10);
		argv += 2;
		argc -= 2;
	}
	if (argc < 2) {
		fprintf(stderr, "usage: floor [--bare THREADS] COMMAND [ARGUMENT]...\n");
		return 2;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel) < 0)
		fail("socketpair");
	pid_t pid = fork();

	if (pid < 0)
		fail("fork");
	if (pid == 0)
		supervise(target, channel[1], threads);
	close(channel[1]);
	hand_over(install_filter(), channel[0]);
	execvp(argv[1], argv + 1);
	fail(argv[1]);
}
