/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_CLI_TREE_JOB_H
#define NSXATTR_CLI_TREE_JOB_H

/*
 * Work on the values of whole trees, from the host: what the kinds of nsxattr tree have in common. Several threads
 * visit at a time. An inode with several names is visited once.
 */

#include <linux/limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "exec/performer.h"
#include "file_capability.h"
#include "name.h"

struct json_object;
struct tree_entry;
struct tree_progress;

enum tree_value_kind {
	TREE_STORED, /* a namespace's, under a stored name */
	TREE_CAPABILITY, /* a namespace's security.capability, as the kernel keeps it */
	TREE_PLAIN, /* the host's */
};

/** struct tree_room - what a thread has for itself */
struct tree_room {
	bool is_holder; /* the inode counts among those with values */
	char list[XATTR_LIST_MAX];
	char value[XATTR_SIZE_MAX];
	char other[XATTR_SIZE_MAX];
};

/** struct tree_value - a value that lies on an inode of the tree */
struct tree_value {
	const char *path; /* of the inode */
	const struct performer *performer; /* of calls on the inode */
	enum tree_value_kind kind;
	const char *name; /* as it is on the inode */
	enum store store; /* of TREE_STORED: in which it is one */
	struct stored_name parts; /* of TREE_PLAIN: the base alone */
	/* Of TREE_CAPABILITY: what was read, once, and so told whose it is. */
	uint8_t capability[FILE_CAPABILITY_SIZE];
	struct tree_room *room;
};

/** struct tree_inode - an inode, for a kind that takes all of it */
struct tree_inode {
	const struct tree_entry *entry;
	const struct performer *performer;
	struct tree_room *room;
	size_t length; /* of room->list */
};

#define TREE_NAMES_MAX 64

/** struct tree_job - a kind's work, on all trees that were named */
struct tree_job {
	bool crosses_mounts;
	bool is_json;
	bool takes_plain; /* the host's values come, too */
	bool takes_all; /* inodes without values come, too, and by each of their names; by one thread */
	const char *names[TREE_NAMES_MAX]; /* globs of base names; without one: all */
	size_t name_count;
	/* What is done at each value. It may change the inode: the list was read before. */
	void (*visit)(struct tree_job *job, const struct tree_value *value);
	/* Or at each inode. */
	void (*visit_inode)(struct tree_job *job, const struct tree_inode *inode);

	atomic_ulong inodes; /* that were visited */
	atomic_ulong holders; /* of them, those with a value for which a visit has set is_holder */
	atomic_ulong values; /* that the kind has counted */
	atomic_ulong conflicts; /* the same */
	atomic_ulong failures; /* each has been logged */
	pthread_mutex_t lock; /* of what a visit changes or writes that is not its thread's own */
	struct tree_progress *progress; /* NULL: none is shown */
};

/* The rows of all kinds; @job is the first member of the structure that the others store into. */
#define TREE_JOB_ROWS                                                                   \
	{ "name", 0, "NAME", "only this attribute; NAME*: those that begin so",         \
	  PARSED_BY(tree_job_add_name) },                                               \
	{                                                                               \
		"cross-mounts", 0, NULL, "what is mounted within a tree belongs to it", \
			INTO_FLAG(struct tree_job, crosses_mounts)                      \
	}
#define TREE_JSON_ROW                                                                   \
	{                                                                               \
		"json", 0, NULL, "tell it as JSON", INTO_FLAG(struct tree_job, is_json) \
	}

/** tree_job_add_name() - of an option. Return: NULL; what is wrong with it. */
const char *tree_job_add_name(void *request, const char *name);

/** tree_job_wants() - does the job take this base name? */
bool tree_job_wants(const struct tree_job *job, const char *base, size_t length);

/** tree_job_begin() - before a job that does not run: prepare for what it writes */
void tree_job_begin(struct tree_job *job);

/** tree_job_trim() - take the slashes off a tree's path: with them, a symbolic link would mean what it leads to */
void tree_job_trim(char *path);

/**
 * tree_job_run() - visit all values
 * @paths: the trees; NULL is the end; each is trimmed
 *
 * It says on a terminal how far it has come.
 */
void tree_job_run(struct tree_job *job, char **paths);

/**
 * tree_inode_next() - the values of an inode, one after the other
 * @at: where the next one is looked for, 0 at first
 * @ret_value: it; a plain one comes only if the job takes them, and a name of more than XATTR_NAME_MAX bytes never
 *
 * Return: whether there is one; a file capability that cannot be read is reported and left out.
 */
bool tree_inode_next(struct tree_job *job, const struct tree_inode *inode, size_t *at,
		     struct tree_value *ret_value);

/** tree_job_lock() - from here to tree_job_unlock() this thread alone writes to standard output and changes totals */
void tree_job_lock(struct tree_job *job);
void tree_job_unlock(struct tree_job *job);

/** tree_job_fail() - something could not be done: printf(3), without a newline; not between lock and unlock */
void tree_job_fail(struct tree_job *job, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/** tree_job_fail_value() - the same of a value: a call on the attribute @name has failed */
void tree_job_fail_value(struct tree_job *job, const struct tree_value *value, const char *name,
			 int error);

/** tree_job_show_change() - for --verbose: write that a value has another name now; NULL: none any more */
void tree_job_show_change(struct tree_job *job, const char *path, const char *name,
			  const char *new_name);

/**
 * tree_job_sum_up() - write what has been done: the job's values and files, with @done before them, or as JSON
 *
 * Return: the exit status.
 */
int tree_job_sum_up(struct tree_job *job, const char *done, bool is_dry);

/** tree_job_json() - Return: an object with the totals of all kinds, the caller's. */
struct json_object *tree_job_json(const struct tree_job *job);

/** tree_job_end() - say what could not be written. Return: the exit status. */
int tree_job_end(const struct tree_job *job);

#endif
