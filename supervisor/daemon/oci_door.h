/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_DAEMON_OCI_DOOR_H
#define NSXATTR_DAEMON_OCI_DOOR_H

/* The socket at which OCI runtimes hand over listeners. */

#include "daemon/door.h"

struct oci_message;

/** struct oci_door - the socket; begins with zeroes but for what is the caller's */
struct oci_door {
	struct door door; /* of it: loop, guests, closer, refusals, listening, procfs */
	/* @listener is taken over. @message is there until the return. */
	void (*arrived)(void *place, uid_t uid, const struct oci_message *message, int listener);
	void *place;
	struct oci_guest *first; /* whose message is not whole yet */
};

/** oci_door_open() - Return: 0; -errno. */
int oci_door_open(struct oci_door *door);

#endif
