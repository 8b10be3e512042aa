/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime-driver SOCKET ID POLICY COMMAND [ARGUMENT]...: what an OCI runtime does about seccomp, and no
 * more. COMMAND runs under the filter, and its listener goes to SOCKET as that of container ID, with
 * POLICY as listenerMetadata. Ends as COMMAND does. For tests of the daemon.
 *
 * It needs CAP_SYS_ADMIN in its user namespace, and is of the uid that it has when it connects.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attach/filter.h"

#define OTHER_ERROR 125

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

static void be_container(int runtime, char **argv)
{
	int listener = -1;
	char byte;

	if (filter_install(&(struct filter_options){ 0 }, &listener) < 0)
		errx(OTHER_ERROR, "cannot install the filter");
	send_with_fd(runtime, "x", listener);
	close(listener);
	/* Until the runtime has handed it over. */
	if (recv(runtime, &byte, 1, 0) != 1)
		_exit(OTHER_ERROR);
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
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
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

int main(int argc, char **argv)
{
	int channel[2], status;

	if (argc < 5)
		errx(2, "usage: runtime-driver SOCKET ID POLICY COMMAND [ARGUMENT]...");
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel) < 0)
		err(OTHER_ERROR, "socketpair");
	pid_t child = fork();

	if (child < 0)
		err(OTHER_ERROR, "fork");
	if (child == 0)
		be_container(channel[1], argv + 4);
	close(channel[1]);
	int listener = receive_fd(channel[0]);

	hand_over(argv[1], argv[2], argv[3], child, listener);
	close(listener);
	send_with_fd(channel[0], "x", -1);
	if (waitpid(child, &status, 0) < 0)
		err(OTHER_ERROR, "waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
