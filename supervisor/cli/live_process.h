/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_CLI_LIVE_PROCESS_H
#define NSXATTR_CLI_LIVE_PROCESS_H

/* A process that runs, as a worker of nsxattr would find it: by the same functions, and nothing is changed of it. */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "access.h"
#include "base/outer.h"
#include "request/target.h"

struct forker;
struct userns;
struct userns_cache;

/** struct live_process - begins zeroed; live_process_done() it */
struct live_process {
	pid_t pid;
	char command[32]; /* its name; "": it is not told */
	char cgroup[4096]; /* as /proc/PID/cgroup has it */
	unsigned long seccomp; /* its mode: 0 none, 1 strict, 2 filters */
	unsigned long filters; /* how many */
	int procfs;
	struct outer outer;
	struct targets *targets;
	struct target *target;
	struct identity identity;
	struct forker *forker;
	struct userns_cache *usernses;
	struct userns *userns; /* with its ancestors, up to ours */
};

/**
 * live_process_read() - find out all about it
 * @pid: a process, or a thread
 *
 * Return: NULL; else why not, in words, static.
 */
const char *live_process_read(pid_t pid, struct live_process *process);

/** live_process_ids() - its user namespace, as the rules know it; as long as @process */
const struct user_namespace *live_process_ids(const struct live_process *process);

/** live_process_is_within() - is its user namespace that of another process, or below it? What cannot be told is true. */
bool live_process_is_within(const struct live_process *process, pid_t other);

/**
 * live_process_search() - a process of a container
 * @first: the one with which it began, which may have ended, and its number be another's; 0: not known
 * @id: its cgroup has this id
 * @map: or its user namespace this map, as nsxattrd shows it
 *
 * Return: @first, or the one with the lowest number; 0: there is none, or none that we see.
 */
pid_t live_process_search(pid_t first, const char *id, const char *map);

/** live_process_done() - release what it has */
void live_process_done(struct live_process *process);

#endif
