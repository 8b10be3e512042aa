/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_KEEP_JOURNAL_H
#define NSXATTR_KEEP_JOURNAL_H

/*
 * What outlives a worker (keep/keeper.h): memory that the worker shares with its keeper and with the next
 * worker. It has a slot for each request in hand, and an entry for each descriptor that stays open.
 *
 * The kernel writes a notification straight into its slot, so there is no moment at which a request is
 * received but not written down. Each line is a moment at which a worker can die:
 *
 *	in the slot			what is so		what the next worker does
 *	id 0				nothing was received	nothing
 *	an id, EFFECT_NONE		nothing was changed	walks the request from its beginning
 *	an id, EFFECT_BEGUN		a change may be made	waits until the thread that makes it has
 *								ended; looks at the inode, whose
 *								descriptor is open; then as in one of
 *								the two other lines
 *	an id, EFFECT_MADE		the change is made	answers 0
 *	an id that was answered		the target goes on	as in one of these lines: the answer reaches
 *								no target, and no change is made, for the
 *								target does not wait in that call any more
 *
 * The worker that has answered a request empties its slot; a new worker answers the requests in the other
 * slots before it receives anything.
 *
 * The memory is a memfd (memfd_create(2)), so that a service manager can store it for the next program. A
 * program that takes over from one that lives gets a copy (keep/offer.h). The memory begins with what all
 * versions of the program understand: struct journal_head says where the other parts are, and in which format
 * the slots.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "request/slot.h"

#define JOURNAL_SLOTS_MAX 18432
#define JOURNAL_ENTRIES_MAX 20480
#define JOURNAL_RECORD_SIZE 512

#define JOURNAL_MAGIC "nsxattrJ"
/* Of struct slot and what it contains: another layout (keep/layout.c) is another number. */
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
	uint64_t entry_size;
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
	ENTRY_FREE = 0,
	ENTRY_OWN = 1, /* this program's own: another program opens one for itself */
	ENTRY_SOURCE = 2, /* of a source; its record says of which container */
	ENTRY_CONNECTION = 3, /* of a peer that has not sent yet of which container it is */
	ENTRY_POLICY = 4, /* a file with the policy of sources */
	ENTRY_MEASUREMENTS = 5, /* the measurement list of a container */
	ENTRY_GATE = 6, /* of a gate, which is another program's if it was imported */
	ENTRY_FENCE = 7, /* verdicts for a gate, or the user namespace that has to pass it */
	ENTRY_REVOKED = 8, /* the keys that are revoked */
	ENTRY_LIFE =
		9, /* of a process with which a container ends; its record is as that of a source */
	ENTRY_SHUT =
		10, /* a user namespace in which nothing is to be executed: its container is not served */
};

/** struct entry - a descriptor that stays open */
struct entry {
	_Atomic uint32_t kind;
	int fd;
	uint64_t serial; /* no other entry has ever had it, in journals that follow each other either */
	uint32_t record_size;
	char record[JOURNAL_RECORD_SIZE]; /* of the caller of journal_keep(); keep/ does not read it */
};

/** journal_new() - empty memory. Return: 0; -errno. */
int journal_new(struct journal **ret_journal);

/** journal_new_alone() - the same, without a descriptor: no process shall follow. Return: 0; -errno. */
int journal_new_alone(struct journal **ret_journal);

/** journal_free() - unmap and close it; NULL is accepted. */
void journal_free(struct journal *journal);

/** journal_fd() - Return: the memfd; the journal's. */
int journal_fd(const struct journal *journal);

/** journal_head() - Return: its beginning; the journal's. */
struct journal_head *journal_head(struct journal *journal);

/* ---- entries ---- */

/**
 * journal_keep() - a descriptor stays open when the worker dies
 * @fd: above 2; those up to 2 stay anyway. If it has an entry, that gets another kind and record
 * @kind: what it is
 * @record: @size bytes that a new worker gets with it
 * @ret_serial: of the entry; NULL is accepted
 *
 * Return: 0; -ENOSPC: there is no free entry; -E2BIG: @size is above JOURNAL_RECORD_SIZE.
 */
int journal_keep(struct journal *journal, int fd, enum entry_kind kind, const void *record,
		 size_t size, uint64_t *ret_serial);

/** journal_keep_own() - the same for one that is ENTRY_OWN, and has no record */
int journal_keep_own(struct journal *journal, int fd);

/**
 * journal_import() - the same for a descriptor that another program had
 * @old: its entry in the journal of that program, without the number
 *
 * Return: 0; -ENOSPC.
 */
