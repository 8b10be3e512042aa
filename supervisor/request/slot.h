/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_REQUEST_SLOT_H
#define NSXATTR_REQUEST_SLOT_H

/*
 * A request in hand, as far as it outlives the process: it lies in the journal (keep/journal.h), whose format it
 * is. The next worker, or the next program, goes on with what is in @notification, from where @effect says. Nothing
 * in it is a pointer; what only one process knows of the request is in struct reception, of request/reception.h.
 */

#include <linux/seccomp.h>
#include <stdatomic.h>
#include <stdint.h>

#include "exec/effect.h"

/** struct slot - one notification, and how far it has come; keep/layout.c asserts the place of each member */
struct slot {
	struct seccomp_notif notification; /* id 0: nothing was received */
	int source; /* a descriptor, by which the engine knows the source again */
	int listener; /* knows whether the target still waits; borrowed; -1: none */
	struct effect effect;
	/* For a source whose sender gives up some day, and takes what comes then for another answer: */
	uint64_t received_at; /* CLOCK_MONOTONIC, milliseconds */
	atomic_bool is_answered; /* or about to be */
};

#endif
