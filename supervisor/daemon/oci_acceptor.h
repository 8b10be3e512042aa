/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_DAEMON_OCI_ACCEPTOR_H
#define NSXATTR_DAEMON_OCI_ACCEPTOR_H

/* The socket at which OCI runtimes hand over listeners. */

#include "daemon/acceptor.h"

struct attachments;

/** struct oci_acceptor - of the socket; begins with zeroes but for what is the caller's */
struct oci_acceptor {
	struct acceptor acceptor; /* the first member; without its calls */
	struct attachments *attachments; /* to which deliveries are added */
	size_t count; /* of connections whose message is not whole yet */
};

/** oci_acceptor_open() - Return: 0; -errno. */
int oci_acceptor_open(struct oci_acceptor *acceptor);

#endif
