/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a plain user does to those who are served beside, for tests/system/hostile-neighbours.sh: at the sockets of
 * nsxattrd, or outside of it altogether.
 *
 *	strangers-driver DIRECTORY	which is the user's. The attacks, which are ordered as hostility.h says; FOLDER is
 *					that of the sockets oci.sock, lxc.sock and control.sock:
 *
 *	leave FOLDER			descriptors whose closing takes for ever are handed over in every way
 *	turned-away FOLDER		the same, by one who has as many connections as a user may have
 *	listeners FOLDER NAME CONTAINERS EACH	so many containers NAME0, NAME1, … with so many listeners each
 *	flood FOLDER CALLERS		connections that say something wrong, from so many processes
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "attach/filter.h"
#include "hanging_fuse.h"
#include "hostility.h"

#define DESCRIPTORS_MAX 253 /* SCM_MAX_FD of the kernel */
/* Seconds that closing a descriptor may take; it ends with the attack in any case. */
#define LINGER 60
/* Each maker and each way to leave what it makes, so often. */
#define ROUNDS 4
#define CONTAINERS_MAX 4
#define LISTENERS_MAX 256
/* More connections than a user may have at a time. */
#define CONNECTIONS 40

static const char state[] =
	"{\"ociVersion\":\"1.0.2\",\"fds\":[\"seccompFd\"],\"pid\":%d,\"metadata\":\"\",\"state\":"
	"{\"ociVersion\":\"1.0.2\",\"id\":\"%s\",\"status\":\"creating\",\"pid\":%d,"
	"\"bundle\":\"/nonexistent\"}}";

/* ---- sockets ---- */

static const struct daemon_socket {
	const char *name;
	int type;
} sockets[] = { { "oci.sock", SOCK_STREAM },
		{ "lxc.sock", SOCK_SEQPACKET },
		{ "control.sock", SOCK_STREAM } };

static struct sockaddr_un address_of(const char *folder, const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s", folder, name) >=
	    (int)sizeof(address.sun_path))
		errx(EXIT_FAILURE, "%s is too long", folder);
	return address;
}

/* Return: a connection; -1: there is no place in the queue. */
static int connect_to(const char *folder, const struct daemon_socket *daemon_socket)
{
	const struct sockaddr_un address = address_of(folder, daemon_socket->name);
	int fd = socket(AF_UNIX, daemon_socket->type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		err(EXIT_FAILURE, "socket");
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	close(fd);
	return -1;
}

static void say_with(int fd, const void *bytes, size_t size, const int *descriptors, size_t count)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE((DESCRIPTORS_MAX + 2) * sizeof(int))] = {
		0
	};
	struct iovec iov = { .iov_base = (void *)(uintptr_t)bytes, .iov_len = size };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (count > 0) {
		message.msg_control = control;
		message.msg_controllen = CMSG_SPACE(count * sizeof(int));
		struct cmsghdr *header = CMSG_FIRSTHDR(&message);

		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(count * sizeof(int));
		memcpy(CMSG_DATA(header), descriptors, count * sizeof(int));
	}
	(void)sendmsg(fd, &message, MSG_NOSIGNAL);
}

/* @ret_said: room for @size bytes, which come along */
static int receive_descriptor(int from, void *ret_said, size_t size)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { .iov_base = ret_said, .iov_len = size };
	struct msghdr message = { .msg_iov = &iov,
				  .msg_iovlen = 1,
				  .msg_control = control,
				  .msg_controllen = sizeof(control) };
	int fd;

	if (recvmsg(from, &message, MSG_CMSG_CLOEXEC) != (ssize_t)size || !CMSG_FIRSTHDR(&message))
		errx(EXIT_FAILURE, "no descriptor has come");
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	return fd;
}

/* ---- what cannot be closed ---- */

static struct {
	int listening; /* of TCP: no process reads from its connections */
	struct sockaddr_in address;
	int flushes; /* each byte into it brings a file from the FUSE server's side */
} left;

