/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A peer of the daemon that means no good, for tests/system/hostile-peers.sh.
 *
 *	peer-driver stream SOCKET ATTACK	one connection that should be a runtime's
 *	peer-driver packet SOCKET ATTACK	one that should be an LXC monitor's
 *	peer-driver question SOCKET ATTACK	one of a hook that should ask what a container may use
 *	peer-driver forge SOCKET FORGERY VICTIM	an LXC monitor's, about a call of the process VICTIM;
 *						standard input has the line that this has printed
 *	peer-driver victim FILE			prints where a call's arguments lie in its memory, and
 *						lives on until standard input ends
 *	peer-driver hold SOCKET COUNT		so many connections, held until standard input ends
 *	peer-driver mute SOCKET TEXT		says TEXT over and over, and never reads an answer
 *	peer-driver list			the attacks and forgeries
 *
 * After an attack it tells what the daemon has done: "closed", "answered" and how many bytes it had to
 * say, or "open" if it has done nothing in the time that the environment's PATIENCE gives, in seconds.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "count_of.h"
#include "dice.h"
#include "fork_alone.h"

#define MIB (1UL << 20)
/* SCM_MAX_FD of the kernel. */
#define DESCRIPTORS_MAX 253

static int patience_ms(void)
{
	const char *patience = getenv("PATIENCE");

	return (patience ? atoi(patience) : 20) * 1000;
}

static int connect_to(const char *path, int type)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	if (fd < 0 || strlen(path) >= sizeof(address.sun_path))
		err(EXIT_FAILURE, "socket");
	strcpy(address.sun_path, path);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		close(fd);
		return -errno;
	}
	return fd;
}

/* All of it, or until the other side will have no more. */
static void say(int fd, const void *bytes, size_t size)
{
	const char *at = bytes;

	while (size) {
		ssize_t sent = send(fd, at, size, MSG_NOSIGNAL);

		if (sent <= 0)
			return;
		at += sent;
		size -= (size_t)sent;
	}
}

/* One message with descriptors. Return: false: it was not taken. */
static bool say_with(int fd, const void *bytes, size_t size, const int *descriptors, size_t count)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(DESCRIPTORS_MAX * sizeof(int))] = { 0 };
	struct iovec iov = { .iov_base = (void *)(uintptr_t)bytes, .iov_len = size };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *header;

	if (count) {
		message.msg_control = control;
		message.msg_controllen = CMSG_SPACE(count * sizeof(int));
		header = CMSG_FIRSTHDR(&message);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(count * sizeof(int));
		memcpy(CMSG_DATA(header), descriptors, count * sizeof(int));
	}
	return sendmsg(fd, &message, MSG_NOSIGNAL) >= 0;
}

static void fill(int *descriptors, size_t count, int fd)
{
	for (size_t i = 0; i < count; i++)
		descriptors[i] = fd;
}

static int open_or_die(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	if (fd < 0)
		err(EXIT_FAILURE, "%s", path);
	return fd;
}

/* ---- what should be a runtime's message ---- */

static const char honest[] =
	"{\"ociVersion\":\"1.0.2\",\"fds\":[\"seccompFd\"],\"pid\":1,\"metadata\":\"\",\"state\":"
	"{\"ociVersion\":\"1.0.2\",\"id\":\"hostile\",\"status\":\"creating\",\"pid\":1,"
	"\"bundle\":\"/nonesuch\"}}";

static void say_nothing(int fd)
{
	(void)fd;
}

static void say_garbage(int fd)
{
	struct dice dice = dice_new(4, 2);
	uint64_t garbage[8192];

	for (size_t i = 0; i < COUNT_OF(garbage); i++)
		garbage[i] = dice_next(&dice);
	say(fd, garbage, sizeof(garbage));
}

static void say_half(int fd)
{
	int listener = open_or_die("/dev/null", O_RDONLY);

	say_with(fd, honest, sizeof(honest) / 2, &listener, 1);
}

