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
 *	an id, EFFECT_BEGUN		a change may be made	waits until the thread that makes it has
 *								ended; looks at the inode, whose
 *								descriptor is open; then as one of the
 *								two others
 *	an id, EFFECT_MADE		the change is made	answers 0
 *	an id that was answered		nobody waits		one of these; the answer reaches nobody,
 *								and no change is made by it, for the
 *								target does not wait in it any more
 *
 * A slot is emptied by the worker that has answered; a new worker takes over those that are not empty
 * before it receives anything.
 *
 * The memory is a memfd (memfd_create(2)), so that a service manager can store it for the next program; one
 * that takes over from a program that lives gets a copy (keep/offer.h). It begins with what all versions of
 * the program understand: struct journal_head says where the other parts are, and in which format the slots.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "request/request.h"

#define JOURNAL_SLOTS_MAX 18432
#define JOURNAL_ENTRIES_MAX 16384
#define JOURNAL_RECORD_SIZE 512

#define JOURNAL_MAGIC "nsxattrJ"
/* Of the slots, that is of struct slot and what it contains: another layout is another number. */
#define JOURNAL_FORMAT 4

struct journal;

/**
 * struct journal_head - the beginning of a journal in any format
 *
 * Neither this nor struct entry ever changes but by growing at the end. A slot of any format begins with
 * the kernel's struct seccomp_notif, and behind that the int by which its source is known.
 */
struct journal_head {
	char magic[8];
	uint32_t format; /* of the slots */
	uint32_t notification_size; /* with which a slot begins */
	uint64_t entries_offset; /* from the beginning of the memory, as slots_offset */
	uint64_t entry_size; /* of one */
	uint64_t slots_offset;
	uint64_t slot_size;
	_Atomic uint64_t entry_count; /* with those that are free again */
	_Atomic uint64_t slot_count; /* one more than the highest that was ever taken */
	_Atomic uint64_t serial; /* the last that an entry was given */
	uint64_t reserved; /* it had a meaning once */
	_Atomic uint64_t deaths; /* of workers */
	uint64_t generation; /* how many journals there were before this one */
};

/* Their numbers are part of what does not change. */
enum entry_kind {
	ENTRY_FREE = 0, /* the entry is free */
	ENTRY_OWN = 1, /* what each worker needs, and each program opens for itself */
	ENTRY_SOURCE = 2, /* a source; its record says whose */
	ENTRY_CONNECTION = 3, /* somebody who may become one */
	ENTRY_POLICY = 4, /* a file with what a source is served by */
};

/** struct entry - a descriptor that stays open */
struct entry {
	_Atomic uint32_t kind;
	int fd;
	uint64_t serial; /* no other entry has ever had it, in journals that follow each other either */
	uint32_t record_size;
	char record[JOURNAL_RECORD_SIZE]; /* the keeper's caller's; nothing here reads it */
};

/** journal_new() - empty memory. Return: 0; -errno. */
int journal_new(struct journal **ret_journal);

/** journal_withdraw() - nobody shall follow: it is memory as any other, and still empty. Return: 0; -errno. */
int journal_withdraw(struct journal *journal);

/** journal_free() - unmap and close it; NULL is accepted. */
void journal_free(struct journal *journal);

/** journal_fd() - Return: the memfd; the journal's. */
int journal_fd(const struct journal *journal);

/** journal_head() - Return: its beginning; the journal's. */
struct journal_head *journal_head(struct journal *journal);

/**
 * journal_keep() - a descriptor stays open when the worker dies
 * @fd: above 2; those up to 2 stay anyway
 * @kind: what it is
 * @record: @size bytes that a new worker gets with it, at most JOURNAL_RECORD_SIZE
 *
 * Return: the entry, the journal's; NULL: there is no room.
 */
const struct entry *journal_keep(struct journal *journal, int fd, enum entry_kind kind,
				 const void *record, size_t size);

/** journal_keep_again() - the same for an entry of a journal that this one follows. @old: without fd */
const struct entry *journal_keep_again(struct journal *journal, int fd, const struct entry *old);

/**
 * journal_settle_guest() - a guest has become a source
 *
 * There is no moment at which the descriptor is not kept.
 *
 * Return: the entry; NULL: it was not kept.
 */
const struct entry *journal_settle_guest(struct journal *journal, int fd, const void *record,
					 size_t size);

/** journal_forget() - it does not any more; call this before it is closed. */
void journal_forget(struct journal *journal, int fd);

