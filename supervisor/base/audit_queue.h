/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BASE_AUDIT_QUEUE_H
#define NSXATTR_BASE_AUDIT_QUEUE_H

/*
 * Records that wait to be written (base/audit_log.h). The queue lies in memory that outlives a worker: the next one goes on
 * with what the dead one has left, and with its numbers. It has a fixed size. What has no room is lost, and counted.
 *
 *	a worker dies			what the next one finds
 *	while it puts a record		the queue without it; the call is not answered yet
 *	while it writes a record	the record: it may be written twice, with one number
 *
 * The room is a pool as others are (base/share.h): what one container leaves no room for are records of its own.
 *
 * The caller's threads have a lock. Only one process at a time uses a queue.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/audit_record.h"

#define AUDIT_QUEUE_BLOCKS 4096
#define AUDIT_QUEUE_BLOCK 256 /* bytes */

struct audit_queue;

/** struct audit_counts - what became of records so far */
struct audit_counts {
	uint64_t written;
	uint64_t lost;
	uint64_t waiting;
};

/** struct audit_taken - a record that was taken, and its texts */
struct audit_taken {
	struct audit_record record;
	char bytes[AUDIT_TEXTS_MAX];
};

/** audit_queue_new() - an empty one, which children of fork(2) share. Return: 0; -errno. */
int audit_queue_new(struct audit_queue **ret_queue);

/** audit_queue_free() - NULL is accepted. */
void audit_queue_free(struct audit_queue *queue);

/**
 * audit_queue_begin() - this process is the one that uses it; a child of fork(2) from now on has no part in it
 *
 * What the one before has left is checked: records from the first one on that is not sound are lost, and numbers that it has
 * used for none are, too.
 */
void audit_queue_begin(struct audit_queue *queue);

/** audit_queue_put() - @record: gets its number. Return: whether there is room; if not, it is lost. */
bool audit_queue_put(struct audit_queue *queue, struct audit_record *record);

/**
 * audit_queue_was_last() - had the process before put a record of this request last, and of one that is done? It may have
 * died right behind that.
 */
bool audit_queue_was_last(const struct audit_queue *queue, uint64_t request);

/** audit_queue_look() - copy the first one, which stays. Return: whether there is one. */
bool audit_queue_look(const struct audit_queue *queue, struct audit_taken *ret_taken);

/** audit_queue_drop() - the first one leaves, @taken, which was looked at. @is_written: if not, it is lost */
void audit_queue_drop(struct audit_queue *queue, const struct audit_taken *taken, bool is_written);

/** audit_queue_torn() - Return: whether the last line of the file may have no end; the caller's to use, and kept as records are */
atomic_bool *audit_queue_torn(struct audit_queue *queue);

/** audit_queue_count() - any thread may, without the lock. */
void audit_queue_count(const struct audit_queue *queue, struct audit_counts *ret_counts);

#endif
