/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_DAEMON_LXC_ACCEPTOR_H
#define NSXATTR_DAEMON_LXC_ACCEPTOR_H

/* The socket to which monitors of LXC connect. */

#include "daemon/acceptor.h"

struct attachments;
struct entries;

/** struct lxc_acceptor - of the socket; begins with zeroes but for what is the caller's */
struct lxc_acceptor {
	struct acceptor acceptor; /* the first member; without its calls */
	struct entries *entries; /* in which connections are kept */
	struct attachments *attachments; /* to which deliveries are added */
};

/** lxc_acceptor_open() - connections that are kept are inherited. Return: 0; -errno. */
int lxc_acceptor_open(struct lxc_acceptor *acceptor);

#endif
