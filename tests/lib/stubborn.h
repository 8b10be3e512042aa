/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_TESTS_STUBBORN_H
#define NSXATTR_TESTS_STUBBORN_H

/* Descriptors whose close(2) does not return for as long as somebody else likes. */

/** struct stubborn_socket - a connection over the loopback, the other end of which nobody reads */
struct stubborn_socket {
	int fd; /* its last close(2) waits for ten minutes */
	int other;
};

/** stubborn_socket_new() - with SO_LINGER, and more unsent data than the other end takes. Return: 0; -errno. */
int stubborn_socket_new(struct stubborn_socket *ret_socket);

#endif
