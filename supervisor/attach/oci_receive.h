/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_ATTACH_OCI_RECEIVE_H
#define NSXATTR_ATTACH_OCI_RECEIVE_H

/*
 * One connection to the OCI socket, until its message is whole.
 *
 *	state		what comes next			must not
 *	(init)		read, whenever it is readable	block
 *	MORE		the same, until a deadline of
 *			the caller's			wait for ever
 *	COMPLETE	take, once			read
 *	NOTHING,
 *	REFUSED		let_go				read, take
 *
 * In each state oci_receive_let_go() is what ends it.
 *
 * All of it but init and let_go can take as long as the peer likes (base/closer.h).
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "attach/oci_frame.h"
#include "attach/oci_message.h"
#include "base/passing.h"

/* Bytes that one oci_receive_read() takes at most: others have their turn then. */
#define OCI_RECEIVE_TURN 65536

/* Those that may come, and as many as a message that is refused for it can bring besides. */
#define OCI_RECEIVE_DESCRIPTORS_MAX (OCI_DESCRIPTORS_MAX + PASSED_MAX)
/* With the connection. */
#define OCI_RECEIVE_FDS_MAX (OCI_RECEIVE_DESCRIPTORS_MAX + 1)

/** struct oci_receive - a connection, and what has come over it */
struct oci_receive {
	int connection; /* owned, not blocking; -1: none */
	struct ucred peer; /* who had connected */
	char *bytes;
	size_t length;
	size_t room; /* in @bytes */
	struct oci_frame frame;
	int descriptors[OCI_RECEIVE_DESCRIPTORS_MAX]; /* owned */
	size_t descriptor_count;
};

/**
 * oci_receive_init() - begin with a connection
 * @receive: where
 * @connection: AF_UNIX, SOCK_STREAM, connected; @receive's on success
 *
 * Return: 0; -errno, with nothing left to be done.
 */
int oci_receive_init(struct oci_receive *receive, int connection);

/**
 * oci_receive_let_go() - end it, but close nothing
 * @ret_fds: what is to be closed, the caller's
 *
 * Return: how many these are.
 */
size_t oci_receive_let_go(struct oci_receive *receive, int ret_fds[OCI_RECEIVE_FDS_MAX]);

enum oci_receive_result {
	OCI_RECEIVE_MORE = 1,
	OCI_RECEIVE_COMPLETE,
	OCI_RECEIVE_NOTHING, /* it was closed before the first byte: a hook looks whether we are there */
	OCI_RECEIVE_REFUSED,
};

/**
 * oci_receive_read() - take what has come; never blocks
 * @ret_reason: OCI_RECEIVE_REFUSED: why, static, to come behind "a message that"
 *
 * Return: an enum oci_receive_result; -ENOMEM.
 */
int oci_receive_read(struct oci_receive *receive, const char **ret_reason);

/**
 * oci_receive_take() - the message and its listener
 * @ret_message: OCI_RECEIVE_COMPLETE: what it says; oci_message_done() it
 * @ret_listener: OCI_RECEIVE_COMPLETE: a listener of seccomp, the caller's, close-on-exec
 * @ret_reason: OCI_RECEIVE_REFUSED: why
 *
 * Return: one of these two; -ENOMEM.
 */
int oci_receive_take(struct oci_receive *receive, struct oci_message *ret_message,
		     int *ret_listener, const char **ret_reason);

#endif
