/* SPDX-License-Identifier: Apache-2.0 */
#include "base/peer.h"

#include <errno.h>
#include <linux/capability.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"

#ifndef SO_PEERPIDFD /* Linux 6.5 */
#define SO_PEERPIDFD 77
#endif

static int open_peer(int connection, pid_t pid)
{
	int fd;
	socklen_t length = sizeof(fd);

	if (getsockopt(connection, SOL_SOCKET, SO_PEERPIDFD, &fd, &length) < 0) {
		if (errno != ENOPROTOOPT)
			return -errno;
		fd = (int)syscall(SYS_pidfd_open, pid, 0);
	}
	return fd < 0 ? -errno : fd;
}

static int look_at_userns(int procfs, pid_t pid)
{
	struct stat ours, its;
	char path[32];

	snprintf(path, sizeof(path), "%d/ns/user", pid);
	if (fstatat(procfs, "self/ns/user", &ours, 0) < 0 || fstatat(procfs, path, &its, 0) < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	return ours.st_dev == its.st_dev && ours.st_ino == its.st_ino ? 0 : -EPERM;
}

static int look_at_capabilities(pid_t pid)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3,
						   .pid = pid };
	struct __user_cap_data_struct sets[2];

	if (syscall(SYS_capget, &header, sets) < 0)
		return -errno;
	return sets[CAP_TO_INDEX(CAP_SYS_ADMIN)].effective & CAP_TO_MASK(CAP_SYS_ADMIN) ? 0 :
											  -EPERM;
}

/* What is read by the number is the peer's if the peer is still there afterwards. */
static int look_at(int connection, int procfs, pid_t pid, bool at_capabilities)
{
	/* a process of a pid namespace that is not below ours */
	if (pid <= 0)
		return -EPERM;
	_cleanup_fd_ int pidfd = open_peer(connection, pid);

	if (pidfd < 0)
		return pidfd;
	struct pollfd polled = { .fd = pidfd, .events = POLLIN };
	int r = look_at_userns(procfs, pid);

	if (r == 0 && at_capabilities)
		r = look_at_capabilities(pid);
	return poll(&polled, 1, 0) != 0 ? -ESRCH : r;
}

int peer_check_userns(int connection, int procfs, pid_t pid)
{
	return look_at(connection, procfs, pid, false);
}

int peer_check_administrator(int connection, int procfs, pid_t pid)
{
	return look_at(connection, procfs, pid, true);
}
