/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_EXEC_LABEL_H
#define NSXATTR_EXEC_LABEL_H

/*
 * What the kernel's labels let a target do (base/labelling.h), where it has another label than we have. We and
 * the stand-ins make calls with our own label.
 *
 * Answers are kept, for as long as neither the policy of SELinux nor its mode changes.
 */

#include <stdbool.h>

#include "base/labelling.h"

struct labels;
struct pinned;

/**
 * labels_new() - for one thread, nothing kept
 * @labelling: of an active module; the descriptor is borrowed
 * @procfs: of proc_open()
 * @ret_labels: the caller's
 *
 * Return: 0; -errno.
 */
int labels_new(const struct labelling *labelling, int procfs, struct labels **ret_labels);

/** labels_free() - NULL is accepted. */
void labels_free(struct labels *labels);

/** labels_are_ours() - is this label our own? Then whatever we make is checked as the target's own call. */
bool labels_are_ours(const struct labels *labels, const char *label);

/**
 * labels_begin() - before the first labels_check() of a request: is there an answer to be had?
 *
 * What was kept is thrown away if it may have changed.
 */
bool labels_begin(struct labels *labels);

/**
 * labels_check() - may a process with this label do that to an inode?
 * @subject: the label
 * @inode: the inode
 * @rights: enum label_right, combined
 *
 * Return: 0: it may; EACCES; -EOPNOTSUPP: the inode is of a kind that nothing is asked about, such as a socket;
 * other -errno: there is no answer.
 */
int labels_check(struct labels *labels, const char *subject, const struct pinned *inode,
		 unsigned int rights);

#endif
