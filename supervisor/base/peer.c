/* SPDX-License-Identifier: Apache-2.0 */
#include "base/peer.h"

#include <errno.h>
#include <linux/capability.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/proc.h"

#ifndef SO_PEERPIDFD /* Linux 6.5 */
#define SO_PEERPIDFD 77
#endif

/* Room for a process's status as far as its capabilities. */
#define STATUS_SIZE 4096

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

static bool has_ended(int pidfd)
{
	struct pollfd polled = { .fd = pidfd, .events = POLLIN };

	return poll(&polled, 1, 0) != 0;
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

static int look_at_capabilities(int procfs, pid_t pid)
{
	static const char label[] = "\nCapEff:";
	char path[32], text[STATUS_SIZE];

	snprintf(path, sizeof(path), "%d/status", pid);
	ssize_t length = proc_read(procfs, path, text, sizeof(text));

	if (length < 0)
		return length == -ENOENT ? -ESRCH : (int)length;
	const char *at = strstr(text, label);
	uint64_t effective = at ? strtoull(at + strlen(label), NULL, 16) : 0;

	return effective & (1ULL << CAP_SYS_ADMIN) ? 0 : -EPERM;
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
	int r = look_at_userns(procfs, pid);

	if (r == 0 && at_capabilities)
		r = look_at_capabilities(procfs, pid);
	return has_ended(pidfd) ? -ESRCH : r;
}

int peer_check_userns(int connection, int procfs, pid_t pid)
{
	return look_at(connection, procfs, pid, false);
}

int peer_check_administrator(int connection, int procfs, pid_t pid)
{
	return look_at(connection, procfs, pid, true);
}
