/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_DAEMON_SOCKETS_H
#define NSXATTR_DAEMON_SOCKETS_H

/* Where the daemon listens: at paths that the settings name, or on sockets that were handed over to it. */

#include "base/unix_socket.h"

struct config;
struct service_fds;

enum socket_kind { SOCKET_OCI, SOCKET_LXC, SOCKET_CONTROL, SOCKET_COUNT };

/** struct socket_name - what the descriptors of one are called when they are handed over */
struct socket_name {
	const char *socket; /* FileDescriptorName= of systemd.socket(5) */
	const char *folder;
};

/** socket_names - by enum socket_kind */
extern const struct socket_name socket_names[SOCKET_COUNT];

/**
 * sockets_open() - listen, while paths lead somewhere
 * @config: where, unless a socket has been handed over
 * @handed: what has been; the sockets and their folders are taken out of it
 * @ret_sockets: by enum socket_kind; fd -1: there is none. unix_socket_done() each.
 *
 * Return: 0; -errno: it has been logged.
 */
int sockets_open(const struct config *config, struct service_fds *handed,
		 struct unix_socket ret_sockets[SOCKET_COUNT]);

#endif
