/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_EXEC_INODE_H
#define NSXATTR_EXEC_INODE_H

/*
 * Changes of a pinned inode, each of which is checked once more and written down, and what an inode tells of itself.
 * Nothing else has a change made, but for the call as the target made it (request/natively.c).
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "access.h"
#include "exec/performer.h"

struct rule;
struct standin;
struct statx;

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
void inode_show_path(const struct performer *performer, char *text, size_t size);

/** inode_is_unusable() - is it an O_PATH descriptor of the target's, on which every call is EBADF? */
bool inode_is_unusable(const struct pinned *inode);

/** inode_is_readonly() - is its mount, or its file system, read-only? */
bool inode_is_readonly(const struct performer *performer);

/** inode_holds_user_attributes() - is it a regular file or a directory? */
bool inode_holds_user_attributes(const struct performer *performer);

/** inode_lists_by_name() - can a name's place in a list follow from the name? So it is on a tmpfs. */
bool inode_lists_by_name(const struct pinned *inode);

/** inode_set() - setxattr(2) of a stored name. Return: 0; -errno; -EPERM of another name. */
int inode_set(const struct performer *performer, const char *name, const void *value, size_t size,
	      int flags);

/** inode_remove() - removexattr(2) of a stored name. Return: 0; -errno as inode_set(). */
int inode_remove(const struct performer *performer, const char *name);

/**
 * inode_set_host() - setxattr(2) of a plain name of the host
 * @rule: of SCHEME_HOST; the name must match it, and the value be one of its values
 *
 * Return: 0; -errno; -EPERM where the rule does not allow it.
 */
int inode_set_host(const struct performer *performer, const struct rule *rule, const char *name,
		   const void *value, size_t size, int flags);

/**
 * inode_remove_host() - removexattr(2) of a plain name of the host
 * @rule: of SCHEME_HOST; the value that is there must be one of its values
 *
 * Return: 0; -errno; -EPERM where the rule does not allow it.
 */
int inode_remove_host(const struct performer *performer, const struct rule *rule, const char *name);

/**
 * inode_give_capability() - give the file capability of one root to another
 * @from: whose it is; it stays if it is another's
 * @is_plain: it is the host's, without a root; @from is of no meaning
 * @to: the host's id of the new root; 0 is never taken, because it would be the host's own
 *
 * Return: 0; -ENODATA where no such capability is there; -EINVAL; -errno.
 */
int inode_give_capability(const struct performer *performer, uint32_t from, bool is_plain,
			  uint32_t to);

/**
 * inode_set_capability() - set the one of a root
 * @value: of version 3, and not of the root 0
 *
 * Return: 0; -EINVAL of another value; -errno.
 */
int inode_set_capability(const struct performer *performer, const void *value, size_t size,
			 int flags);

/** inode_remove_capability() - remove the one of a root. Return: 0; -ENODATA: there is none, or another's; -errno. */
int inode_remove_capability(const struct performer *performer, uint32_t root);

/**
 * inode_remove_copied() - remove a plain name of the host, of which a namespace has the same value
 * @stored: the namespace's
 *
 * Return: 0; -errno; -EPERM where @stored is no stored name of @name, or has another value.
 */
int inode_remove_copied(const struct performer *performer, const char *name, const char *stored);

/**
 * inode_remove_absent() - what does the kernel object to before it looks for an attribute?
 * @name: one that is not there: a class alone, or a name that ends in its only '@'
 *
 * It is a remove of that name, which on no file system changes anything. A set would not do: an overlay
 * copies the file up first.
 *
 * Return: 0: nothing; -errno.
 */
int inode_remove_absent(const struct performer *performer, const char *name);

/** inode_find_objection() - the same of a change of security.*. Return: 0: nothing; -errno. */
int inode_find_objection(const struct performer *performer);

#endif
