/* SPDX-License-Identifier: Apache-2.0 */
#include "stubborn.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

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
