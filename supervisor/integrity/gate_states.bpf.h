/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef NSXATTR_INTEGRITY_GATE_STATES_BPF_H
#define NSXATTR_INTEGRITY_GATE_STATES_BPF_H

/*
 * Whether a file can be judged as it is at this moment. Two ways to write are counted nowhere: what memfd_create(2)
 * and its like have made was never opened, so nothing without a path is verifiable; and a page of a shared mapping
 * can be pinned (a read of O_DIRECT into it that lasts), and be written to when neither mapping nor descriptor are
 * left. So an inode that was mapped so is marked for as long as it is in memory (gate_writers.bpf.h).
 */

#include "integrity/gate_kernel.bpf.h"
#include "integrity/gate_layout.h"
#include "integrity/gate_maps.bpf.h"
#include "integrity/gate_versions.bpf.h"

static inline bool is_regular(const struct inode *inode)
{
	return (inode->i_mode & S_IFMT) == S_IFREG;
}

/* A file system without a path has files that are written to and were never opened: they are counted nowhere. */
static inline bool has_path(const struct inode *inode)
{
	return !(inode->i_sb->s_flags & SB_NOUSER);
}

static inline bool is_in_memory(unsigned long magic)
{
	return magic == TMPFS_MAGIC || magic == RAMFS_MAGIC;
}

/* A device that other machines, or a process, have in their hands. */
static inline bool has_others_behind(unsigned long magic)
{
	return magic == FUSE_SUPER_MAGIC || magic == OCFS2_SUPER_MAGIC || magic == GFS2_MAGIC;
}

/*
 * Content that is changed without that this inode knows of it: it is another file's, or a server tells it. So are all that
 * lie neither in memory nor on a device (ZFS has its devices to itself).
 */
static inline bool is_layered(const struct inode *inode)
{
	const struct super_block *sb = inode->i_sb;
	unsigned long magic = sb->s_magic;

	if (is_in_memory(magic) || magic == ZFS_SUPER_MAGIC)
		return false;
	return !(sb->s_type->fs_flags & FS_REQUIRES_DEV) || has_others_behind(magic);
}

/* Who has mounted an overlay reaches its layers, and who has mounted FUSE is the server. */
static inline bool is_mounted_inside(const struct inode *inode)
{
	return inode->i_sb->s_user_ns->level > 0;
}

static inline bool is_verifiable(const struct inode *inode)
{
	return is_regular(inode) && has_path(inode) &&
	       !(is_layered(inode) && is_mounted_inside(inode));
}

static inline bool has_writers(const struct inode *inode)
{
	return inode->i_writecount.counter > 0 || inode->i_mapping->i_mmap_writable.counter > 0;
}

/* Memory that was made without a file, and is shared (mmap(2), shmat(2)): it cannot be opened. */
static inline bool is_anonymous(const struct inode *inode)
{
	return inode->i_flags & S_PRIVATE;
}

static inline bool is_locked(const struct inode *inode)
{
	return inode->i_rwsem.count.counter & RWSEM_WRITER_LOCKED;
}

/* Who finds the lock free once knows that the change is over. Any user can have the lock held, for changes that are refused. */
static inline bool is_changing(const struct inode *inode, struct inode_state *state)
{
	uint64_t change = read_before_rest(&state->under_way);

	if (!change)
		return false;
	return is_locked(inode) ||
	       __sync_val_compare_and_swap(&state->under_way, change, 0) != change;
}

/* A writer leaves its mark before it goes. So who finds none any more finds the mark. */
static inline enum gate_state state_of(const struct inode *inode, struct inode_state *state)
{
	if (!is_verifiable(inode))
		return GATE_UNVERIFIABLE;
	if (has_writers(inode))
		return GATE_OPEN_WRITERS;
	if (read_before_rest(&state->was_mapped))
		return GATE_WAS_MAPPED;
	if (is_changing(inode, state))
		return GATE_CHANGING;
	return is_layered(inode) ? GATE_LAYERED : GATE_SETTLED;
}

#endif
