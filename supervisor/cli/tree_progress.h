/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_CLI_TREE_PROGRESS_H
#define NSXATTR_CLI_TREE_PROGRESS_H

/*
 * How far a job on trees has come, for who watches on a terminal. A thread counts what there is, by the directories
 * alone, which is many times as quick as the job; as soon as it is done, the remaining time is known.
 */

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/** struct tree_progress - all of it private, but for what tree_progress_begin() is given */
struct tree_progress {
	pthread_mutex_t *lock; /* of standard error */
	const atomic_ulong *done;
	int directory; /* where @paths begin */
	char **paths;
	bool crosses_mounts;

	uint64_t began;
	bool is_shown; /* there is something to clear */
	bool is_over;
	pthread_cond_t is_changed;
	atomic_ulong total;
	atomic_bool is_counted, is_ended;
	bool has_counter, has_shower;
	pthread_t counter, shower;
};

/** tree_progress_begin() - show it from now on, if standard error is a terminal. Return: whether it is. */
bool tree_progress_begin(struct tree_progress *progress);

/** tree_progress_clear() - make room for a message; with the lock. NULL is accepted. */
void tree_progress_clear(struct tree_progress *progress);

/** tree_progress_end() - show it no more */
void tree_progress_end(struct tree_progress *progress);

/** tree_progress_write() - the line, of at most @size bytes with its NUL. @total: 0: not known */
void tree_progress_write(char *line, size_t size, unsigned long done, unsigned long total,
			 uint64_t milliseconds);

#endif
