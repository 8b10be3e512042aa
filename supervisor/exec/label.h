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

/** struct label_view - whose label counts; both are borrowed */
struct label_view {
	struct labels *labels; /* NULL: no label counts */
	const char *subject;
};

/**
 * labels_new() - for one thread, nothing kept
 * @labelling: of an active module; the descriptor is borrowed
 * @procfs: of proc_open()
 * @fd_directory: of attribute_open_directory(), borrowed
 * @ret_labels: the caller's
 *
 * Return: 0; -errno.
 */
int labels_new(const struct labelling *labelling, int procfs, int fd_directory,
	       struct labels **ret_labels);

/** labels_free() - NULL is accepted. */
void labels_free(struct labels *labels);

/** labels_are_ours() - is this label our own? Then the kernel checks our calls as the target's own. */
bool labels_are_ours(const struct labels *labels, const char *label);

/**
 * labels_begin() - before the first label_check() of a request: can the kernel be asked?
 *
 * What was kept is thrown away if it may have changed.
 */
bool labels_begin(struct labels *labels);

/**
 * label_check() - may a process with this label do that to an inode?
 * @view: the label; NULL: none counts
 * @rights: enum label_right, combined
 *
 * Return: 0: it may; EACCES; -EOPNOTSUPP: the kernel is not asked about inodes of this kind, such as sockets;
 * other -errno: there is no answer.
 */
int label_check(const struct label_view *view, const struct pinned *inode, unsigned int rights);

#endif