static void set_option(int fd, int option, const void *value, socklen_t size)
{
	if (setsockopt(fd, SOL_SOCKET, option, value, size) < 0)
		err(EXIT_FAILURE, "setsockopt");
}

static void listen_at_loopback(void)
{
	static const int small = 4096;
	socklen_t size = sizeof(left.address);

	left.listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	left.address = (struct sockaddr_in){ .sin_family = AF_INET,
					     .sin_addr = { htonl(INADDR_LOOPBACK) } };
	if (left.listening < 0)
		err(EXIT_FAILURE, "socket");
	set_option(left.listening, SO_RCVBUF, &small, sizeof(small));
	if (bind(left.listening, (struct sockaddr *)&left.address, size) < 0 ||
	    listen(left.listening, 1024) < 0 ||
	    getsockname(left.listening, (struct sockaddr *)&left.address, &size) < 0)
		err(EXIT_FAILURE, "the loopback interface");
}

/* A connection that lingers when it is closed, for it has unsent data that no process reads. */
static int make_lingering(void)
{
	static const struct linger linger = { 1, LINGER };
	static const int small = 4096;
	static const char block[4096];
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		err(EXIT_FAILURE, "socket");
	set_option(fd, SO_LINGER, &linger, sizeof(linger));
	set_option(fd, SO_SNDBUF, &small, sizeof(small));
	if (connect(fd, (struct sockaddr *)&left.address, sizeof(left.address)) < 0)
		err(EXIT_FAILURE, "connect");
	while (send(fd, block, sizeof(block), MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
		continue;
	return fd;
}

/* A socket in whose queue is one that lingers: who closes the last one closes both. */
static int make_nested(void)
{
	int ends[2], inner = make_lingering();

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		err(EXIT_FAILURE, "socketpair");
	say_with(ends[0], "x", 1, &inner, 1);
	close(inner);
	close(ends[0]);
	return ends[1];
}

/* Each byte brings one; whose it was does not matter. */
static int make_unflushed(void)
{
	char byte;

	if (write(left.flushes, "x", 1) != 1)
		err(EXIT_FAILURE, "write");
	return receive_descriptor(left.flushes, &byte, 1);
}

static void write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		err(EXIT_FAILURE, "%s", path);
	close(fd);
}

/* @flags: the namespaces, that of users among them */
static void become_root_of(int flags)
{
	char uids[32], gids[32];

	snprintf(uids, sizeof(uids), "0 %u 1", getuid());
	snprintf(gids, sizeof(gids), "0 %u 1", getgid());
	if (unshare(flags) < 0)
		err(EXIT_FAILURE, "unshare");
	write_text("/proc/self/setgroups", "deny");
	write_text("/proc/self/uid_map", uids);
	write_text("/proc/self/gid_map", gids);
}

/* In a namespace of its own, where a user may mount. */
static _Noreturn void open_unflushed(int end)
{
	char byte;

	become_root_of(CLONE_NEWUSER | CLONE_NEWNS);
	fuse_mount("mount", 0);
	if (fork_checked() == 0)
		fuse_serve();
	close(fuse.device);
	while (read(end, &byte, 1) == 1) {
		int fd = open("mount/flush", O_RDONLY | O_CLOEXEC);

		if (fd < 0)
			err(EXIT_FAILURE, "mount/flush");
		say_with(end, "x", 1, &fd, 1);
		/* Not closed: it would be for ever. The receiver's is as bad. */
	}
	_exit(EXIT_FAILURE);
}

static void prepare_to_leave(void)
{
	int ends[2];

	listen_at_loopback();
	if ((mkdir("mount", 0755) < 0 && errno != EEXIST) ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		err(EXIT_FAILURE, "mount");
	if (fork_checked() == 0) {
		close(ends[0]);
		open_unflushed(ends[1]);
	}
	close(ends[1]);
	left.flushes = ends[0];
}

/* ---- ways to leave it ---- */

/* struct seccomp_notify_proxy_msg of LXC; see supervisor/attach/lxc_message.h. */
static const struct packet {
	uint64_t reserved;
	int32_t monitor, init;
	uint16_t sizes[4];
	uint64_t cookie_length;
	struct seccomp_notif notification;
	struct seccomp_notif_resp response;
	char more[8];
} packet = { .monitor = 1,
	     .init = 1,
	     .sizes = { sizeof(struct seccomp_notif), sizeof(struct seccomp_notif_resp),
			sizeof(struct seccomp_data) },
	     .notification = { .id = 1, .pid = 1 },
	     .response = { .id = 1 } };

#define PACKET_SIZE offsetof(struct packet, more)

/** struct leaving - what is said at a socket, and how often the descriptor comes along */
static const struct leaving {
	size_t which;
	const void *said;
	size_t size;
	size_t descriptors;
	bool is_dressed; /* before it come the two that LXC sends with it */
	bool is_kept; /* the connection stays, and there is more to come */
} leavings[] = {
	{ 0, state, sizeof(state) - 1, 1, false, false },
	{ 0, state, sizeof(state) - 1, DESCRIPTORS_MAX, false, false },
	{ 0, state, 20, 1, false, false },
	{ 0, state, 20, 3, false, true },
	{ 0, "nonsense", 8, 1, false, false },
	{ 1, &packet, PACKET_SIZE, 3, false, false },
	{ 1, &packet, PACKET_SIZE, 1, true, false },
	{ 1, &packet, PACKET_SIZE, 2, false, true },
	{ 1, &packet, PACKET_SIZE, DESCRIPTORS_MAX, false, false },
	{ 1, &packet, PACKET_SIZE + 1, 3, false, false },
	{ 1, &packet, 1, 1, false, false },
	{ 2, "status\n", 7, 1, false, false },
	{ 2, "stat", 4, 1, false, true },
	{ 2, "nonsense\n", 9, DESCRIPTORS_MAX, false, false },
};

static int (*const makers[])(void) = { make_lingering, make_nested, make_unflushed };

static size_t fill(const struct leaving *leaving, int fd, int *descriptors)
{
	size_t count = 0;

	if (leaving->is_dressed) {
		descriptors[count++] = open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		descriptors[count++] = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	}
	for (size_t i = 0; i < leaving->descriptors; i++)
		descriptors[count++] = fd;
	return count;
}

/*
 * By a process of its own, for what cannot be closed may keep this one, too; where it lingers, the end of a process
 * does not. As it closes what it has said at once, the daemon's is the last one.
 */
static _Noreturn void leave(const char *folder, const struct leaving *leaving, int fd)
{
	int descriptors[DESCRIPTORS_MAX + 2];
	size_t count = fill(leaving, fd, descriptors);
	int connection = connect_to(folder, &sockets[leaving->which]);

	if (connection >= 0) {
		say_with(connection, leaving->said, leaving->size, descriptors, count);
		(void)close_range((unsigned int)fd, (unsigned int)fd, 0);
		if (leaving->is_kept)
			pause();
	}
	_exit(EXIT_SUCCESS);
}

static void leave_everything(const char *folder)
{
	for (size_t maker = 0; maker < COUNT_OF(makers); maker++)
		for (size_t i = 0; i < COUNT_OF(leavings); i++)
			if (fork_checked() == 0)
				leave(folder, &leavings[i], makers[maker]());
}

/* @rounds: as many as are left behind at most */
static void keep_leaving(int report, const char *folder, unsigned int rounds)
{
	leave_everything(folder);
	stand(report);
	for (unsigned int i = 1; i < rounds; i++) {
		pause_for(50);
		leave_everything(folder);
	}
	for (;;)
		pause();
}

static void run_leave(int report, char **words)
{
	prepare_to_leave();
	keep_leaving(report, words[0], ROUNDS);
}

/* Then the daemon does not read what comes along. */
static void run_turned_away(int report, char **words)
{
	prepare_to_leave();
	for (size_t which = 0; which < COUNT_OF(sockets); which++)
		for (size_t i = 0; i < CONNECTIONS; i++)
			(void)connect_to(words[0], &sockets[which]);
	keep_leaving(report, words[0], ROUNDS);
}

/* ---- listeners ---- */

/* Lives on under a filter whose listener is sent to @end, and gives a reason to complain. */
static _Noreturn void be_listened_to(int end)
{
	static const struct filter_options options = { 0 };
	const pid_t self = getpid();
	int listener;

	if (filter_install(&options, &listener) < 0)
		err(EXIT_FAILURE, "a listener");
	say_with(end, &self, sizeof(self), &listener, 1);
	close(listener);
	close(end);
	(void)setxattr("/proc/self/stat", "security.a", "x", 1, 0);
	for (;;)
		pause();
}

/* A container: each byte that comes starts a process in its namespace, with a listener. */
static _Noreturn void be_container(int end)
{
	char byte;

	become_root_of(CLONE_NEWUSER);
	while (read(end, &byte, 1) == 1)
		if (fork_checked() == 0)
			be_listened_to(end);
	_exit(EXIT_FAILURE);
}

static int start_container(void)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		err(EXIT_FAILURE, "socketpair");
	if (fork_checked() == 0) {
		close(ends[0]);
		be_container(ends[1]);
	}
	close(ends[1]);
	return ends[0];
}

/* @container: of which a process is started that is handed over as @name's */
static void hand_over(const char *folder, const char *name, int container)
{
	char text[1024], answer;
	pid_t child;
	int connection;

	if (write(container, "x", 1) != 1)
		err(EXIT_FAILURE, "write");
	int listener = receive_descriptor(container, &child, sizeof(child));

	while ((connection = connect_to(folder, &sockets[0])) < 0)
		pause_for(1);
	int length = snprintf(text, sizeof(text), state, child, name, child);

	say_with(connection, text, (size_t)length, &listener, 1);
	shutdown(connection, SHUT_WR);
	close(listener);

	/* Until it has been read. */
	struct pollfd polled = { .fd = connection, .events = POLLIN };

	(void)poll(&polled, 1, 1000 * PATIENCE);
	(void)recv(connection, &answer, 1, 0);
	close(connection);
}

static void run_listeners(int report, char **words)
{
	int count = atoi(words[2]), each = atoi(words[3]);
	int containers[CONTAINERS_MAX];
	char name[64];

	if (count > CONTAINERS_MAX || each > LISTENERS_MAX)
		errx(EXIT_FAILURE, "too many");
	for (int i = 0; i < count; i++)
		containers[i] = start_container();
	for (int i = 0; i < count * each; i++) {
		snprintf(name, sizeof(name), "%s%d", words[1], i % count);
		hand_over(words[0], name, containers[i % count]);
	}
	stand(report);
	pause();
}

/* ---- floods ---- */

static _Noreturn void keep_knocking(const char *folder)
{
	static const char *const said[] = { "nonsense", "nonsense", "nonsense\n" };

	for (unsigned int i = 0;; i++) {
		size_t which = i % COUNT_OF(sockets);
		int fd = connect_to(folder, &sockets[which]);

		if (fd < 0) {
			pause_for(1);
			continue;
		}
		say_with(fd, said[which], strlen(said[which]), NULL, 0);
		close(fd);
	}
}

static void run_flood(int report, char **words)
{
	for (int i = 0; i < atoi(words[1]); i++)
		if (fork_checked() == 0)
			keep_knocking(words[0]);
	stand(report);
	pause();
}

static const struct attack attacks[] = {
	{ "leave", run_leave, 1 },
	{ "turned-away", run_turned_away, 1 },
	{ "listeners", run_listeners, 4 },
	{ "flood", run_flood, 2 },
};

int main(int argc, char **argv)
{
	struct rlimit limit;

	if (argc != 2 || chdir(argv[1]) < 0)
		errx(2, "see the top of tests/live/strangers-driver.c");
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
	obey_orders(attacks, COUNT_OF(attacks));
	return EXIT_SUCCESS;
}
