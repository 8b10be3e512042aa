/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_KEEP_STARTER_H
#define NSXATTR_KEEP_STARTER_H

/*
 * The process from which a keeper has its workers. A worker needs capabilities and system calls that its
 * keeper does not, and can have neither from a parent that gave them up. So the keeper starts the starter
 * while it still has them; the starter makes each worker, as a copy of itself and as a child of the keeper,
 * and does nothing but wait between two of them. All three share one table of descriptors.
 *
 * The starter ends with the keeper. If it ends before, the keeper can have no other worker.
 */

#include <stdbool.h>
#include <sys/types.h>

struct journal;

/** struct starter - a starter, as its keeper knows it */
struct starter {
	pid_t pid;
	int channel; /* open as long as the table of descriptors is */
};

/** starter_work - what a worker does, in a process of its own; see keeper_config.work() */
typedef void starter_work(void *place, bool is_next);

/**
 * starter_begin() - start a starter, as a child of this process
 * @journal: keeps the descriptors between the two, whatever a worker closes
 * @work: what its workers do, with @place
 *
 * SIGCHLD has its default disposition.
 *
 * Return: 0; -errno of clone(2) or socketpair(2); -ENOSPC of the journal.
 */
int starter_begin(struct journal *journal, starter_work *work, void *place,
		  struct starter *ret_starter);

/**
 * starter_make_worker() - have a worker
 * @is_next: it is not the first
 * @ret_worker: it, a child of this process, and the leader of a process group of its own
 *
 * Return: 0; -errno of clone(2); -ECHILD: the starter has ended, or was killed because it gave no answer.
 */
int starter_make_worker(const struct starter *starter, bool is_next, pid_t *ret_worker);

/**
 * starter_end_group() - have SIGKILL sent to what is in the process group of the last worker
 *
 * To be called before that worker is reaped, so that no other process has its number. A starter that has ended
 * sends nothing.
 */
void starter_end_group(const struct starter *starter);

#endif
