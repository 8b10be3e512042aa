/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_CLI_TREE_OWNERS_H
#define NSXATTR_CLI_TREE_OWNERS_H

/*
 * Sums over the values of trees, for each number, or each attribute of each number. Those whose values these are choose
 * how many numbers and names there are: a search takes no more comparisons than twice the logarithm of that.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** struct tree_owner - what lies on the trees with one number, of one name or of all */
struct tree_owner {
	uint32_t number;
	const char *base; /* ends with a NUL; NULL: all names */
	size_t base_length;
	unsigned long values, files, bytes;
	unsigned long inode; /* the last one with a value of it, as of tree_owners_begin() */
};

/** struct tree_owners - all sums; begins as zeros */
struct tree_owners {
	void *root; /* a tree of tsearch(3), by number, then by name */
	size_t count;
	unsigned long inodes; /* of which values were added */
};

/** tree_owners_begin() - what is added from now on lies on another inode */
void tree_owners_begin(struct tree_owners *owners);

/**
 * tree_owners_add() - add a value
 * @base: its name, @base_length bytes; NULL: names do not count
 *
 * Return: false: there is no memory.
 */
bool tree_owners_add(struct tree_owners *owners, uint32_t number, const char *base,
		     size_t base_length, size_t bytes);

/** tree_owners_each() - have all sums, in their order */
void tree_owners_each(const struct tree_owners *owners,
		      void (*each)(void *place, const struct tree_owner *owner), void *place);

/** tree_owners_done() - release them */
void tree_owners_done(struct tree_owners *owners);

#endif