/* Text that begins with @head and goes on with @unit to a size of at least @size. */
static void say_much(int fd, const char *head, const char *unit, size_t size)
{
	static char block[64 * 1024];
	size_t length = strlen(unit), used = 0;

	while (used + length < sizeof(block)) {
		memcpy(block + used, unit, length);
		used += length;
	}
	say(fd, head, strlen(head));
	for (size_t sent = 0; sent < size; sent += used)
		say(fd, block, used);
}

static void say_100_mib(int fd)
{
	say_much(fd, "{\"metadata\":\"", "a", 100 * MIB);
}

static void say_nested(int fd)
{
	say_much(fd, "{\"state\":", "[", MIB - 128 * 1024);
}

static void say_nested_objects(int fd)
{
	say_much(fd, "", "{\"state\":", MIB - 128 * 1024);
}

static void say_wide(int fd)
{
	say_much(fd, "{\"fds\":[", "0,", MIB - 128 * 1024);
}

static void say_empty_objects(int fd)
{
	say_much(fd, "{\"fds\":[", "{},", MIB - 128 * 1024);
}

static void say_escapes(int fd)
{
	say_much(fd, "{\"metadata\":\"", "\\u0000", MIB - 128 * 1024);
}

static void say_without_descriptor(int fd)
{
	say(fd, honest, strlen(honest));
}

static void say_with_null(int fd)
{
	int descriptor = open_or_die("/dev/null", O_RDWR);

	say_with(fd, honest, strlen(honest), &descriptor, 1);
}

static void say_with_directory(int fd)
{
	int descriptor = open_or_die("/proc/self", O_PATH | O_DIRECTORY);

	say_with(fd, honest, strlen(honest), &descriptor, 1);
}

static void say_with_pipe(int fd)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		err(EXIT_FAILURE, "pipe");
	say_with(fd, honest, strlen(honest), ends, 1);
}

static void say_with_itself(int fd)
{
	say_with(fd, honest, strlen(honest), &fd, 1);
}

/* An anonymous inode, as a listener is one. */
static void say_with_epoll(int fd)
{
	int descriptor = epoll_create1(EPOLL_CLOEXEC);

	say_with(fd, honest, strlen(honest), &descriptor, 1);
}

static void say_with_many(int fd)
{
	int descriptors[DESCRIPTORS_MAX];

	fill(descriptors, COUNT_OF(descriptors), open_or_die("/dev/null", O_RDWR));
	say_with(fd, honest, strlen(honest), descriptors, COUNT_OF(descriptors));
}

/* With each byte as many as the kernel lets pass. */
static void say_with_more(int fd)
{
	int descriptors[DESCRIPTORS_MAX];

	fill(descriptors, COUNT_OF(descriptors), open_or_die("/dev/null", O_RDWR));
	for (const char *at = honest; *at; at++)
		if (!say_with(fd, at, 1, descriptors, COUNT_OF(descriptors)))
			return;
}

/* ---- what should be a hook's question ---- */

/* As say_much(), of what the daemon takes of a question; a question ends with a newline. */
static void ask(int fd, const char *head, const char *unit)
{
	char text[64];

	snprintf(text, sizeof(text), "may-use %s", head);
	say_much(fd, text, unit, 192 * 1024);
	say(fd, "\n", 1);
}

static void ask_garbage(int fd)
{
	struct dice dice = dice_new(4, 3);
	unsigned char garbage[65536];

	for (size_t i = 0; i < sizeof(garbage); i++)
		garbage[i] = (unsigned char)(dice_next(&dice) % 245 + 11);
	say(fd, "may-use ", 8);
	say(fd, garbage, sizeof(garbage));
	say(fd, "\n", 1);
}

static void ask_without_end(int fd)
{
	say_much(fd, "may-use {\"id\":\"", "a", 128 * 1024);
}

static void ask_much(int fd)
{
	say_much(fd, "may-use {\"id\":\"", "a", 100 * MIB);
}

static void ask_nested(int fd)
{
	ask(fd, "", "[");
}

static void ask_nested_objects(int fd)
{
	ask(fd, "", "{\"annotations\":");
}

