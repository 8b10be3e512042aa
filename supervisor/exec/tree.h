/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_EXEC_TREE_H
#define NSXATTR_EXEC_TREE_H

/*
 * All inodes of a directory tree, one after the other, also while other processes change the tree: each step goes
 * from a descriptor to an entry of it, and no symbolic link is followed. So a container that exchanges a
 * directory for a link while its tree is walked leads the walk nowhere.
 */

#include <stdbool.h>

/* A tree that is deeper is not walked to its end: each level takes a descriptor. */
#define TREE_DEPTH_MAX 2000

/** struct tree_walk - what happens on the way */
struct tree_walk {
	bool crosses_mounts; /* what is mounted within the tree belongs to it */
	/* @fd: an O_PATH descriptor of the inode; @path: the tree's, and the way from there */
	void (*visit)(void *place, const char *path, int fd);
	/* @error: the positive errno for which @path, or what is in it, was left out */
	void (*complain)(void *place, const char *path, int error);
	void *place;
};

/**
 * tree_walk() - walk a tree
 * @walk: the functions that are called
 * @directory: where @path begins
 * @path: of the tree; a symbolic link means itself
 *
 * A directory comes before what is in it. An inode with several names comes by each of them.
 *
 * Return: 0, also when it has complained; -errno when there is no such tree; -ENOMEM.
 */
int tree_walk(const struct tree_walk *walk, int directory, const char *path);

#endif
