/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BASE_AUDIT_LOG_H
#define NSXATTR_BASE_AUDIT_LOG_H

/*
 * Where the records of changes go: to systemd-journald, or as lines of JSON to a file. The keeper opens it, by its path;
 * each worker has a thread that writes.
 *
 *	who		does				and waits
 *	a request	put a record into the queue	for a lock that no thread waits with
 *	the thread	write the first record		for the disk, as long as that takes; for journald, at most
 *							AUDIT_PATIENCE a record
 *
 * So no call waits for the log. What the queue has no room for, what the file system refuses (it is full), and what journald does
 * not take is lost: it is counted, the numbers of records have a gap there, and a line of the log says so now and then.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/audit_queue.h"

/* The word for systemd-journald; anything else is a path. */
#define AUDIT_LOG_JOURNAL "journal"
/* Descriptors of it. */
#define AUDIT_LOG_FDS 2
/* Milliseconds. */
#define AUDIT_PATIENCE 100
/* Milliseconds between two lines about records that are lost. */
#define AUDIT_COMPLAINT 10000

struct audit_log;

/**
 * audit_log_open() - before privileges are given up
 * @where: AUDIT_LOG_JOURNAL; else a file, which is made if it is not there, for its owner alone
 *
 * Without a journald records are lost, see audit_log_is_there().
 *
 * Return: 0; -errno: it has been logged.
 */
int audit_log_open(const char *where, struct audit_log **ret_log);

/** audit_log_is_there() - false: there is no journald */
bool audit_log_is_there(const struct audit_log *log);

/** audit_log_name() - Return: where records go, as audit_log_open() was told; the log's. */
const char *audit_log_name(const struct audit_log *log);

/** audit_log_fds() - what each worker needs of it; -1: nothing. @log: NULL: nothing */
void audit_log_fds(const struct audit_log *log, int ret_fds[AUDIT_LOG_FDS]);

/** audit_log_free() - by a process that has not started it, or for which it has ended. NULL is accepted. */
void audit_log_free(struct audit_log *log);

/* ---- in a worker ---- */

/** audit_log_begin() - this process is the one that writes; before its first child */
void audit_log_begin(struct audit_log *log);

/** audit_log_start() - start the thread. Return: 0; -errno. */
int audit_log_start(struct audit_log *log);

/**
 * audit_log_put() - any thread may
 * @record: complete but for its number
 * @noted: in memory that outlives the process: becomes the low half of record->request, unless the record is of a failure.
 *         When the process dies in between, the next one knows by audit_log_was_last()
 */
void audit_log_put(struct audit_log *log, struct audit_record *record, uint32_t *noted);

/** audit_log_was_last() - as audit_queue_was_last(); any thread may */
bool audit_log_was_last(const struct audit_log *log, uint64_t request);

/** audit_log_reopen() - another program may have given the file another name: have one made under its own */
void audit_log_reopen(struct audit_log *log);

/** audit_log_count() - any thread may. */
void audit_log_count(const struct audit_log *log, struct audit_counts *ret_counts);

/**
 * audit_log_stop() - no record comes any more: write those that are in the queue, if that takes no longer than a moment
 *
 * Return: whether the thread has ended; if not, the log is the process's to release, at its end.
 */
bool audit_log_stop(struct audit_log *log);

#endif
