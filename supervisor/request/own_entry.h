/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_REQUEST_OWN_ENTRY_H
#define NSXATTR_REQUEST_OWN_ENTRY_H

/*
 * A shortcut for /proc/self/fd/N and what is below: so tar, rsync and many a library name what they have
 * open. Component by component (walk.c) it would take some hundred system calls.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct resolver;

/**
 * struct own_entry - where a process finds its descriptors, in the instance of procfs that it has last used
 *
 * Part of a struct target. All this stays so as long as the process lives. That a directory is one of
 * these is told by the numbers of its device and inode, which are no other's as long as we have it open.
 */
struct own_entry {
	int root; /* of the instance; -1: nothing is known */
	dev_t device; /* of the instance */
	ino_t root_inode;
	int theirs; /* its directory fd, in the instance */
	ino_t inode; /* of that */
	int ours; /* the same on our procfs; -1: we may not search it */
	pid_t number; /* of the process, in the instance */
};

/** own_entry_none() - nothing is known yet */
struct own_entry own_entry_none(void);

/** own_entry_forget() - let go of what is known */
void own_entry_forget(struct own_entry *entry);

/**
 * own_entry_search() - open a path through /proc/self/fd
 * @resolver: whose path it is
 * @root: the target's root directory
 * @path: any
 * @follow: a symbolic link at the end is followed
 * @ret_fd: an O_PATH descriptor, the caller's
 *
 * Return: whether it was found this way. If not, whatever the reason, the path is to be walked.
 */
bool own_entry_search(const struct resolver *resolver, int root, const char *path, bool follow,
		      int *ret_fd);

/**
 * own_entry_follow() - follow a link in the directory of the target's own descriptors
 * @root: the target's root directory
 * @directory: in which the walk has come to it
 * @name: of the link
 *
 * Return: an O_PATH descriptor, the caller's; -1: it is not that directory, or there is no such link.
 */
int own_entry_follow(const struct resolver *resolver, int root, int directory, const char *name);

#endif
