/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_REQUEST_RECEPTION_H
#define NSXATTR_REQUEST_RECEPTION_H

/* A notification in the hands of this process. What of it outlives the process is in its slot. */

#include <stdatomic.h>
#include <stdint.h>

#include "exec/changes.h"
#include "request/slot.h"

struct witness;

/** struct reception - what only this process knows of it */
struct reception {
	struct slot *slot;
	const atomic_bool
		*is_barred; /* no change is to be begun: effect_begin() waits; NULL: never */
	const struct witness *witness; /* has to agree, or there is no listener; NULL: none */
	void *place; /* the source's own */
	uint64_t began; /* when it was walked first: CLOCK_MONOTONIC, microseconds */
	uint64_t took; /* until its outcome was known: microseconds */
	/*
	 * The request is about to wait for what may never come, or comes only after another call was answered:
	 * the server lets another one receive. NULL: it need not be told.
	 */
	void (*wait_begins)(void *server);
	void *server;
	struct change change;
};

#endif