int journal_import(struct journal *journal, int fd, const struct entry *old);

/**
 * journal_forget() - it does not stay open any more; one without an entry is accepted
 *
 * Comes before the descriptor is closed, since its number may be another's at once: see journal_close().
 */
void journal_forget(struct journal *journal, int fd);

/** journal_close() - forget it, then close it. @fd: -1 afterwards */
void journal_close(struct journal *journal, int *fd);

/**
 * journal_reserve() - let low numbers be ours
 *
 * From then on no descriptor that is opened or received has a number below FORKER_TABLE, of base/forker.h.
 *
 * Return: 0; -ENOSPC; -errno.
 */
int journal_reserve(struct journal *journal);

/** journal_find() - Return: the entry of a descriptor; NULL: it has none. */
const struct entry *journal_find(const struct journal *journal, int fd);

/** journal_find_serial() - Return: the entry with this serial; NULL: there is none. */
const struct entry *journal_find_serial(const struct journal *journal, uint64_t serial);

/** journal_next_entry() - step through those that are not free. @before: NULL: the first. Return: NULL: no more. */
const struct entry *journal_next_entry(const struct journal *journal, const struct entry *before);

/** journal_next_of() - the same with those of one kind */
const struct entry *journal_next_of(const struct journal *journal, enum entry_kind kind,
				    const struct entry *before);

/**
 * journal_read_record() - what lies with an entry, which another version may have kept
 * @ret_record: as much of it as both know; the rest is zero
 * @size: of @ret_record
 */
void journal_read_record(const struct entry *entry, void *ret_record, size_t size);

/* ---- slots ---- */

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

/** journal_keep_from_children() - a child of fork(2) has no part in this memory */
void journal_keep_from_children(struct journal *journal);

/* ---- what the processes of one program tell each other ---- */

enum journal_flag {
	JOURNAL_IMPORTED, /* all that the program before has left is in this journal */
	JOURNAL_SERVING, /* the worker has come so far that it serves */
	JOURNAL_CLEAR, /* it has answered all that it inherited: it is none of these requests that workers die of */
	/*
	 * A worker is about to list the descriptors that the one before has left. The keeper opens nothing until it
	 * has: in the table that they share that would count as left, and its number be closed when it is another's.
	 */
	JOURNAL_LISTING,
	JOURNAL_BARRED, /* no request in hand begins a change, see keep/offer.h */
	JOURNAL_CONCLUDED, /* see journal_conclude() */
	JOURNAL_FLAG_COUNT,
};

/** journal_set() - tell the others, and the workers that follow. At first none is set. */
void journal_set(struct journal *journal, enum journal_flag flag, bool is_set);

/** journal_is() - Return: whether it is set. */
bool journal_is(const struct journal *journal, enum journal_flag flag);

/** journal_flag() - Return: where it can be looked at; the journal's. */
const atomic_bool *journal_flag(const struct journal *journal, enum journal_flag flag);

/** journal_conclude() - the worker is about to end, and no other shall follow. @status: for exit(3). */
void journal_conclude(struct journal *journal, int status);

/** journal_status() - Return: what journal_conclude() was given; -EAGAIN: another worker shall follow. */
int journal_status(const struct journal *journal);

/** journal_count_death() - one more worker has died. Return: how many have. */
unsigned long journal_count_death(struct journal *journal);

/** journal_deaths() - how many workers have died */
unsigned long journal_deaths(const struct journal *journal);

/** journal_generation() - how many journals there were before this one, of other programs */
unsigned long journal_generation(const struct journal *journal);

/* ---- for keep/offer.h ---- */

/**
 * journal_copy() - what another program needs to know of a journal that is JOURNAL_BARRED
 * @ret_copy: it; its descriptor is a memfd that no process can write into or make of another size, and that can
 *            be sealed once more. journal_free() it.
 *
 * Return: 0; -errno.
 */
int journal_copy(const struct journal *journal, struct journal **ret_copy);

/** struct journal_offer - that another program may claim the sources, see keep/offer.h */
struct journal_offer {
	int copy; /* -1: none may */
	int successor; /* a pidfd of the one that may */
};

/** journal_set_offer() - it stays open when the worker dies. @offer: its descriptors are the journal's */
void journal_set_offer(struct journal *journal, const struct journal_offer *offer);

/** journal_offered() - Return: what was set last. */
struct journal_offer journal_offered(const struct journal *journal);

#endif