static void ask_annotations(int fd)
{
	ask(fd, "{\"annotations\":{", "\"a\":\"b\",");
}

static void ask_escapes(int fd)
{
	ask(fd, "{\"id\":\"", "\\u0000");
}

/* One question a connection: what comes behind it is not read. */
static void ask_many(int fd)
{
	for (int i = 0; i < 1000; i++)
		say(fd, "may-use {}\n", 11);
}

/* ---- what should be an LXC monitor's packet ---- */

/* As LXC has it; see supervisor/attach/lxc_message.h. */
struct packet {
	uint64_t reserved;
	int32_t monitor, init;
	uint16_t sizes[3], padding;
	uint64_t cookie_length;
	struct seccomp_notif notification;
	struct seccomp_notif_resp response;
	char cookie[64];
};

#define PACKET_FIXED offsetof(struct packet, cookie)

/* One that is in order, but that no thread has made the call. */
static struct packet packet_new(void)
{
	struct packet packet = {
		.monitor = getpid(),
		.init = getpid(),
		.sizes = { sizeof(struct seccomp_notif), sizeof(struct seccomp_notif_resp),
			   sizeof(struct seccomp_data) },
		.notification = { .id = 1,
				  .pid = (uint32_t)getpid(),
				  .data = { .nr = SYS_setxattr } },
		.response = { .id = 1 },
	};

	return packet;
}

/* The three descriptors of a packet, all of them our own process's, but the listener. */
static void own_descriptors(int descriptors[3])
{
	descriptors[0] = open_or_die("/proc/self", O_RDONLY | O_DIRECTORY);
	descriptors[1] = open_or_die("/proc/self/mem", O_RDWR);
	descriptors[2] = open_or_die("/dev/null", O_RDWR);
}

static void send_length(int fd, size_t length, size_t count)
{
	static char packet[256 * 1024];
	const struct packet begin = packet_new();
	int descriptors[DESCRIPTORS_MAX];

	fill(descriptors, COUNT_OF(descriptors), open_or_die("/dev/null", O_RDWR));
	own_descriptors(descriptors);
	memcpy(packet, &begin, PACKET_FIXED);
	say_with(fd, packet, length, descriptors, count);
}

static void send_one_byte(int fd)
{
	send_length(fd, 1, 3);
}

static void send_one_too_few(int fd)
{
	send_length(fd, PACKET_FIXED - 1, 3);
}

static void send_one_too_many(int fd)
{
	send_length(fd, PACKET_FIXED + 1, 3);
}

/* As long as the socket's buffer takes it. */
static void send_long(int fd)
{
	send_length(fd, 128UL * 1024, 3);
}

static void send_no_descriptor(int fd)
{
	send_length(fd, PACKET_FIXED, 0);
}

static void send_many_descriptors(int fd)
{
	send_length(fd, PACKET_FIXED, DESCRIPTORS_MAX);
}

static void send_packet(int fd, const struct packet *packet)
{
	int descriptors[3];

	own_descriptors(descriptors);
	say_with(fd, packet, PACKET_FIXED, descriptors, 3);
}

static void send_no_listener(int fd)
{
	const struct packet packet = packet_new();

	send_packet(fd, &packet);
}

static void send_endless_cookie(int fd)
{
	struct packet packet = packet_new();

	packet.cookie_length = UINT64_MAX - PACKET_FIXED + 1;
	send_packet(fd, &packet);
}

static void send_other_sizes(int fd)
{
	struct packet packet = packet_new();

	packet.sizes[0] = UINT16_MAX;
	send_packet(fd, &packet);
}

static void send_other_id(int fd)
{
	struct packet packet = packet_new();

	packet.response.id = packet.notification.id + 1;
	send_packet(fd, &packet);
}

static void send_bad_pids(int fd)
{
	struct packet packet = packet_new();

	packet.monitor = -1;
	packet.init = 0;
	packet.notification.pid = UINT32_MAX;
	send_packet(fd, &packet);
}

