/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oci-driver SOCKET: take what OCI runtimes hand over, and say what came, a line each:
 *
 *	DIALECT ID STATUS POLICY	or
 *	refused REASON
 *
 * The listener is closed at once, so that the calls of the container fail with ENOSYS: a test that gets
 * ENOSYS was asked about. Ends when its standard input does.
 */
#include <err.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "attach/oci_receive.h"
#include "base/fd.h"
#include "policy.h"

#define CONNECTIONS_MAX 16

static struct oci_receive connections[CONNECTIONS_MAX];

static int listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(fd, CONNECTIONS_MAX) < 0)
		err(EXIT_FAILURE, "%s", path);
	return fd;
}

static const char *runtime_of(const struct oci_message *message)
{
	if (message->runtimes & RUNTIME_CRUN)
		return "crun";
	return message->runtimes & RUNTIME_RUNC ? "runc" : "unknown";
}

static void close_all(struct oci_receive *receive)
{
	int fds[OCI_RECEIVE_FDS_MAX];
	size_t count = oci_receive_let_go(receive, fds);

	for (size_t i = 0; i < count; i++)
		fd_close(&fds[i]);
}

static void take(struct oci_receive *receive)
{
	struct oci_message message;
	const char *reason = "";
	int listener = -1;

	if (oci_receive_take(receive, &message, &listener, &reason) != OCI_RECEIVE_COMPLETE) {
		printf("refused %s\n", reason);
		return;
	}
	close(listener);
	printf("%s %s %s %s\n", runtime_of(&message), message.id, message.status,
	       oci_message_wanted(&message));
	oci_message_done(&message);
}

static void advance(struct oci_receive *receive)
{
	const char *reason = "";

	switch (oci_receive_read(receive, &reason)) {
	case OCI_RECEIVE_MORE:
		return;
	case OCI_RECEIVE_COMPLETE:
		take(receive);
		break;
	case OCI_RECEIVE_NOTHING:
		break;
	default:
		printf("refused %s\n", reason);
		break;
	}
	fflush(stdout);
	close_all(receive);
}

static void accept_into_place(int listening)
{
	int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);

	for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
		if (connections[i].connection >= 0)
			continue;
		if (fd < 0 || oci_receive_init(&connections[i], fd) < 0)
			warn("accept");
		return;
	}
	errx(EXIT_FAILURE, "too many connections");
}

int main(int argc, char **argv)
{
	struct pollfd polled[CONNECTIONS_MAX + 2] = { 0 };

	if (argc != 2)
		errx(EXIT_FAILURE, "usage: oci-driver SOCKET");
	for (size_t i = 0; i < CONNECTIONS_MAX; i++)
		connections[i].connection = -1;
	polled[CONNECTIONS_MAX] = (struct pollfd){ .fd = listen_at(argv[1]), .events = POLLIN };
	polled[CONNECTIONS_MAX + 1] = (struct pollfd){ .fd = STDIN_FILENO, .events = POLLIN };
	printf("ready\n");
	fflush(stdout);
	while (!polled[CONNECTIONS_MAX + 1].revents) {
		for (size_t i = 0; i < CONNECTIONS_MAX; i++)
			polled[i] = (struct pollfd){ .fd = connections[i].connection,
						     .events = POLLIN };
		if (poll(polled, CONNECTIONS_MAX + 2, -1) < 0)
			err(EXIT_FAILURE, "poll");
		for (size_t i = 0; i < CONNECTIONS_MAX; i++)
			if (polled[i].revents)
				advance(&connections[i]);
		if (polled[CONNECTIONS_MAX].revents)
			accept_into_place(polled[CONNECTIONS_MAX].fd);
	}
	return EXIT_SUCCESS;
}
