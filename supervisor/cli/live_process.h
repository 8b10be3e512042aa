/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_CLI_LIVE_PROCESS_H
#define NSXATTR_CLI_LIVE_PROCESS_H

/* A process that runs, as a worker of nsxattr would find it: by the same functions, and nothing is changed of it. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "access.h"
#include "base/outer.h"
#include "idmap.h"
#include "request/target.h"

struct forker;
struct userns;
struct userns_cache;

/** struct live_process - begins zeroed; live_process_done() it */
struct live_process {
	pid_t pid;
	char command[32]; /* its name; "": it is not told */
	char cgroup[8192]; /* as /proc/PID/cgroup has it */
	pid_t parent;
	unsigned long seccomp; /* its mode: 0 none, 1 strict, 2 filters */
	unsigned long filters; /* how many */
	uint64_t effective, bounding; /* capabilities, as bits */
	struct id_map uids, gids; /* of its user namespace; without extents: not told */
	int procfs;
	/* Zeroes before live_process_identify(): */
	struct outer outer;
	struct targets *targets;
	struct target *target;
	struct identity identity;
	struct forker *forker;
	struct userns_cache *usernses;
	struct userns *userns; /* with its ancestors, up to ours */
};

/**
 * live_process_look() - read what every user may know of it
 * @pid: a process, or a thread
 *
 * Return: 0; -ESRCH: there is none; -errno.
 */
int live_process_look(pid_t pid, struct live_process *process);

/** live_process_identify() - and then the rest. Return: NULL; else why not, in words, static. */
const char *live_process_identify(struct live_process *process);

/** live_process_read() - both. Return: likewise. */
const char *live_process_read(pid_t pid, struct live_process *process);

/** live_process_ids() - its user namespace, as the rules know it; as long as @process */
const struct user_namespace *live_process_ids(const struct live_process *process);

/**
 * live_process_containers_uids() - the map of the outermost user namespace below ours that it is in
 *
 * Return: it, as long as @process; before live_process_identify() that of its own.
 */
const struct id_map *live_process_containers_uids(const struct live_process *process);

/**
 * live_process_read_file() - read the beginning of a file of a process
 * @name: of the file, in the process's directory of /proc
 *
 * Return: as text_file_read_start().
 */
ssize_t live_process_read_file(pid_t pid, const char *name, char *text, size_t size);

/** live_process_parent() - Return: its number; 0: it is not known. */
pid_t live_process_parent(pid_t pid);

/** live_process_is_ours() - is a process in our own user namespace? Not if this user may not see that. */
bool live_process_is_ours(pid_t pid);

/** live_process_is_within() - is its user namespace that of another process, or below it? What cannot be told is true. */
bool live_process_is_within(const struct live_process *process, pid_t other);

/** live_process_done() - release what it has */
void live_process_done(struct live_process *process);

#endif