static void send_path_as_cookie(int fd)
{
	struct packet packet = packet_new();
	int descriptors[3];

	strcpy(packet.cookie, "../../etc/shadow");
	packet.cookie_length = strlen(packet.cookie);
	own_descriptors(descriptors);
	say_with(fd, &packet, PACKET_FIXED + packet.cookie_length, descriptors, 3);
}

/* ---- what happens then ---- */

/** struct attack - a way to misbehave on a connection */
struct attack {
	const char *name;
	const char *kind;
	void (*run)(int fd);
	bool ends; /* and then says that there is no more to come */
};

static const struct attack attacks[] = {
	{ "nothing", "stream", say_nothing, true },
	{ "garbage", "stream", say_garbage, true },
	{ "half", "stream", say_half, true },
	{ "half-and-silence", "stream", say_half, false },
	{ "silence", "stream", say_nothing, false },
	{ "100-MiB", "stream", say_100_mib, false },
	{ "nested", "stream", say_nested, true },
	{ "nested-objects", "stream", say_nested_objects, true },
	{ "wide", "stream", say_wide, true },
	{ "empty-objects", "stream", say_empty_objects, true },
	{ "escapes", "stream", say_escapes, true },
	{ "no-descriptor", "stream", say_without_descriptor, true },
	{ "null-device", "stream", say_with_null, true },
	{ "directory", "stream", say_with_directory, true },
	{ "pipe", "stream", say_with_pipe, true },
	{ "itself", "stream", say_with_itself, true },
	{ "epoll", "stream", say_with_epoll, true },
	{ "many-descriptors", "stream", say_with_many, true },
	{ "more-descriptors", "stream", say_with_more, true },
	{ "one-byte", "packet", send_one_byte, false },
	{ "one-too-few", "packet", send_one_too_few, false },
	{ "one-too-many", "packet", send_one_too_many, false },
	{ "long", "packet", send_long, false },
	{ "no-descriptor", "packet", send_no_descriptor, false },
	{ "many-descriptors", "packet", send_many_descriptors, false },
	{ "no-listener", "packet", send_no_listener, false },
	{ "endless-cookie", "packet", send_endless_cookie, false },
	{ "other-sizes", "packet", send_other_sizes, false },
	{ "other-id", "packet", send_other_id, false },
	{ "bad-pids", "packet", send_bad_pids, false },
	{ "path-as-cookie", "packet", send_path_as_cookie, false },
	{ "garbage", "question", ask_garbage, true },
	{ "no-end", "question", ask_without_end, true },
	{ "much", "question", ask_much, true },
	{ "nested", "question", ask_nested, true },
	{ "nested-objects", "question", ask_nested_objects, true },
	{ "annotations", "question", ask_annotations, true },
	{ "escapes", "question", ask_escapes, true },
	{ "many", "question", ask_many, true },
};

/* Print what the daemon has to say to it. */
static void await_verdict(int fd)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	char answer[4096];
	ssize_t got;

	if (poll(&poll_fd, 1, patience_ms()) <= 0) {
		puts("open");
		return;
	}
	got = recv(fd, answer, sizeof(answer), 0);
	if (got > 0)
		printf("answered %zd\n", got);
	else
		puts("closed");
}

static int misbehave(const char *path, const char *kind, const char *name)
{
	int type = strcmp(kind, "packet") == 0 ? SOCK_SEQPACKET : SOCK_STREAM;

	for (size_t i = 0; i < COUNT_OF(attacks); i++) {
		const struct attack *attack = &attacks[i];
		int fd;

		if (strcmp(attack->kind, kind) != 0 || strcmp(attack->name, name) != 0)
			continue;
		fd = connect_to(path, type);
		if (fd < 0)
			errx(EXIT_FAILURE, "connect: %s", strerror(-fd));
		attack->run(fd);
		if (attack->ends)
			shutdown(fd, SHUT_WR);
		await_verdict(fd);
		return EXIT_SUCCESS;
	}
	errx(EXIT_FAILURE, "there is no attack %s", name);
}

/* ---- a call that is not the sender's ---- */

