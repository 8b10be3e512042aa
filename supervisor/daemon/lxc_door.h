/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_DAEMON_LXC_DOOR_H
#define NSXATTR_DAEMON_LXC_DOOR_H

/* The socket to which monitors of LXC connect. */

#include "daemon/door.h"

struct estate;
struct lxc_greeting;
struct source;

/** struct lxc_door - the socket; begins with zeroes but for what is the caller's */
struct lxc_door {
	struct door door; /* of it: loop, guests, closer, refusals, listening, procfs */
	struct estate *estate; /* who has come in is left to a successor */
	/* @source is taken over if it is served. @greeting is there until the return. Return: whether. */
	bool (*arrived)(void *place, const struct lxc_greeting *greeting, struct source *source);
	void *place;
	struct lxc_guest *first; /* whose container has called nothing yet */
};

/** lxc_door_open() - those that a predecessor has let in are in. Return: 0; -errno. */
int lxc_door_open(struct lxc_door *door);

#endif
