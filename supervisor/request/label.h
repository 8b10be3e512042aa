/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_REQUEST_LABEL_H
#define NSXATTR_REQUEST_LABEL_H

/*
 * What the kernel's labels (SELinux, Smack) say of a target that has another label than we have: it is not
 * to get by our hand what the kernel would not give to its label. Where that cannot be told, its calls are the
 * kernel's.
 */

#include <stdbool.h>

struct request;

/** label_identify() - does the target have a label of its own? Return: as a stage. */
bool label_identify(struct request *request);

/** label_authorize() - may its label do this to the inode? Return: as a stage. */
bool label_authorize(struct request *request);

/** struct label_view - whose label counts in a path search */
struct label_view {
	struct labels *labels; /* borrowed */
	const char *subject; /* borrowed */
	int fd_directory; /* of inode_open_directory(), borrowed */
};

/**
 * label_may_search() - may a directory on the way be searched?
 * @view: NULL: no label counts
 * @directory: a descriptor of it
 *
 * Return: 0; EACCES; -errno.
 */
int label_may_search(const struct label_view *view, int directory);

/** label_may_follow() - may a symbolic link be followed? Return: as label_may_search(). */
int label_may_follow(const struct label_view *view, int link);

#endif
