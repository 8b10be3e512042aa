/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_INTEGRITY_MEASUREMENTS_H
#define NSXATTR_INTEGRITY_MEASUREMENTS_H

/*
 * The measurement list of a container: what was executed and mapped executable, in the order in which it came, and
 * the registers that the entries extend (integrity/pcrs.h).
 *
 * It outlives the worker, as the journal does: it lies in a memfd (memfd_create(2)) whose size no process can
 * change, with the kernel's binary form of the list in it, and in front of that two copies of what is so: how many
 * entries, bytes, violations there are, and the registers. A counter says which copy counts. To append is to write
 * the entry behind the last one, then the other copy, and then to count on, in one store:
 *
 *	the worker dies			what the next one finds
 *	before that store		the list as it was; what was written counts for nothing
 *	after it			the list and the registers with the entry
 *
 * Nothing below the counted bytes ever changes, so that a reader needs no lock, may be another process, and may
 * stop for as long as it likes. One process at a time appends: the worker. The next one begins when no
 * thread of the one before can run any code (keep/keeper.h), so that the writers' lock is of one process, and the
 * end of a process is the end of its lock. All threads of the process may append.
 *
 * As in the kernel, what is in the list already is not appended again. (It compares digests; here the entries
 * themselves are compared. It appends a violation again when there is a writer anew; here a path has one.) Which entries there are each process learns from the list.
 *
 * A list that is full stays as it is: the registers go on, and what is missing is counted. It is full when it has
 * its entries, or MEASUREMENTS_ENTRY_SIZE bytes for each of them, or when there is no memory for another step.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "integrity/crypto.h"
#include "integrity/measurement.h"
#include "integrity/pcrs.h"

#define MEASUREMENTS_ENTRY_SIZE \
	1024 /* of an entry, for the size of the list; an entry may have more */
#define MEASUREMENTS_STEP 65536 /* bytes by which its memory grows */

struct measurements;

enum measurements_result {
	MEASUREMENT_ADDED = 1,
	MEASUREMENT_KNOWN, /* it is in the list already */
	MEASUREMENT_MISSED, /* the list is full: the registers went on, and it was counted */
};

/** struct measurements_state - what is so at one moment */
struct measurements_state {
	uint64_t count; /* of entries */
	uint64_t size; /* of the list, in bytes */
	uint64_t violations; /* of them, those that are missing included */
	uint64_t missed; /* entries that a full list has not */
	struct pcrs pcrs; /* with the missing ones */
};

/** struct measurements_view - the list at one moment */
struct measurements_view {
	struct measurements_state state;
	const uint8_t *
		bytes; /* state.size, in the kernel's binary form; the list's, and stay as they are */
};

/**
 * measurements_new() - a list with its first entry, boot_aggregate
 * @crypto: of the calling thread
 * @template: of the first entry
 * @entries: the most that it may have, from 1 to INTEGRITY_ENTRIES_MAX
 * @aggregate: SHA-256 of what the list begins with, see measurements_aggregate()
 *
 * Return: 0; -EINVAL: so many entries cannot be; -errno.
 */
int measurements_new(struct crypto *crypto, enum integrity_template template, size_t entries,
		     const uint8_t aggregate[], struct measurements **ret_measurements);

/**
 * measurements_open() - the list that another process has made
 * @fd: of measurements_fd(): the list's from now on, on success
 *
 * Return: 0; -EINVAL: there is no list in it, or one of another version; -errno.
 */
int measurements_open(int fd, struct measurements **ret_measurements);

/**
 * measurements_open_to_read() - the same, to look at it; nothing can be appended
 * @fd: open for reading will do
 */
int measurements_open_to_read(int fd, struct measurements **ret_measurements);

/** measurements_free() - unmap and close it; NULL is accepted. */
void measurements_free(struct measurements *measurements);

static inline void cleanup_measurements(struct measurements **measurements)
{
	measurements_free(*measurements);
}

#define _cleanup_measurements_ __attribute__((cleanup(cleanup_measurements)))

/** measurements_leave() - unmap it; its descriptor stays open, for another process that goes on with the list */
void measurements_leave(struct measurements *measurements);

/** measurements_fd() - Return: the memfd; the list's. */
int measurements_fd(const struct measurements *measurements);

/** measurements_keep_from_children() - a child of fork(2) has no part in this memory */
void measurements_keep_from_children(struct measurements *measurements);

/** struct measurements_part - a file whose bytes the container's judgements depend on */
struct measurements_part {
	const void *bytes;
	size_t size;
};

/**
 * measurements_aggregate() - the digest of boot_aggregate
 * @parts: the policy, then each key in the policy's order
 * @ret_digest: SHA-256 of the SHA-256 digests of the parts, one behind the other
 *
 * Return: 0; -ENOMEM.
 */
int measurements_aggregate(struct crypto *crypto, const struct measurements_part *parts,
			   size_t count, uint8_t ret_digest[]);

/**
 * measurements_append() - measure something. Any thread may.
 * @crypto: of the calling thread
 * @measurement: what
 *
 * Return: an enum measurements_result; -ENOMEM, -E2BIG: nothing was measured.
 */
int measurements_append(struct measurements *measurements, struct crypto *crypto,
			const struct measurement *measurement);

/**
 * measurements_bar() - let no thread append any more, or again
 *
 * When it returns, no append is under way, and another process may be the one that appends. A thread that wants to
 * waits.
 */
void measurements_bar(struct measurements *measurements, bool is_barred);

/** measurements_look() - what is so now. Any thread may, and any process. */
void measurements_look(const struct measurements *measurements, struct measurements_view *ret_view);

#endif
