/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/lxc_init.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "attach/lxc_message.h"
#include "base/fd.h"
#include "base/passing.h"
#include "base/unix_socket.h"
#include "request/notify.h"

/* Milliseconds between two looks at whether the init was executed. */
#define PAUSE 10

/* ---- what is opened ---- */

static void close_directory(DIR **directory)
{
	if (*directory)
		closedir(*directory);
}

/* Return: its number there; -ENOENT: it has none. */
static int find_listener(int process)
{
	int fd = openat(process, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	__attribute__((cleanup(close_directory))) DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	char target[64];

	while (directory && (entry = readdir(directory))) {
		ssize_t length = readlinkat(fd, entry->d_name, target, sizeof(target) - 1);

		target[length > 0 ? length : 0] = '\0';
		if (strcmp(target, "anon_inode:seccomp notify") == 0)
			return (int)strtol(entry->d_name, NULL, 10);
	}
	return directory ? -ENOENT : -errno;
}

static int open_process(struct lxc_init *init)
{
	char path[sizeof("/proc/2147483647")];

	snprintf(path, sizeof(path), "/proc/%d", (int)init->pid);
	init->pidfd = (int)syscall(SYS_pidfd_open, init->pid, 0);
	init->process = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return init->pidfd < 0 || init->process < 0 ? -errno : 0;
}

int lxc_init_open(struct lxc_init *init)
{
	int r = open_process(init);

	if (r < 0)
		return r;
	int number = find_listener(init->process);

	if (number < 0)
		return number == -ENOENT ? LXC_INIT_FREE : number;
	init->listener = (int)syscall(SYS_pidfd_getfd, init->pidfd, number, 0);
	if (init->listener < 0)
		return -errno;
	init->connection = unix_socket_connect(init->socket, SOCK_SEQPACKET);
	return init->connection < 0 ? init->connection : LXC_INIT_OPENED;
}

/* ---- one call ---- */

/* Return: whether there is something to receive; false: the init, or nsxattrd, has ended. */
static bool await_reply(const struct lxc_init *init)
{
	struct pollfd polled[] = { { .fd = init->connection, .events = POLLIN },
				   { .fd = init->pidfd, .events = POLLIN } };

	while (poll(polled, 2, -1) < 0)
		if (errno != EINTR)
			return false;
	return polled[0].revents & POLLIN;
}

static bool send_request(const struct lxc_init *init, const struct lxc_message *message,
			 const struct seccomp_notif_sizes *kernels)
{
	_cleanup_fd_ int memory = openat(init->process, "mem", O_RDWR | O_CLOEXEC);
	const int fds[LXC_DESCRIPTOR_COUNT] = { init->process, memory, init->listener };
	unsigned char packet[LXC_PACKET_MAX];
	const struct iovec piece = { packet, lxc_message_write(message, kernels, packet) };

	return memory >= 0 && passing_send(init->connection, &piece, 1, fds,
					   LXC_DESCRIPTOR_COUNT) == (ssize_t)piece.iov_len;
}

/* Return: what nsxattrd says; without it, as LXC's monitor answers what it cannot pass on. */
static struct outcome ask(const struct lxc_init *init, const struct seccomp_notif *notification)
{
	struct lxc_message message = { .notification = *notification,
				       .monitor = getppid(),
				       .init = init->pid };
	struct outcome outcome = outcome_refused(ENOSYS, REASON_NO_WORKER);
	struct seccomp_notif_sizes kernels;
	unsigned char reply[LXC_FIXED_SIZE + 1];

	snprintf(message.cookie, sizeof(message.cookie), "%s", init->cookie);
	if (notify_sizes(&kernels) < 0 || !send_request(init, &message, &kernels) ||
	    !await_reply(init))
		return outcome;
	ssize_t length = recv(init->connection, reply, sizeof(reply), MSG_DONTWAIT);

	if (length > 0)
		(void)lxc_message_reply(&message, &kernels, reply, (size_t)length, &outcome);
	return outcome;
}

static void pass_on(const struct lxc_init *init)
{
	struct seccomp_notif notification = { 0 };

	if (notify_receive(init->listener, &notification) != NOTIFY_RECEIVED)
		return;
	const struct outcome outcome = ask(init, &notification);

	(void)notify_answer(init->listener, notification.id, &outcome);
}

/* ---- its life ---- */

/* Another program has another inode. */
static bool is_executed(const struct lxc_init *init, const struct stat *before)
{
	struct stat now;

	return fstatat(init->process, "exe", &now, 0) == 0 &&
	       (now.st_ino != before->st_ino || now.st_dev != before->st_dev);
}

/* What is pending before the exec holds that up: so what is received then is not taken from the monitor. */
void lxc_init_serve(const struct lxc_init *init)
{
	struct pollfd polled[] = { { .fd = init->listener, .events = POLLIN },
				   { .fd = init->pidfd, .events = POLLIN } };
	struct stat before;

	if (fstatat(init->process, "exe", &before, 0) < 0)
		return;
	for (;;) {
		if (poll(polled, 2, PAUSE) < 0 && errno != EINTR)
			return;
		if (polled[1].revents || is_executed(init, &before))
			return;
		if (polled[0].revents & POLLIN)
			pass_on(init);
	}
}
