/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_TESTS_INODE_H
#define NSXATTR_TESTS_INODE_H

/* The host's look at the inodes of a live test. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/** inode_file() - make a file in the scratch directory. Return: its path, as scratch_path(). */
const char *inode_file(const char *name, uid_t owner);

/** inode_directory() - the same for a directory */
const char *inode_directory(const char *name, uid_t owner, mode_t mode);

/** inode_set() - set an attribute to a text, as the host has it */
void inode_set(const char *path, const char *name, const char *value);

/** inode_list() - the names, with a ',' after each, in their order */
void inode_list(const char *path, char *list, size_t size);

/* INODE_HAS() - does an attribute have this value, a text? NULL: it is not there. */
#define INODE_HAS(path, name, value) inode_has(__LINE__, path, name, value)
void inode_has(int line, const char *path, const char *name, const char *value);

/** inode_same_names() - are these the same names, with a ',' after each, in whatever order? */
bool inode_same_names(const char *left, const char *right);

/* INODE_LISTS() - are these the names, with a ',' after each? File systems order them differently. */
#define INODE_LISTS(path, names) inode_lists(__LINE__, path, names)
void inode_lists(int line, const char *path, const char *names);

/** dice_seed() - NSXATTR_SEED, or 1; it is printed */
uint64_t dice_seed(void);

#endif
