/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime-driver [--as=UID] [--map=FIRST:COUNT]... [--judged] [--foreign] SOCKET ID POLICY COMMAND [ARGUMENT]...: what an OCI runtime
 * does about seccomp, and no more. COMMAND runs under the filter, and its listener goes to SOCKET as that of
 * container ID, with POLICY as listenerMetadata. Ends as COMMAND does. For tests of the daemon.
 *
 *	--as=UID		root connects as this user
 *	--map=FIRST:COUNT	root gives COMMAND a user and a mount namespace of its own, with these ids of the
 *				host's, one range behind the other
 *	--foreign		the filter is another's: it notifies of getppid(2), and of nothing else
 *	--judged		what COMMAND executes is judged: the filter notifies of it, too
 *
 * Without --map it needs CAP_SYS_ADMIN in its user namespace; without --as it is of the uid that it has when it
 * connects. With CLAIMED_PID in the environment it says that number in place of the child's.
 */
#include <err.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attach/filter.h"
#include "attach/namespace.h"
#include "count_of.h"

#define OTHER_ERROR 125

/* struct options - see the top */
static struct options {
	uid_t user; /* -1: it stays who it is */
	struct id_map ids; /* no extents: COMMAND stays in the user namespace */
	bool is_judged, is_foreign;
} options = { .user = (uid_t)-1 };

static const struct namespace_maps maps = { .users = &options.ids, .groups = &options.ids };

static void send_with_fd(int to, const char *text, int fd)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec piece = { (char *)text, strlen(text) };
	struct msghdr message = { .msg_iov = &piece, .msg_iovlen = 1 };

	if (fd >= 0) {
		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
		control.header = (struct cmsghdr){ CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS };
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(int));
	}
	if (sendmsg(to, &message, MSG_NOSIGNAL) != (ssize_t)strlen(text))
		err(OTHER_ERROR, "sendmsg");
}

static int receive_fd(int from)
{
	char control[CMSG_SPACE(sizeof(int))], byte;
	struct iovec piece = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &piece,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	int fd;

	if (recvmsg(from, &message, MSG_CMSG_CLOEXEC) != 1 || !CMSG_FIRSTHDR(&message))
		errx(OTHER_ERROR, "the child has sent no listener");
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(int));
	return fd;
}

static void await_byte(int from)
{
	char byte;

	if (recv(from, &byte, 1, 0) != 1)
		_exit(OTHER_ERROR);
}

/* The two halves of a namespace of the container's own. */
static void enter_namespace(int runtime)
{
	if (namespace_unshare() < 0)
		_exit(OTHER_ERROR);
	send_with_fd(runtime, "x", -1);
	await_byte(runtime);
	if (namespace_complete(&maps) < 0)
		_exit(OTHER_ERROR);
}

static void map_namespace(int container, pid_t child)
{
	char path[32];

	await_byte(container);
	snprintf(path, sizeof(path), "/proc/%d", child);
	int proc = open(path, O_DIRECTORY | O_CLOEXEC);

	if (proc < 0 || namespace_write_maps(proc, 0, &maps) < 0)
		errx(OTHER_ERROR, "cannot write the maps");
	close(proc);
	send_with_fd(container, "x", -1);
}

static int install_foreign(int *ret_listener)
{
	static struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	static const struct sock_fprog program = { COUNT_OF(code), code };

	*ret_listener = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
				     SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
	return *ret_listener < 0 ? -1 : fcntl(*ret_listener, F_SETFD, FD_CLOEXEC);
}

static void be_container(int runtime, char **argv)
{
	const struct filter_options filter = { .notifies_exec = options.is_judged,
					       .notifies_mmap = options.is_judged };
	int listener = -1;

	if (options.ids.count > 0)
		enter_namespace(runtime);
	if ((options.is_foreign ? install_foreign(&listener) : filter_install(&filter, &listener)) <
	    0)
		errx(OTHER_ERROR, "cannot install the filter");
	send_with_fd(runtime, "x", listener);
	close(listener);
	/* Until the runtime has handed it over. */
	await_byte(runtime);
	execvp(argv[0], argv);
	err(127, "%s", argv[0]);
}

static void hand_over(const char *path, const char *id, const char *policy, pid_t child,
		      int listener)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char text[1024], answer;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	/* Who connects is the peer. */
	if (fd < 0 || (options.user != (uid_t)-1 && seteuid(options.user) < 0) ||
	    connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		err(OTHER_ERROR, "%s", path);
	snprintf(text, sizeof(text),
		 "{\"ociVersion\":\"0.2.0\",\"fds\":[\"seccompFd\"],\"pid\":%d,\"metadata\":\"%s\","
		 "\"state\":{\"ociVersion\":\"0.2.0\",\"id\":\"%s\",\"status\":\"creating\","
		 "\"pid\":%d,\"bundle\":\"/nonexistent\"}}",
		 child, policy, id, child);
	send_with_fd(fd, text, listener);
	shutdown(fd, SHUT_WR);
	/* Until it has been read. */
	(void)recv(fd, &answer, 1, 0);
	close(fd);
}

static void parse_map(const char *text)
{
	struct id_map *ids = &options.ids;
	struct id_extent extent = { 0 };

	if (sscanf(text, "%u:%u", &extent.host, &extent.count) != 2)
		errx(2, "--map=FIRST:COUNT");
	if (ids->count == ID_MAP_EXTENTS_MAX)
		errx(2, "too many --map");
	for (unsigned int i = 0; i < ids->count; i++)
		extent.inside += ids->extents[i].count;
	ids->extents[ids->count++] = extent;
}

/* Return: the arguments that are left. */
static char **parse_options(int argc, char **argv)
{
	static const struct option known[] = { { "as", required_argument, NULL, 'a' },
					       { "map", required_argument, NULL, 'm' },
					       { "judged", no_argument, NULL, 'j' },
					       { "foreign", no_argument, NULL, 'f' },
					       { 0 } };
	int option;

	while ((option = getopt_long(argc, argv, "+", known, NULL)) != -1)
		if (option == 'a')
			options.user = (uid_t)strtoul(optarg, NULL, 10);
		else if (option == 'm')
			parse_map(optarg);
		else if (option == 'j')
			options.is_judged = true;
		else if (option == 'f')
			options.is_foreign = true;
		else
			exit(2);
	if (argc - optind < 4)
		errx(2,
		     "usage: runtime-driver [--as=UID] [--map=FIRST:COUNT]... [--judged] [--foreign] SOCKET ID "
		     "POLICY COMMAND [ARGUMENT]...");
	return argv + optind;
}

int main(int argc, char **argv)
{
	char **words = parse_options(argc, argv);
	int channel[2], status;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel) < 0)
		err(OTHER_ERROR, "socketpair");
	pid_t child = fork();

	if (child < 0)
		err(OTHER_ERROR, "fork");
	if (child == 0)
		be_container(channel[1], words + 3);
	close(channel[1]);
	if (options.ids.count > 0)
		map_namespace(channel[0], child);
	int listener = receive_fd(channel[0]);

	const char *claimed = getenv("CLAIMED_PID");

	hand_over(words[0], words[1], words[2], claimed ? (pid_t)atoi(claimed) : child, listener);
	close(listener);
	send_with_fd(channel[0], "x", -1);
	if (waitpid(child, &status, 0) < 0)
		err(OTHER_ERROR, "waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