/**
 * journal_reserve() - let low numbers be ours
 *
 * From then on no descriptor that is opened or received has a number below FORKER_TABLE, of base/forker.h.
 *
 * Return: 0; -ENOSPC; -errno.
 */
int journal_reserve(struct journal *journal);

/** journal_keep_from_children() - a child of fork(2) has no part in this memory */
void journal_keep_from_children(struct journal *journal);

/** journal_find() - Return: the entry of a descriptor that stays open; NULL: it does not. */
const struct entry *journal_find(struct journal *journal, int fd);

/** journal_next_entry() - step through them. @before: NULL: the first. Return: NULL: no more. */
struct entry *journal_next_entry(struct journal *journal, struct entry *before);

/**
 * journal_slot() - one of the slots
 *
 * Which of them are in use the worker knows; it takes low ones first, for those above the highest that
 * was ever taken cost nothing.
 *
 * Return: the slot; NULL if @index is not below JOURNAL_SLOTS_MAX.
 */
struct slot *journal_slot(struct journal *journal, size_t index);

/** journal_slot_count() - Return: one more than the highest index that was ever taken. */
size_t journal_slot_count(const struct journal *journal);

/** journal_count_in_hand() - Return: how many requests were received and are not answered. */
int journal_count_in_hand(const struct journal *journal);

/**
 * journal_inherit() - what a new worker does first, before it opens anything
 * @procfs: of proc_open(), borrowed
 * @ret_rest: descriptors that the dead worker has left open, and for which close(2) may wait (of files and
 *            sockets, which may be a peer's); the caller's, as is the memory
 * @ret_count: how many
 *
 * Closes all other descriptors but those that are kept, and those that requests in hand need: the inodes of
 * changes that may be made, and listeners.
 *
 * Return: how many requests are in hand; -errno.
 */
int journal_inherit(struct journal *journal, int procfs, int **ret_rest, size_t *ret_count);

/** journal_conclude() - the worker is about to end, and no other shall follow. @status: for exit(3). */
void journal_conclude(struct journal *journal, int status);

/** journal_is_concluded() - Return: whether; @ret_status then. */
bool journal_is_concluded(const struct journal *journal, int *ret_status);

/** journal_set_settled() - all that the one before had left is in this journal */
void journal_set_settled(struct journal *journal);

/** journal_is_settled() - is it? */
bool journal_is_settled(const struct journal *journal);

/** journal_set_serving() - the worker has come so far that it serves; or a new one has not yet. */
void journal_set_serving(struct journal *journal, bool is_serving);

/** journal_is_serving() - has the worker come so far? */
bool journal_is_serving(const struct journal *journal);

/** journal_set_clear() - the worker has answered all that it had inherited; or a new one has not yet. */
void journal_set_clear(struct journal *journal, bool is_clear);

/**
 * journal_set_listing() - a worker is about to list the descriptors that the one before has left, or has done so
 *
 * What the keeper opened meanwhile, in the table that they share, would count as left, and its number be closed
 * when it is another descriptor's.
 */
void journal_set_listing(struct journal *journal, bool is_listing);

/** journal_is_listing() - is the keeper to open nothing? */
bool journal_is_listing(const struct journal *journal);

/** journal_is_clear() - has it? If so, it is none of these requests that workers die of. */
bool journal_is_clear(const struct journal *journal);

/**
 * journal_bar() - no request in hand begins a change any more; or may again
 *
 * What was begun before may still be made. To be called when nothing more is received.
 */
void journal_bar(struct journal *journal, bool is_barred);

/**
 * journal_copy() - what another program needs to know of a journal that is barred
 * @ret_copy: it; its descriptor is a memfd that nobody can write into or make of another size, and that can
 *            be sealed once more. journal_free() it.
 *
 * Return: 0; -errno.
 */
int journal_copy(const struct journal *journal, struct journal **ret_copy);

/** struct journal_offer - that another program may take over */
struct journal_offer {
	int copy; /* -1: nobody may */
	int successor; /* a pidfd of the one that may */
};

/** journal_set_offer() - it stays open when the worker dies. @offer: its descriptors are the journal's */
void journal_set_offer(struct journal *journal, const struct journal_offer *offer);

/** journal_offered() - Return: what was set last. */
struct journal_offer journal_offered(const struct journal *journal);

/** journal_count_death() - one more worker has died. Return: how many have. */
unsigned long journal_count_death(struct journal *journal);

/** journal_deaths() - how many workers have died */
unsigned long journal_deaths(const struct journal *journal);

#endif
