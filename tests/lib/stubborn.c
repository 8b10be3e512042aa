/* SPDX-License-Identifier: Apache-2.0 */
#include "stubborn.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/passing.h"
#include "fork_alone.h"

#define TEN_MINUTES 600

static bool listen_anywhere(int listening, struct sockaddr_in *ret_address)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof(address);

	if (listening < 0 ||
	    bind(listening, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(listening, 1) < 0 ||
	    getsockname(listening, (struct sockaddr *)&address, &length) < 0)
		return false;
	*ret_address = address;
	return true;
}

static bool fill(int fd)
{
	static const char data[4096];
	const struct linger linger = { .l_onoff = 1, .l_linger = TEN_MINUTES };

	while (send(fd, data, sizeof(data), MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
		;
	return errno == EAGAIN &&
	       setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)) == 0;
}

int stubborn_socket_new(struct stubborn_socket *ret_socket)
{
	int listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct stubborn_socket made = { socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), -1 };
	struct sockaddr_in address;

	if (listen_anywhere(listening, &address) &&
	    connect(made.fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		made.other = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
	int error = made.other >= 0 && fill(made.fd) ? 0 : errno;

	close(listening);
	if (error)
		return -error;
	*ret_socket = made;
	return 0;
}

static void be_interrupted(int number)
{
	(void)number;
}

/* If it is the last one, the wait is for us: a signal ends it. */
void stubborn_socket_close(struct stubborn_socket *socket)
{
	const struct itimerval often = { .it_interval.tv_usec = 10000, .it_value.tv_usec = 10000 };
	const struct sigaction action = { .sa_handler = be_interrupted };

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	close(socket->fd);
	setitimer(ITIMER_REAL, &(struct itimerval){ 0 }, NULL);
}

/* ---- a file ---- */

/* In the mount namespace of the server there is no other use for it. */
#define MOUNTED "/etc/passwd"

static bool write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool is_written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	close(fd);
	return is_written;
}

/* The ids stay what they are, so that no process passes for another. */
static bool enter_namespaces(void)
{
	char uids[64], gids[64];

	snprintf(uids, sizeof(uids), "%u %u 1", geteuid(), geteuid());
	snprintf(gids, sizeof(gids), "%u %u 1", getegid(), getegid());
	return unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 &&
	       write_text("/proc/self/setgroups", "deny") &&
	       write_text("/proc/self/uid_map", uids) && write_text("/proc/self/gid_map", gids);
}

/* Its root is the file. Return: the server's end; -1. */
static int mount_file(void)
{
	int device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	char options[100];

	snprintf(options, sizeof(options), "fd=%d,rootmode=100000,user_id=%u,group_id=%u", device,
		 geteuid(), getegid());
	return device >= 0 && mount("none", MOUNTED, "fuse", 0, options) == 0 ? device : -1;
}

/** struct fuse_server - who it is stubborn to */
struct fuse_server {
	int device;
	int flushes;
	pid_t maker; /* to all but these two */
	pid_t opener;
};

static size_t fill_answer(const struct fuse_in_header *request, void *body)
{
	struct fuse_init_out *init = body;
	struct fuse_attr_out *attributes = body;

	switch (request->opcode) {
	case FUSE_INIT:
		*init = (struct fuse_init_out){ .major = FUSE_KERNEL_VERSION,
						.minor = FUSE_KERNEL_MINOR_VERSION,
						.max_write = 4096 };
		return sizeof(*init);
	case FUSE_GETATTR:
		*attributes = (struct fuse_attr_out){ .attr = { .ino = 1,
								.mode = S_IFREG | 0666,
								.nlink = 1,
								.uid = geteuid(),
								.gid = getegid() } };
		return sizeof(*attributes);
	case FUSE_OPEN:
		return sizeof(struct fuse_open_out);
	default:
		return 0;
	}
}

static bool is_stubborn_about(const struct fuse_server *server,
			      const struct fuse_in_header *request)
{
	return request->opcode == FUSE_FLUSH && request->pid != (uint32_t)server->maker &&
	       request->pid != (uint32_t)server->opener;
}

static void answer(const struct fuse_server *server, const struct fuse_in_header *request)
{
	struct {
		struct fuse_out_header header;
		_Alignas(8) char body[256];
	} out = { .header.unique = request->unique };

	if (is_stubborn_about(server, request)) {
		(void)!write(server->flushes, "", 1);
		return;
	}
	if (request->opcode == FUSE_FORGET || request->opcode == FUSE_INTERRUPT)
		return;
	out.header.len = (uint32_t)(sizeof(out.header) + fill_answer(request, out.body));
	(void)!write(server->device, &out, out.header.len);
}

/* Without the server's end: else the file system would outlive its server, and wait for it at our own exit. */
static void send_file(int channel, int device)
{
	const struct iovec piece = { (char *)"file", 4 };
	int fd = open(MOUNTED, O_RDONLY | O_CLOEXEC);

	close(device);

	_exit(fd >= 0 && passing_send(channel, &piece, 1, &fd, 1) == 4 ? 0 : 1);
}

static void serve(int channel, int flushes, pid_t maker)
{
	static _Alignas(8) char request[2 * FUSE_MIN_READ_BUFFER];
	struct fuse_server server = { .flushes = flushes, .maker = maker };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!enter_namespaces())
		_exit(1);
	server.device = mount_file();
	server.opener = server.device >= 0 ? fork() : -1;
	if (server.opener == 0)
		send_file(channel, server.device);
	close(channel);
	while (server.opener > 0 && read(server.device, request, sizeof(request)) > 0)
		answer(&server, (const struct fuse_in_header *)request);
	_exit(1);
}

/* Return: 0; -errno. */
static int receive_file(int channel, int *ret_fd)
{
	char text[4];
	const struct iovec piece = { text, sizeof(text) };
	struct passed passed;
	ssize_t length = passing_receive(channel, &piece, 1, 0, &passed);

	*ret_fd = length > 0 && passed.count == 1 ? passed.fds[0] : -1;
	return *ret_fd >= 0 ? 0 : -EIO;
}

int stubborn_file_new(struct stubborn_file *ret_file)
{
	int channel[2] = { -1, -1 }, flushes[2] = { -1, -1 };
	pid_t maker = getpid();

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel) < 0 ||
	    pipe2(flushes, O_CLOEXEC) < 0)
		return -errno;
	struct stubborn_file made = { -1, flushes[0], fork_alone() };

	if (made.server == 0)
		serve(channel[1], flushes[1], maker);
	close(channel[1]);
	close(flushes[1]);
	int r = made.server < 0 ? -errno : receive_file(channel[0], &made.fd);

	close(channel[0]);
	if (r == 0)
		*ret_file = made;
	else
		close(flushes[0]);
	return r;
}

void stubborn_file_relent(struct stubborn_file *file)
{
	kill(file->server, SIGKILL);
	waitpid(file->server, NULL, 0);
	close(file->flushes);
	close(file->fd);
}
