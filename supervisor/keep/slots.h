/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_KEEP_SLOTS_H
#define NSXATTR_KEEP_SLOTS_H

/*
 * Which slots of the journal are in use, and what this process knows of the request in each: nothing that is
 * in the journal, which other processes have too, is a pointer. A worker that has died leaves slots with
 * requests in them; the servers of the next one take these before they receive anything.
 *
 * Nothing here locks: the engine does.
 */

#include <stddef.h>

#include "keep/journal.h"
#include "request/reception.h"

enum slot_use {
	SLOT_FREE,
	SLOT_TAKEN, /* by a server */
	SLOT_INHERITED, /* from a worker that has died, or another program */
};

/** struct slots - in the engine; the journal is borrowed, and outlives it */
struct slots {
	struct journal *journal;
	enum slot_use uses[JOURNAL_SLOTS_MAX];
	struct reception receptions[JOURNAL_SLOTS_MAX];
	size_t first_free; /* none below it is */
};

/** slots_init() - @slots is zeroed; what has a request in it was left by a worker that has died */
void slots_init(struct slots *slots, struct journal *journal);

/** slots_take() - Return: a free one, which is the caller's now; NULL: there is none. */
struct reception *slots_take(struct slots *slots);

/** slots_import() - a request that another program had in hand. Return: its slot, as an inherited one; NULL: none is free. */
struct reception *slots_import(struct slots *slots, const struct slot *left);

/** slots_take_inherited() - Return: one of this source, which is the caller's now; NULL: there is none. */
struct reception *slots_take_inherited(struct slots *slots, int source);

/** slots_release() - it is free again; NULL is accepted. */
void slots_release(struct slots *slots, const struct reception *reception);

/**
 * slots_next_inherited() - step through those that are inherited
 * @before: NULL: the first
 *
 * Return: the next one; NULL: there is none.
 */
struct reception *slots_next_inherited(struct slots *slots, const struct reception *before);

#endif
