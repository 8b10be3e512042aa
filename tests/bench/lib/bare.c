/* SPDX-License-Identifier: Apache-2.0 */
#include "bare.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#define RING_ENTRIES 8
#define TEXT_SIZE 128
#define VALUE_MAX 1024

/** struct server - one thread */
struct server {
	struct io_uring ring;
	int listener;
	int root;
	char path[TEXT_SIZE];
	char name[TEXT_SIZE];
	char value[VALUE_MAX];
};

/* Text near the end of a page may come short. */
static bool read_arguments(struct server *server, const struct seccomp_notif *notification)
{
	const __u64 *arguments = notification->data.args;
	const struct iovec local[] = { { server->path, TEXT_SIZE },
				       { server->name, TEXT_SIZE },
				       { server->value, arguments[3] } };
	const struct iovec remote[] = { { (void *)(uintptr_t)arguments[0], TEXT_SIZE },
					{ (void *)(uintptr_t)arguments[1], TEXT_SIZE },
					{ (void *)(uintptr_t)arguments[2], arguments[3] } };
	unsigned int pieces = notification->data.nr == SYS_setxattr ? 3 : 2;

	return arguments[3] <= VALUE_MAX &&
	       process_vm_readv((pid_t)notification->pid, local, pieces, remote, pieces, 0) > 0;
}

static int open_path(struct server *server)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT };
	struct io_uring_sqe *sqe = io_uring_get_sqe(&server->ring);
	struct io_uring_cqe *cqe;

	io_uring_prep_openat2(sqe, server->root, server->path, &how);
	if (io_uring_submit_and_wait(&server->ring, 1) != 1 ||
	    io_uring_wait_cqe(&server->ring, &cqe) < 0)
		return -EIO;
	int fd = cqe->res;

	io_uring_cqe_seen(&server->ring, cqe);
	return fd;
}

static bool still_waits(const struct server *server, const struct seccomp_notif *notification)
{
	__u64 id = notification->id;

	return ioctl(server->listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

static ssize_t call(struct server *server, const struct seccomp_notif *notification, int fd)
{
	const __u64 *arguments = notification->data.args;
	char path[32];
	ssize_t r;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (notification->data.nr == SYS_setxattr) {
		r = setxattr(path, server->name, server->value, arguments[3], (int)arguments[4]);
		return r < 0 ? -errno : 0;
	}
	r = getxattr(path, server->name, server->value, arguments[3]);
	if (r < 0)
		return -errno;
	const struct iovec local = { server->value, (size_t)r };
	const struct iovec remote = { (void *)(uintptr_t)arguments[2], (size_t)r };

	return process_vm_writev((pid_t)notification->pid, &local, 1, &remote, 1, 0) == r ? r :
											    -EFAULT;
}

/* The first call stands for whatever tells who the target is. */
static ssize_t walk(struct server *server, const struct seccomp_notif *notification)
{
	struct statfs status;

	(void)syscall(SYS_getppid);
	if (!read_arguments(server, notification))
		return -EFAULT;
	int fd = open_path(server);

	if (fd < 0)
		return fd;
	ssize_t r = fstatfs(fd, &status) == 0 && still_waits(server, notification) ?
			    call(server, notification, fd) :
			    -EIO;

	close(fd);
	return r;
}

static void *serve(void *place)
{
	struct server *server = place;

	for (;;) {
		struct seccomp_notif notification = { 0 };

		if (ioctl(server->listener, SECCOMP_IOCTL_NOTIF_RECV, &notification) < 0)
			continue;
		int number = notification.data.nr;
		ssize_t r = number == SYS_getxattr || number == SYS_setxattr ?
				    walk(server, &notification) :
				    0;
		struct seccomp_notif_resp response = { .id = notification.id,
						       .val = r < 0 ? 0 : r,
						       .error = r < 0 ? (int)r : 0 };

		(void)ioctl(server->listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
	}
	return NULL;
}

static struct server *server_new(int listener)
{
	struct server *server = calloc(1, sizeof(*server));

	if (!server)
		err(EXIT_FAILURE, "bare");
	server->listener = listener;
	server->root = open("/", O_PATH | O_CLOEXEC);
	int r = io_uring_queue_init(RING_ENTRIES, &server->ring, 0);

	if (server->root < 0 || r < 0)
		errx(EXIT_FAILURE, "bare: cannot begin");
	return server;
}

_Noreturn void bare_serve(int listener, unsigned int threads)
{
	pthread_t thread;

	while (threads-- > 1)
		if (pthread_create(&thread, NULL, serve, server_new(listener)) != 0)
			errx(EXIT_FAILURE, "bare: cannot start a thread");
	serve(server_new(listener));
	abort();
}
