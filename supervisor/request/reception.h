/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_REQUEST_RECEPTION_H
#define NSXATTR_REQUEST_RECEPTION_H

/* A notification: what of it outlives this process, and what does not. */

#include <linux/seccomp.h>
#include <stdatomic.h>
#include <stdint.h>

#include "exec/changes.h"
#include "exec/effect.h"

struct witness;

/**
 * struct slot - one notification, and how far it has come
 *
 * It lies where it outlives the process (keep/journal.h): the next one goes on with what is in
 * @notification, from where @effect says. So nothing in it is a pointer.
 */
struct slot {
	struct seccomp_notif notification; /* id 0: nothing was received */
	int source; /* a descriptor, by which the engine knows the source again */
	int listener; /* knows whether the target still waits; borrowed; -1: none */
	struct effect effect;
	/* For a source whose sender gives up some day, and takes what comes then for another answer: */
	uint64_t received_at; /* CLOCK_MONOTONIC, milliseconds */
	atomic_bool is_answered; /* or about to be */
};

/** struct reception - a notification in the hands of this process, and what only this process knows of it */
struct reception {
	struct slot *slot;
	const struct witness *witness; /* has to agree, or there is no listener; NULL: none */
	void *place; /* the source's own */
	/* The request is about to wait for another target, whose own call may come next; NULL: it matters not. */
	void (*wait_begins)(void *server);
	void *server;
	struct change change;
};

#endif
