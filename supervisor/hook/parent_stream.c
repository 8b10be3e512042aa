/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The descriptor itself is taken, by pidfd_getfd(2), and not what /proc/PID/fd/2 leads to: so that a file which the
 * parent writes into has one offset for both. The kernel grants that to who may trace the parent.
 */
#include "hook/parent_stream.h"

#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/fd.h"

/* Milliseconds. */
#define PATIENCE 1000

bool parent_stream_is_needed(void)
{
	struct stat status;

	if (fstat(STDERR_FILENO, &status) < 0)
		return true;
	return S_ISCHR(status.st_mode) && status.st_rdev == makedev(1, 3);
}

static int open_stream(void)
{
	pid_t parent = getppid();
	_cleanup_fd_ int pidfd = (int)syscall(SYS_pidfd_open, parent, 0);

	/* As long as it is our parent, no other process has its number. */
	if (pidfd < 0 || getppid() != parent)
		return -1;
	return (int)syscall(SYS_pidfd_getfd, pidfd, STDERR_FILENO, 0);
}

static void interrupt(int number)
{
	(void)number;
}

/*
 * The descriptor's flags are the parent's, too, so that the write may block, on a terminal with less room than the
 * line needs for instance: a signal ends it, again and again until it is there.
 */
static void write_in_time(int fd, const char *line, size_t length)
{
	const struct itimerval patience = { { .tv_usec = PATIENCE * 1000 / 2 },
					    { .tv_usec = PATIENCE * 1000 / 2 } };
	const struct itimerval none = { 0 };
	const struct sigaction action = { .sa_handler = interrupt };
	struct sigaction before;
	sigset_t alarms;

	sigemptyset(&alarms);
	sigaddset(&alarms, SIGALRM);
	if (sigaction(SIGALRM, &action, &before) < 0 ||
	    sigprocmask(SIG_UNBLOCK, &alarms, NULL) < 0 ||
	    setitimer(ITIMER_REAL, &patience, NULL) < 0)
		return;
	ssize_t written = write(fd, line, length);

	(void)written;
	(void)setitimer(ITIMER_REAL, &none, NULL);
	(void)sigaction(SIGALRM, &before, NULL);
}

/* Where no process reads any more there is POLLERR, and a write would end us by SIGPIPE. */
void parent_stream_write(const char *line)
{
	_cleanup_fd_ int fd = open_stream();
	struct pollfd polled = { .fd = fd, .events = POLLOUT };
	size_t length = strnlen(line, PIPE_BUF);

	if (fd < 0 || poll(&polled, 1, PATIENCE) != 1 || polled.revents != POLLOUT)
		return;
	write_in_time(fd, line, length);
}
