/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_CLI_TREE_EXPORT_H
#define NSXATTR_CLI_TREE_EXPORT_H

/* A container's values under the names that the container has for them. */

#include "cli/tree_job.h"
#include "cli/tree_range.h"

/* What the kernel shows of an owner that nothing maps. */
#define TREE_ID_NOBODY 65534

/** struct tree_export - what is written, and how; the first member of a job's structure */
struct tree_export {
	struct tree_job job; /* the first, so that a visit finds the rest */
	struct tree_range range; /* the container's numbers */
	enum store store; /* of the container's policy */
	atomic_ulong left_out[STORE_COUNT]; /* values of its numbers in other stores */
	bool has_owners;
	uint32_t owners; /* the owner that becomes 0 */
	bool allows_unmapped; /* ids that the container has not are no failure */
	unsigned long unmapped; /* of them there were so many */
	bool is_broken; /* nothing more can be written */
	void *seen; /* tar: inodes with several names that have a member: a tree of tsearch(3) */
};

/**
 * tree_export_next() - the container's values of an inode
 * @at: as of tree_inode_next()
 * @ret_name: the container's name
 * @ret_length: of the value, which is in the room
 *
 * Return: whether there is one; what cannot be read is reported and left out.
 */
bool tree_export_next(struct tree_export *export, const struct tree_inode *inode, size_t *at,
		      char ret_name[NAME_SIZE], size_t *ret_length);

/** tree_export_write() - to standard output. Return: false: it cannot be; said, once. */
bool tree_export_write(struct tree_export *export, const void *bytes, size_t size);

/** tree_export_dump() - write an inode's values as a dump: the visit_inode() of a job */
void tree_export_dump(struct tree_job *job, const struct tree_inode *inode);

/** tree_export_tar() - write an inode as a member of a tar archive: the same */
void tree_export_tar(struct tree_job *job, const struct tree_inode *inode);

/** tree_export_end_tar() - write the end of the archive, and release what was kept */
void tree_export_end_tar(struct tree_export *export);

#endif