/* Of the victim: what a forged call would have it do, at addresses in its memory. */
static char victim_path[4096];
static const char victim_name[] = "security.forged";
static const char victim_value[] = "forged";

static void await_end_of_input(void)
{
	while (getchar() != EOF)
		continue;
}

static int be_a_victim(const char *path)
{
	strncpy(victim_path, path, sizeof(victim_path) - 1);
	printf("%p %p %p\n", (void *)victim_path, (const void *)victim_name,
	       (const void *)victim_value);
	fflush(stdout);
	await_end_of_input();
	return EXIT_SUCCESS;
}

/* Return: a listener to which the calling process brings its setxattr calls from now on. */
static int listen_to_ourselves(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_setxattr, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = COUNT_OF(filter), .filter = filter };
	long listener;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		err(EXIT_FAILURE, "no_new_privs");
	listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
			   &program);
	if (listener < 0)
		err(EXIT_FAILURE, "seccomp");
	return (int)listener;
}

/** struct call - one that a child of ours is in, notified to us */
struct call {
	int listener;
	pid_t child;
	struct seccomp_notif notification;
};

/* The child, root of nothing in a namespace of its own, leaves when its listener is gone. */
static struct call call_new(void)
{
	struct call call = { .listener = listen_to_ourselves() };

	call.child = fork_alone();
	if (call.child == 0) {
		close(call.listener);
		if (unshare(CLONE_NEWUSER) < 0)
			err(EXIT_FAILURE, "unshare");
		setxattr("/nonesuch", "security.own", "own", 3, 0);
		_exit(0);
	}
	/* By ourselves the listener has no end, should the child fail. */
	struct pollfd polled = { .fd = call.listener, .events = POLLIN };

	if (call.child < 0 || poll(&polled, 1, patience_ms()) != 1 ||
	    ioctl(call.listener, SECCOMP_IOCTL_NOTIF_RECV, &call.notification) < 0)
		err(EXIT_FAILURE, "no call");
	return call;
}

static void call_name_victim(struct packet *packet, pid_t victim)
{
	void *path, *name, *value;

	if (scanf("%p %p %p", &path, &name, &value) != 3)
		errx(EXIT_FAILURE, "there is no line of the victim's");
	packet->notification.pid = (uint32_t)victim;
	packet->notification.data.args[0] = (uintptr_t)path;
	packet->notification.data.args[1] = (uintptr_t)name;
	packet->notification.data.args[2] = (uintptr_t)value;
	packet->notification.data.args[3] = strlen(victim_value);
}

/* Of the process: its directory, and its memory if we may open that, else ours. */
static void descriptors_of(pid_t pid, int descriptors[3], int listener)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d", pid);
	descriptors[0] = open_or_die(path, O_RDONLY | O_DIRECTORY);
	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	descriptors[1] = open(path, O_RDWR | O_CLOEXEC);
	if (descriptors[1] < 0)
		descriptors[1] = open_or_die("/proc/self/mem", O_RDWR);
	descriptors[2] = listener;
}

/** struct forgery - what of a packet about the victim is true */
struct forgery {
	const char *name;
	bool is_honest; /* the call is our child's, and so is everything */
	bool own_directory; /* the directory in /proc is our child's */
	size_t descriptors; /* how many come along: 2 = no listener, as from an old LXC */
	bool other_id; /* the id is one that the listener has never given */
};

static const struct forgery forgeries[] = {
	{ .name = "honest", .is_honest = true, .descriptors = 3 },
	{ .name = "victim", .descriptors = 3 },
	{ .name = "victim-own-directory", .descriptors = 3, .own_directory = true },
	{ .name = "victim-no-listener", .descriptors = 2 },
	{ .name = "victim-other-id", .descriptors = 3, .other_id = true },
	{ .name = "other-id", .is_honest = true, .descriptors = 3, .other_id = true },
};

static struct packet forge_packet(const struct forgery *forgery, const struct call *call,
				  pid_t victim)
{
	struct packet packet = packet_new();

	packet.init = call->child;
	packet.notification = call->notification;
	if (!forgery->is_honest)
		call_name_victim(&packet, victim);
	if (forgery->other_id)
		packet.notification.id ^= 0x5555;
	packet.response.id = packet.notification.id;
	return packet;
}

