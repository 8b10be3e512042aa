/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_ATTACH_LXC_RECEIVE_H
#define NSXATTR_ATTACH_LXC_RECEIVE_H

/* The requests of an LXC monitor, and the replies to it: packets of a SOCK_SEQPACKET (unix(7)). */

#include "attach/lxc_message.h"
#include "base/passing.h"

/** struct lxc_request - one that was received */
struct lxc_request {
	struct lxc_message message;
	int descriptors[LXC_DESCRIPTOR_COUNT]; /* its own; -1: that one has not come */
	struct passed rest; /* what has come, and is none of these */
};

enum lxc_receive_result {
	LXC_RECEIVED = 1,
	LXC_NOTHING, /* a signal came, or there is nothing and we were not to wait */
	LXC_ENDED, /* the monitor has gone */
	LXC_REFUSED, /* the packet is not a request: the connection is of no use any more */
};

/**
 * lxc_receive() - the next request
 * @connection: a SOCK_SEQPACKET
 * @flags: of recvmsg(2): MSG_DONTWAIT, MSG_PEEK; the descriptors of a packet that is only looked at
 *         are duplicates, and it comes with its own later
 * @kernels: of notify_sizes()
 * @ret_request: LXC_RECEIVED: the request; lxc_request_done() it, and what was refused, too
 * @ret_form: LXC_REFUSED: what is wrong
 *
 * Return: an enum lxc_receive_result; -errno of recvmsg(2).
 */
int lxc_receive(int connection, int flags, const struct seccomp_notif_sizes *kernels,
		struct lxc_request *ret_request, enum lxc_form *ret_form);

/**
 * lxc_reply() - answer a request
 *
 * Does not wait: a monitor that hears has room for the one reply that it waits for.
 *
 * Return: 0, also when the monitor has gone; -EAGAIN when it does not hear; -errno of send(2).
 */
int lxc_reply(int connection, const struct lxc_message *message, const struct outcome *outcome,
	      const struct seccomp_notif_sizes *kernels);

/** lxc_request_done() - close its descriptors, which can take as long as the monitor likes (base/closer.h) */
void lxc_request_done(struct lxc_request *request);

#endif
