/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * Our descriptors are not all ours: among them are files of targets and of peers, some of FUSE file systems of theirs.
 * Each close(2) of a copy of one waits for an answer of its server, which may never come (base/closer.h). So a brief
 * child has no copies: it shares our descriptors, as it shares our memory. Those that stay are made by a process that
 * has none of them (base/forker.c).
 */
#include "base/errand.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"

#define BRIEF_STACK_SIZE (32 * 1024)
/*
 * The thread sanitizer keeps books of what a thread does, in which a child of the same memory would write.
 *
 * And a copy of its locks stays as it was in the child: where another thread of ours held one, as in
 * pthread_create(3), the child would wait for ever in its first call of libc that takes it, as prctl(2) does. So
 * these tell it of the fork, as it does itself in its own fork(3). In the child the second is left out: in
 * the state between, it watches nothing, takes no lock, and does not start the thread that it has in each child, with
 * which no user namespace can be entered.
 */
#ifdef __SANITIZE_THREAD__
#define HAS_OWN_VIEW_OF_MEMORY true
void __sanitizer_syscall_pre_impl_fork(void);
void __sanitizer_syscall_post_impl_fork(long pid);
#else
#define HAS_OWN_VIEW_OF_MEMORY false
#define __sanitizer_syscall_pre_impl_fork() ((void)0)
#define __sanitizer_syscall_post_impl_fork(pid) ((void)(pid))
#endif
/* The address sanitizer marks the frames of functions; a child that is killed leaves its marks in our memory. */
#ifdef __SANITIZE_ADDRESS__
void __asan_unpoison_memory_region(const volatile void *start, size_t size);
#else
#define __asan_unpoison_memory_region(start, size) ((void)0)
#endif
/* How long a child may take to end once its channel is closed, or it is killed. */
#define ERRAND_FAREWELL_MS 100

/* What a child is told. */
struct brief_child {
	errand_body *body;
	void *argument;
	int channel;
};

static void run_child(const struct brief_child *child)
{
	prctl(PR_SET_NAME, "nsxattr-errand");
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	child->body(child->channel, child->argument);
	_exit(0);
}

/*
 * A child that is stopped from inside the namespace would have us sleep for as long: so it sees to it that
 * it is killed in time. By the system calls, for glibc's would allocate.
 */
static int run_brief_child(void *place)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGKILL };
	const struct itimerspec deadline = { .it_value.tv_sec = ERRAND_DEADLINE_MS / 1000 };
	int timer;

	if (syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &timer) == 0 &&
	    syscall(SYS_timer_settime, timer, 0, &deadline, NULL) == 0)
		run_child(place);
	return 1;
}

/* By the system call, which glibc 2.36 does not wrap; the child calls nothing that needs the state of other threads. */
pid_t errand_fork(unsigned long flags, int *ret_pidfd)
{
	__sanitizer_syscall_pre_impl_fork();
	long pid = syscall(SYS_clone, flags | CLONE_PIDFD | SIGCHLD, NULL, ret_pidfd, NULL, NULL);

	if (pid != 0)
		__sanitizer_syscall_post_impl_fork(pid);
	return (pid_t)pid;
}

/* As vfork(2), on a stack of its own. */
static pid_t start_child(struct brief_child *child, int *ret_pidfd)
{
	_Alignas(16) char stack[BRIEF_STACK_SIZE];

	pid_t pid = clone(run_brief_child, stack + sizeof(stack),
			  CLONE_VM | CLONE_VFORK | CLONE_FILES | CLONE_PIDFD | SIGCHLD, child,
			  ret_pidfd);

	__asan_unpoison_memory_region(stack, sizeof(stack));
	return pid;
}

/* Our descriptors are the child's, too, so we sleep until it has ended here as well. */
static pid_t start_watched_child(struct brief_child *child, int *ret_pidfd)
{
	pid_t pid = errand_fork(CLONE_FILES | CLONE_VFORK, ret_pidfd);

	if (pid == 0)
		_exit(run_brief_child(child));
	return pid;
}

int errand_start_brief(errand_body *body, void *argument, struct errand *ret_errand)
{
	struct errand errand = { .pidfd = -1, .channel = -1 };
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	struct brief_child child = { body, argument, pair[1] };

	errand.pid = HAS_OWN_VIEW_OF_MEMORY ? start_watched_child(&child, &errand.pidfd) :
					      start_child(&child, &errand.pidfd);
	int error = errno;

	errand.channel = pair[0];
	close(pair[1]);
	if (errand.pid < 0) {
		fd_close(&errand.channel);
		return -error;
	}
	*ret_errand = errand;
	return 0;
}

/* A signal does not prolong the wait. Return: 0: the descriptor has become readable; -ETIMEDOUT; -errno of poll(2). */
static int await_readable(int fd, unsigned int milliseconds)
{
	const uint64_t end = clock_milliseconds() + milliseconds;
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };
	uint64_t now = end - milliseconds;
	int r;

	do {
		r = poll(&pollfd, 1, (int)(end - now));
		now = clock_milliseconds();
	} while (r < 0 && errno == EINTR && now < end);
	if (r < 0 && errno != EINTR)
		return -errno;
	return r > 0 ? 0 : -ETIMEDOUT;
}

int errand_wait_readable(const struct errand *errand)
{
	return await_readable(errand->channel, ERRAND_DEADLINE_MS);
}

int errand_receive(const struct errand *errand, void *buffer, size_t length)
{
	int r = errand_wait_readable(errand);

	if (r < 0)
		return r;
	ssize_t received = recv(errand->channel, buffer, length, MSG_TRUNC);

	if (received <= 0)
		return -EPIPE;
	return (size_t)received == length ? 0 : -EPROTO;
}

bool errand_has_ended(const struct errand *errand, unsigned int milliseconds)
{
	return errand->pidfd >= 0 && await_readable(errand->pidfd, milliseconds) == 0;
}

/* Nothing here waits for long: a child can be stopped from inside the namespace. */
bool errand_stop(struct errand *errand)
{
	if (errand->channel < 0)
		return errand_has_ended(errand, 0);
	fd_close(&errand->channel);
	if (errand_has_ended(errand, ERRAND_FAREWELL_MS))
		return true;
	syscall(SYS_pidfd_send_signal, errand->pidfd, SIGKILL, NULL, 0);
	return errand_has_ended(errand, ERRAND_FAREWELL_MS);
}

/*
 * One that is stuck in a file system does not even die at once. Such a one is reaped by the kernel when it
 * does, if the process ignores SIGCHLD.
 */
void errand_end(struct errand *errand)
{
	if (errand->pid <= 0)
		return;
	(void)errand_stop(errand);
	waitpid(errand->pid, NULL, WNOHANG);
	fd_close(&errand->pidfd);
	errand->pid = 0;
}
