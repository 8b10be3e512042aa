/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_CLI_TREE_IMPORT_H
#define NSXATTR_CLI_TREE_IMPORT_H

/* Values that come from a dump or an archive, as a container's own. */

#include <stdio.h>

#include "cli/tree_job.h"
#include "cli/tree_range.h"

/** struct tree_import - what is set, and where; the first member of a job's structure */
struct tree_import {
	struct tree_job job;
	bool is_dry, is_verbose;
	struct tree_range range; /* the container's numbers */
	enum store store;
	const char *tree; /* its path */
	int root; /* it */
	int fd_directory;
	unsigned long left_out; /* attributes that a container has not of its own */
	struct tree_room room;
};

/** struct tree_target - the inode that the source is about; begins and ends with a descriptor of -1 */
struct tree_target {
	char *path;
	int fd;
	bool is_holder;
};

/**
 * tree_import_find() - go to an inode below the tree
 * @path: as the source has it; also with the tree's own path before it
 *
 * What cannot be reached is reported once, and its values are left out.
 */
void tree_import_find(struct tree_import *import, struct tree_target *target, const char *path);

/** tree_import_set() - give it a value; what cannot be set is reported */
void tree_import_set(struct tree_import *import, struct tree_target *target, const char *name,
		     const char *value, size_t length);

/** tree_import_leave() - go from it */
void tree_import_leave(struct tree_import *import, struct tree_target *target);

/** tree_import_dump() - all of a dump. @name: of the file, for messages. */
void tree_import_dump(struct tree_import *import, FILE *file, const char *name);

/** tree_import_tar() - all of an archive: the same */
void tree_import_tar(struct tree_import *import, FILE *file, const char *name);

#endif
