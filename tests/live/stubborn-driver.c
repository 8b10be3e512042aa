/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A peer of the daemon that hands over what does not let itself be closed, for tests/system/hostile-peers.sh.
 *
 *	stubborn-driver SOCKET PEER WHAT WAY COUNT
 *
 *	PEER	oci, lxc, control: what it pretends to be
 *	WHAT	socket: one with SO_LINGER and unsent data; its last close(2) waits
 *		file: one of FUSE; each close(2) waits
 *	WAY	told: with what could be a message
 *		many: as many as the kernel lets a message carry
 *		unread: behind a message that is refused, so that it is in the queue when the connection is closed
 *	COUNT	over so many connections
 *
 * When the daemon has been told, and where it closes files, is seen to wait in close(2), it prints how many
 * connections there are, or "none" where the kernel takes no descriptor to this socket. It lives until standard input
 * ends.
 */
#include <err.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/passing.h"
#include "stubborn.h"

#define CONNECTIONS_MAX 256
/* Of connections that the daemon closes before all is said. */
#define TRIES_MAX 100000

struct peer {
	const char *name;
	int type;
	const char *message; /* what could be one */
	size_t length;
};

static const char oci_message[] =
	"{\"ociVersion\":\"1.0.2\",\"fds\":[\"seccompFd\"],\"pid\":1,\"metadata\":\"\",\"state\":"
	"{\"ociVersion\":\"1.0.2\",\"id\":\"stubborn\",\"status\":\"creating\",\"pid\":1,"
	"\"bundle\":\"/nonesuch\"}}";
/* As long as an LXC monitor's, and nothing else in order. */
static const char lxc_message[136] = "";

static const struct peer peers[] = {
	{ "oci", SOCK_STREAM, oci_message, sizeof(oci_message) - 1 },
	{ "lxc", SOCK_SEQPACKET, lxc_message, sizeof(lxc_message) },
	{ "control", SOCK_STREAM, "status\n", 7 },
};

static const struct peer *find_peer(const char *name)
{
	for (size_t i = 0; i < sizeof(peers) / sizeof(peers[0]); i++)
		if (strcmp(peers[i].name, name) == 0)
			return &peers[i];
	errx(EXIT_FAILURE, "there is no peer %s", name);
}

static int connect_to(const char *path, const struct peer *peer)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, peer->type | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		err(EXIT_FAILURE, "connect");
	return fd;
}

/* Return: how many bytes were taken; -errno. */
static ssize_t say(int connection, const char *bytes, size_t length, int fd, size_t copies)
{
	const struct iovec piece = { (char *)(uintptr_t)bytes, length };
	int fds[PASSED_MAX];

	for (size_t i = 0; i < copies; i++)
		fds[i] = fd;
	return passing_send(connection, &piece, 1, fds, copies);
}

/* Return: 0; -EPIPE: the daemon has closed it too early; -EPERM: no descriptor comes in there. */
static int hand_over(int connection, const struct peer *peer, const char *way, int fd)
{
	static const char nothing[2048] = "nothing of the sort\n";
	ssize_t r = 0;

	if (strcmp(way, "unread") == 0)
		r = say(connection, nothing, sizeof(nothing), -1, 0);
	if (r >= 0)
		r = say(connection, peer->message, peer->length, fd,
			strcmp(way, "many") == 0 ? PASSED_MAX : 3);
	return r < 0 ? (int)r : 0;
}

/* Return: the connection; -EPERM. */
static int insist(const char *path, const struct peer *peer, const char *way, int fd)
{
	for (unsigned int i = 0; i < TRIES_MAX; i++) {
		int connection = connect_to(path, peer);
		int r = hand_over(connection, peer, way, fd);

		if (r == 0)
			return connection;
		close(connection);
		if (r == -EPERM)
			return r;
		if (r != -EPIPE && r != -ECONNRESET)
			errx(EXIT_FAILURE, "cannot hand it over: %s", strerror(-r));
	}
	errx(EXIT_FAILURE, "the daemon hears nothing");
}

/*
 * What lies in a queue has no descriptor there, nor has what comes to the control socket, which asks for none: nothing is
 * flushed. From Linux 6.16 on none comes there.
 */
static void await_waits(const struct stubborn_file *file, const struct peer *peer, const char *way,
			unsigned int count)
{
	char byte;

	if (strcmp(way, "unread") == 0 || strcmp(peer->name, "control") == 0)
		return;
	for (unsigned int i = 0; i < count; i++)
		if (read(file->flushes, &byte, 1) != 1)
			errx(EXIT_FAILURE, "the file system has ended");
}

static void tell(int count)
{
	if (count > 0)
		printf("%d\n", count);
	else
		puts("none");
	fflush(stdout);
	while (getchar() != EOF)
		continue;
}

static int hand_over_file(const char *path, const struct peer *peer, const char *way, int count)
{
	struct stubborn_file file;
	int r = stubborn_file_new(&file);

	if (r < 0)
		errx(EXIT_FAILURE, "cannot make a file: %s", strerror(-r));
	for (int i = 0; i < count && r >= 0; i++)
		r = insist(path, peer, way, file.fd);
	if (r >= 0)
		await_waits(&file, peer, way, (unsigned int)count);
	tell(r >= 0 ? count : 0);
	stubborn_file_relent(&file);
	return EXIT_SUCCESS;
}

static int hand_over_socket(const char *path, const struct peer *peer, const char *way, int count)
{
	int r = 0;

	for (int i = 0; i < count && r >= 0; i++) {
		struct stubborn_socket stubborn;

		r = stubborn_socket_new(&stubborn);
		if (r < 0)
			errx(EXIT_FAILURE, "cannot make a socket: %s", strerror(-r));
		r = insist(path, peer, way, stubborn.fd);
		stubborn_socket_close(&stubborn);
	}
	tell(r >= 0 ? count : 0);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	if (argc != 6)
		errx(EXIT_FAILURE, "see the top of tests/live/stubborn-driver.c");
	int count = atoi(argv[5]);

	if (count < 1 || count > CONNECTIONS_MAX)
		errx(EXIT_FAILURE, "so many connections: 1 to %d", CONNECTIONS_MAX);
	return (strcmp(argv[3], "file") == 0 ? hand_over_file : hand_over_socket)(
		argv[1], find_peer(argv[2]), argv[4], count);
}
