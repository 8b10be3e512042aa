/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_KEEP_JOURNAL_H
#define NSXATTR_KEEP_JOURNAL_H

/*
 * What outlives a worker (keep/keeper.h): memory that it shares with its keeper, and with the next
 * worker. It has the requests in hand, and which descriptors are to stay open.
 *
 * The kernel writes a notification straight into its slot, so that there is no moment at which one is
 * received but not written down. Each line is a moment at which a worker can die:
 *
 *	in the slot			what is so		what the next worker does
 *	id 0				nothing was received	nothing
 *	an id, EFFECT_NONE		nothing was changed	walks the request from its beginning
 *	an id, EFFECT_BEGUN		a change may be made	looks at the inode, whose descriptor is
 *								open; then as one of the two others
 *	an id, EFFECT_MADE		the change is made	answers 0
 *	an id that was answered		nobody waits		one of these; the answer reaches nobody,
 *								and no change is made by it, for the
 *								target does not wait in it any more
 *
 * A slot is emptied by the worker that has answered; a new worker takes over those that are not empty
 * before it receives anything.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "request/request.h"

#define JOURNAL_SLOTS_MAX 4096
#define JOURNAL_KEPT_MAX 16384
#define JOURNAL_RECORD_SIZE 512

struct journal;

enum kept_kind {
	KEPT_NOTHING, /* the entry is free */
	KEPT_FOREVER, /* what each worker needs */
	KEPT_SOURCE, /* a source; its record says whose */
};

/** struct kept - a descriptor that stays open */
struct kept {
	_Atomic uint32_t kind;
	int fd;
	uint32_t record_size;
	char record[JOURNAL_RECORD_SIZE]; /* the keeper's caller's; nothing here reads it */
};

/** journal_new() - empty memory. Return: 0; -errno. */
int journal_new(struct journal **ret_journal);

/** journal_free() - unmap it; NULL is accepted. */
void journal_free(struct journal *journal);

/**
 * journal_keep() - a descriptor stays open when the worker dies
 * @fd: above 2; those up to 2 stay anyway
 * @kind: what it is
 * @record: @size bytes that a new worker gets with it, at most JOURNAL_RECORD_SIZE
 *
 * Return: 0; -ENOSPC.
 */
int journal_keep(struct journal *journal, int fd, enum kept_kind kind, const void *record,
		 size_t size);

/** journal_forget() - it does not any more; call this before it is closed. */
void journal_forget(struct journal *journal, int fd);

/** journal_keeps() - does this descriptor stay open? */
bool journal_keeps(struct journal *journal, int fd);

/** journal_next_kept() - step through them. @before: NULL: the first. Return: NULL: no more. */
struct kept *journal_next_kept(struct journal *journal, struct kept *before);

/**
 * journal_slot() - one of the slots
 *
 * Which of them are in use the worker knows; it takes low ones first, for those above the highest that
 * was ever taken cost nothing.
 *
 * Return: the slot; NULL if @index is not below JOURNAL_SLOTS_MAX.
 */
struct received *journal_slot(struct journal *journal, size_t index);

/** journal_slot_count() - Return: one more than the highest index that was ever taken. */
size_t journal_slot_count(const struct journal *journal);

/**
 * journal_inherit() - what a new worker does first
 *
 * Closes all descriptors but those that are kept and those of changes that may be made.
 *
 * Return: how many requests are in hand; -errno.
 */
int journal_inherit(struct journal *journal);

/** journal_conclude() - the worker is about to end, and no other shall follow. @status: for exit(3). */
void journal_conclude(struct journal *journal, int status);

/** journal_is_concluded() - Return: whether; @ret_status then. */
bool journal_is_concluded(const struct journal *journal, int *ret_status);

/** journal_set_serving() - the worker has come so far that it serves; or a new one has not yet. */
void journal_set_serving(struct journal *journal, bool is_serving);

/** journal_is_serving() - has the worker come so far? */
bool journal_is_serving(const struct journal *journal);

/** journal_set_clear() - the worker has answered all that it had inherited; or a new one has not yet. */
void journal_set_clear(struct journal *journal, bool is_clear);

/** journal_is_clear() - has it? If so, it is none of these requests that workers die of. */
bool journal_is_clear(const struct journal *journal);

/** journal_count_death() - one more worker has died. Return: how many have. */
unsigned long journal_count_death(struct journal *journal);

/** journal_deaths() - how many workers have died */
unsigned long journal_deaths(const struct journal *journal);

#endif
