/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_REQUEST_PLACE_H
#define NSXATTR_REQUEST_PLACE_H

/*
 * Places on the procfs that a target sees, and the same places on ours.
 *
 * A target's procfs may be of another pid namespace, and the target may have mounted something over
 * any part of it. What is read here is read without crossing a mount, so it is that procfs's own; and
 * what is to be followed is followed on our own procfs, which no target can reach.
 */

#include <stdbool.h>
#include <sys/types.h>

struct target;

/** struct place_numbers - what a target is called in an instance of procfs */
struct place_numbers {
	pid_t process; /* /proc/self */
	pid_t thread; /* /proc/self/task/… of it */
	unsigned int level; /* how many pid namespaces below ours the instance is */
};

/**
 * place_numbers() - the target's own entry in an instance of procfs
 * @target: the thread
 * @root: the root directory of the instance
 * @ret_numbers: what it is called there
 *
 * Return: 0; -ENOENT when the target cannot be seen in that instance; other -errno.
 */
int place_numbers(const struct target *target, int root, struct place_numbers *ret_numbers);

/** struct place - a directory below a process's entry, on our own procfs */
struct place {
	int directory; /* owned */
	pid_t process; /* whose entry it is, in our pid namespace */
	bool is_own; /* the target's own: what it may not as another process it may as itself */
};

/**
 * place_find() - find a directory of a procfs on ours
 * @target: who looks
 * @directory: on some procfs, below a process's entry
 * @ret_place: the same on our procfs
 *
 * Return: 0; -EXDEV when it is not on a whole procfs; -ENOENT or -ESRCH when there is no such place
 * on ours; -ENOTTY where it is another process's and the kernel cannot translate its number (before Linux
 * 6.11); -errno.
 */
int place_find(const struct target *target, int directory, struct place *ret_place);

/** place_done() - let go of a place */
void place_done(struct place *place);

#endif
