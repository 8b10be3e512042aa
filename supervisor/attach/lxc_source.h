/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_ATTACH_LXC_SOURCE_H
#define NSXATTR_ATTACH_LXC_SOURCE_H

/*
 * A connection of an LXC monitor as a source of notifications.
 *
 *	state		may be called					must not
 *	new		lxc_source_greet() when it is readable		receive()
 *	greeted		all that keep/source.h says			lxc_source_greet()
 *
 * A monitor connects when its container starts and may say nothing for as long as the container calls
 * nothing that concerns us. One whose connection was closed meanwhile connects again by itself when it
 * has something to say.
 */

#include "attach/lxc_verify.h"
#include "keep/source.h"

/** struct lxc_greeting - what the first request of a connection tells */
struct lxc_greeting {
	uid_t uid; /* who runs the monitor */
	char container[LXC_NAME_MAX + 1]; /* its name */
	pid_t process; /* one in the container's user namespace, for show */
	pid_t init; /* its number, by the word of the peer */
	int life; /* lxc_verify_init(): the receiver's, if it is a descriptor */
	char policy[LXC_COOKIE_MAX + 1]; /* that it wants; "": none was named */
};

#define LXC_REASON_SIZE 160

/**
 * lxc_source_new() - serve a connection
 * @connection: accepted from the LXC socket; the source's on success
 * @procfs: of proc_open(), borrowed
 * @ret_source: the source; source_free() it, or give it to engine_serve()
 *
 * Return: 0; -EPERM when the peer is in another user namespace; -ESRCH when it has ended; -errno.
 */
int lxc_source_new(int connection, int procfs, struct source **ret_source);

/**
 * lxc_source_greet() - look at the first request, which stays to be received
 * @source: of lxc_source_new()
 * @ret_greeting: LXC_RECEIVED
 * @ret_reason: LXC_REFUSED: for the log, a sentence without a period
 *
 * Does not wait for a request, but can take as long as the peer likes all the same (base/closer.h).
 *
 * Return: an enum lxc_receive_result, LXC_NOTHING also when the call waits no more; -errno of the socket.
 */
int lxc_source_greet(struct source *source, struct lxc_greeting *ret_greeting,
		     char ret_reason[LXC_REASON_SIZE]);

#endif
