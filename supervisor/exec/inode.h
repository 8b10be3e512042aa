/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_EXEC_INODE_H
#define NSXATTR_EXEC_INODE_H

/*
 * Attribute calls on a pinned inode, with our own privilege or through a stand-in. This is the only
 * file that makes them, so it checks once more what it is told to do.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "access.h"

struct effect;
struct rule;
struct standin;
struct statx;

/** struct pinned - an inode that cannot be exchanged any more; the descriptor is owned */
struct pinned {
	int fd;
	bool is_opened; /* a descriptor that the target itself has opened, not O_PATH */
	int directory; /* of inode_open_directory(), borrowed; -1: none */
	uint64_t mount; /* the unique id of its mount; 0: nobody has asked, or the kernel has none */
	struct standin *performer; /* who makes the calls, borrowed; NULL: we ourselves */
	struct effect *effect; /* where changes are written down, borrowed; NULL: nowhere */
};

/**
 * inode_open_directory() - the directory in which our descriptors have names
 * @procfs: of proc_open()
 * @ret_directory: a descriptor, the caller's; -1 where the *xattrat calls of Linux 6.13 are missing:
 *                 there it becomes the working directory of the process
 *
 * Return: 0; -errno.
 */
int inode_open_directory(int procfs, int *ret_directory);

/**
 * inode_is_namespaces() - is the file system one that the namespace, or one below it, has mounted?
 * @root: a stand-in with all capabilities in the namespace
 *
 * There the kernel itself lets root of the namespace set security.* of every inode (s_user_ns). It is
 * asked by the removal of a name that is not there, and the answer is of use only where
 * the kernel checks (exec/guard.h).
 */
bool inode_is_namespaces(const struct pinned *inode, struct standin *root);

/** struct inode_stat - what a change has to know of an inode */
struct inode_stat {
	struct object owner; /* as its mount shows it */
	dev_t device;
	ino_t number;
	uint64_t mount; /* the unique id of the mount on which it was found; 0: the kernel has none */
};

/** inode_stat() - Return: 0; -errno of statx(2). */
int inode_stat(const struct pinned *inode, struct inode_stat *ret_stat);

/** inode_mount_in() - Return: the unique id of a mount in what statx(2) has told; 0: it is not told. */
uint64_t inode_mount_in(const struct statx *stat);

/** inode_mount() - only the id of the mount, which no file system is asked for. Return: it; 0: as above. */
uint64_t inode_mount(const struct pinned *inode);

/** inode_show_path() - a path of it in the mount namespace where it was found, for a message */
void inode_show_path(const struct pinned *inode, char *path, size_t size);

/** inode_is_unusable() - is it an O_PATH descriptor of the target's, on which every call is EBADF? */
bool inode_is_unusable(const struct pinned *inode);

/** inode_is_readonly() - is its mount, or its file system, read-only? */
bool inode_is_readonly(const struct pinned *inode);

/**
 * inode_get() - getxattr(2)
 *
 * Return: the value's length; -errno, -E2BIG where the kernel gives it.
 */
ssize_t inode_get(const struct pinned *inode, const char *name, void *value, size_t size);

/** inode_holds_user_attributes() - is it a regular file or a directory? */
bool inode_holds_user_attributes(const struct pinned *inode);

/** inode_lists_by_name() - can a name's place in a list follow from the name? So it is on a tmpfs. */
bool inode_lists_by_name(const struct pinned *inode);

/** inode_set() - setxattr(2) of a stored name. Return: 0; -errno; -EPERM of another name. */
int inode_set(const struct pinned *inode, const char *name, const void *value, size_t size,
	      int flags);

/** inode_remove() - removexattr(2) of a stored name. Return: 0; -errno as inode_set(). */
int inode_remove(const struct pinned *inode, const char *name);

/**
 * inode_set_host() - setxattr(2) of a plain name of the host
 * @rule: of SCHEME_HOST; the name must match it, and the value be one of its values
 *
 * Return: 0; -errno; -EPERM where the rule does not allow it.
 */
int inode_set_host(const struct pinned *inode, const struct rule *rule, const char *name,
		   const void *value, size_t size, int flags);

/**
 * inode_remove_host() - removexattr(2) of a plain name of the host
 * @rule: of SCHEME_HOST; the value that is there must be one of its values
 *
 * Return: 0; -errno; -EPERM where the rule does not allow it.
 */
int inode_remove_host(const struct pinned *inode, const struct rule *rule, const char *name);

/**
 * inode_remove_absent() - what does the kernel object to before it looks for an attribute?
 * @name: one that is not there: a class alone, or a name that ends in its only '@'
 *
 * It is a remove of that name, which on no file system changes anything. A set would not do: an overlay
 * copies the file up first.
 *
 * Return: 0: nothing; -errno.
 */
int inode_remove_absent(const struct pinned *inode, const char *name);

/** inode_find_objection() - the same of a change of security.*. Return: 0: nothing; -errno. */
int inode_find_objection(const struct pinned *inode);

/** inode_list() - listxattr(2). Return: the list's length; -errno. */
ssize_t inode_list(const struct pinned *inode, char *list, size_t size);

#endif
