/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_EXEC_TREE_H
#define NSXATTR_EXEC_TREE_H

/*
 * All inodes of a directory tree, also while other processes change the tree: each step goes from a descriptor
 * to an entry of it, and no symbolic link is followed. So a container that exchanges a directory for a link while
 * its tree is walked leads the walk nowhere. Nothing but directories is opened.
 *
 * Several threads walk: one that has nothing left gets part of the entries that another one still has before it.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/* A tree that is deeper is not walked to its end: each level takes a descriptor. */
#define TREE_DEPTH_MAX 2000
/* Nor is what has a longer path: each level keeps its own. */
#define TREE_PATH_MAX 16384

#define TREE_THREADS_MAX 16

/** struct tree_entry - an inode on the way */
struct tree_entry {
	unsigned int thread; /* that has come to it, from 0 on */
	int directory; /* in which it has @name */
	const char *name;
	const char *path; /* the tree's, and the way from there */
	const char *below; /* the way alone, in @path; "" at the tree itself */
	int fd; /* pinned: O_PATH, or a directory that is open for reading; -1: not yet */
	bool is_opened; /* @fd is not O_PATH */
};

/** struct tree_walk - what happens on the way; the functions are called by all threads */
struct tree_walk {
	bool crosses_mounts; /* what is mounted within the tree belongs to it */
	unsigned int threads; /* up to TREE_THREADS_MAX */
	/* Is an inode, which is no directory and not pinned, to be pinned and visited? NULL: each is. */
	bool (*is_wanted)(void *place, const struct tree_entry *entry);
	void (*visit)(void *place, const struct tree_entry *entry); /* NULL: nothing is visited */
	/* @error: the positive errno for which @path, or what is in it, was left out */
	void (*complain)(void *place, const char *path, int error);
	void *place;
	atomic_ulong *count; /* how many there were grows here; may be read meanwhile */
	atomic_bool *is_ended; /* true: no further; may be NULL */
};

/**
 * tree_walk() - walk a tree
 * @walk: what is called
 * @directory: where @path begins
 * @path: of the tree; a symbolic link means itself
 *
 * A directory comes before what is in it. An inode with several names comes by each of them.
 *
 * Return: 0, also when it has complained; -errno when there is no such tree; -ENOMEM; -EAGAIN: there is no thread.
 */
int tree_walk(const struct tree_walk *walk, int directory, const char *path);

#endif
