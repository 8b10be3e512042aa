/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_TESTS_STUBBORN_H
#define NSXATTR_TESTS_STUBBORN_H

/* Descriptors whose close(2) does not return for as long as another process likes. */

#include <sys/types.h>

/** struct stubborn_socket - a connection over the loopback, whose other end no process reads */
struct stubborn_socket {
	int fd; /* its last close(2) waits for ten minutes */
	int other;
};

/** stubborn_socket_new() - with SO_LINGER, and more unsent data than the other end takes. Return: 0; -errno. */
int stubborn_socket_new(struct stubborn_socket *ret_socket);

/** stubborn_socket_close() - our descriptor of it, whether it is the last one or not */
void stubborn_socket_close(struct stubborn_socket *socket);

/** struct stubborn_file - a file of a FUSE file system, whose server does not answer FLUSH */
struct stubborn_file {
	int fd; /* each close(2) of it waits until the server ends, but for those of the process that made it */
	int flushes; /* a pipe: a byte for each close(2) that waits */
	pid_t server; /* a child */
};

/** stubborn_file_new() - mounted in a user namespace of the server's, which any user may make. Return: 0; -errno. */
int stubborn_file_new(struct stubborn_file *ret_file);

/** stubborn_file_relent() - end the server: all that wait go on, and the file is closed */
void stubborn_file_relent(struct stubborn_file *file);

#endif
