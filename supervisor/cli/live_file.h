/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_CLI_LIVE_FILE_H
#define NSXATTR_CLI_LIVE_FILE_H

/* A file, as a process that runs names it: found below the root and working directory of that process. */

#include <stdbool.h>

#include "access.h"
#include "exec/inode.h"
#include "exec/performer.h"

struct label_view;
struct live_process;
struct mounts;

/** struct live_file - begins zeroed; live_file_done() it */
struct live_file {
	const char *path;
	struct pinned inode;
	struct inode_stat stat;
	struct mounts *mounts;
	const struct id_map *map; /* of its mount; NULL: it is not idmapped, or that is not told */
	const char *unknown; /* why the mount's map is not told; NULL: it is */
	int search_error; /* EACCES: the process may not search the path, and we see what is there; 0: it may */
	bool is_search_ours; /* we cannot search it as the process does: we have searched with our own rights */
	bool is_read_only; /* the mount */
	bool is_immutable; /* or for appending alone */
	int directory; /* of attribute_open_directory() */
	struct performer performer; /* reads its attributes */
};

/**
 * live_file_open() - find it, and what a change has to know of it
 * @path: as the process would say it; of a link the link itself is meant
 * @label: as of live_path_open()
 *
 * Where the process may not search the path, @file may have no inode.
 *
 * Return: NULL; else why not, in words, static.
 */
const char *live_file_open(const struct live_process *process, const char *path,
			   const struct label_view *label, struct live_file *file);

/** live_file_done() - release what it has */
void live_file_done(struct live_file *file);

#endif
