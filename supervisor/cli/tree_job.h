/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_CLI_TREE_JOB_H
#define NSXATTR_CLI_TREE_JOB_H

/* Work on the stored values of whole trees, from the host: what the kinds of nsxattr tree have in common. */

#include <stdbool.h>
#include <stdint.h>

#include "exec/performer.h"
#include "name.h"

/** struct tree_value - a value that lies on an inode of the tree */
struct tree_value {
	const char *path; /* of the inode */
	const struct performer *performer; /* of calls on the inode */
	const char *name; /* the stored one */
	enum store store; /* in which it is one */
	struct stored_name parts;
};

/** struct tree_job - a kind's work, on all trees that were named */
struct tree_job {
	bool crosses_mounts;
	/* What is done at each value. It may change the inode: the list was read before. */
	void (*visit)(struct tree_job *job, const struct tree_value *value);
	unsigned long inodes; /* that were visited */
	unsigned long holders; /* of them, those with a value for which visit() has set is_holder */
	bool is_holder;
	unsigned long failures; /* each has been logged */
};

/**
 * tree_job_run() - visit all values
 * @paths: the trees; NULL is the end
 *
 * It says on a terminal how far it has come.
 */
void tree_job_run(struct tree_job *job, char **paths);

/** tree_job_fail() - something could not be done: printf(3), without a newline */
void tree_job_fail(struct tree_job *job, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/** tree_job_print() - write a path or a name so that no byte of it steers a terminal */
void tree_job_print(const char *text, size_t length);

/** tree_job_end() - say what has failed. Return: the exit status. */
int tree_job_end(const struct tree_job *job);

#endif