static int forge(const char *path, const char *name, pid_t victim)
{
	for (size_t i = 0; i < COUNT_OF(forgeries); i++) {
		const struct forgery *forgery = &forgeries[i];
		int fd, descriptors[3];
		struct packet packet;
		struct call call;

		if (strcmp(forgery->name, name) != 0)
			continue;
		call = call_new();
		packet = forge_packet(forgery, &call, victim);
		descriptors_of(forgery->is_honest || forgery->own_directory ? call.child : victim,
			       descriptors, call.listener);
		fd = connect_to(path, SOCK_SEQPACKET);
		if (fd < 0)
			errx(EXIT_FAILURE, "connect: %s", strerror(-fd));
		say_with(fd, &packet, PACKET_FIXED, descriptors, forgery->descriptors);
		await_verdict(fd);
		return EXIT_SUCCESS;
	}
	errx(EXIT_FAILURE, "there is no forgery %s", name);
}

/* ---- many, and one that does not read ---- */

static void allow_descriptors(rlim_t count)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		err(EXIT_FAILURE, "getrlimit");
	limit.rlim_cur = count + 64 < limit.rlim_max ? count + 64 : limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		err(EXIT_FAILURE, "setrlimit");
}

/* One after the other: those that the daemon closes stay with us, too. Prints how many there are. */
static int hold(const char *path, unsigned int count)
{
	unsigned int held = 0;
	int type = SOCK_STREAM;

	allow_descriptors(count);
	for (unsigned int i = 0; i < count; i++) {
		int fd = connect_to(path, type | SOCK_NONBLOCK);

		if (fd == -EPROTOTYPE && type == SOCK_STREAM) {
			type = SOCK_SEQPACKET;
			i--;
		} else if (fd == -EAGAIN) {
			poll(NULL, 0, 1);
		} else if (fd < 0) {
			errx(EXIT_FAILURE, "connect: %s", strerror(-fd));
		} else {
			held++;
		}
	}
	printf("%u\n", held);
	fflush(stdout);
	await_end_of_input();
	return EXIT_SUCCESS;
}

/* Until it has gone nowhere for a second; then it is only there. */
static int be_mute(const char *path, const char *text)
{
	int fd = connect_to(path, SOCK_STREAM);
	struct timeval second = { .tv_sec = 1 };

	if (fd < 0)
		errx(EXIT_FAILURE, "connect: %s", strerror(-fd));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &second, sizeof(second));
	for (size_t sent = 0; sent < MIB; sent += strlen(text))
		if (send(fd, text, strlen(text), MSG_NOSIGNAL) < 0)
			break;
	puts("said");
	fflush(stdout);
	await_end_of_input();
	return EXIT_SUCCESS;
}

static int list(void)
{
	for (size_t i = 0; i < COUNT_OF(attacks); i++)
		printf("%s %s\n", attacks[i].kind, attacks[i].name);
	for (size_t i = 0; i < COUNT_OF(forgeries); i++)
		printf("forge %s\n", forgeries[i].name);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (strcmp(what, "list") == 0)
		return list();
	if (strcmp(what, "victim") == 0 && argc == 3)
		return be_a_victim(argv[2]);
	if (argc == 4 && (strcmp(what, "stream") == 0 || strcmp(what, "packet") == 0 ||
			  strcmp(what, "question") == 0))
		return misbehave(argv[2], what, argv[3]);
	if (strcmp(what, "forge") == 0 && argc == 5)
		return forge(argv[2], argv[3], atoi(argv[4]));
	if (strcmp(what, "hold") == 0 && argc == 4)
		return hold(argv[2], (unsigned int)atoi(argv[3]));
	if (strcmp(what, "mute") == 0 && argc == 4)
		return be_mute(argv[2], argv[3]);
	errx(EXIT_FAILURE, "see the top of tests/live/peer-driver.c");
}
