/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_REQUEST_USERNS_H
#define NSXATTR_REQUEST_USERNS_H

/*
 * User namespaces: their id maps in the numbers of the host, and their ancestors
 * (user_namespaces(7), ioctl_ns(2)).
 *
 * A namespace is known by its inode number. The cache holds a descriptor of each one that it knows,
 * so that no number can pass to another namespace while it is in the cache.
 */

#include <stdint.h>
#include <sys/types.h>

#include "access.h"

struct target;

/** struct userns - one namespace; counted, see userns_ref() */
struct userns {
	struct user_namespace ids; /* what policy/ knows of it */
	bool may_set_groups; /* setgroups(2) is allowed in it */
	uint64_t inode;
	int fd;
	unsigned int references;
	uint64_t last_used;
};

/** userns_ref() - one more owner. Return: @userns. */
struct userns *userns_ref(struct userns *userns);

/** userns_unref() - one owner less; the last one frees it and lets go of its ancestors. */
void userns_unref(struct userns *userns);

/** userns_parent() - Return: the namespace that it is in; NULL: it is ours, or not below ours. */
struct userns *userns_parent(const struct userns *userns);

struct forker;
struct share_holder;
struct userns_cache;

/** userns_wait_within() - what a child in a namespace does, until it is told to end. See forker_body. */
void userns_wait_within(int channel, void *argument, const int *fds, size_t fd_count);

/**
 * userns_cache_new() - a cache that knows the host's namespace
 * @procfs: of proc_open(), borrowed
 * @forker: makes children that enter namespaces, borrowed
 * @ret_cache: the cache
 *
 * Return: 0; -errno.
 */
int userns_cache_new(int procfs, struct forker *forker, struct userns_cache **ret_cache);

/** userns_cache_clear() - let go of all but the host's. */
void userns_cache_clear(struct userns_cache *cache);

/** userns_cache_free() - let go of all; NULL is accepted. */
void userns_cache_free(struct userns_cache *cache);

/**
 * userns_find() - the namespace of a target
 * @cache: the cache
 * @seeker: the container for which it is looked for
 * @inode: its inode number
 * @target: a thread in it, asked when the cache does not know it
 * @ret_userns: the namespace, an owner's reference for the caller
 *
 * Return: 0; -ESRCH when the target is not in that namespace any more; other -errno.
 */
int userns_find(struct userns_cache *cache, const struct share_holder *seeker, uint64_t inode,
		const struct target *target, struct userns **ret_userns);

/**
 * userns_master() - the user that has all capabilities in a namespace by owning it, or an ancestor of it
 * @fd: of the namespace
 * @ours: of ours
 * @ret_owner: the owner of the ancestor, or of itself, whose parent is ours
 *
 * Return: 0; -EPERM when it is ours, or not below ours; -errno.
 */
int userns_master(int fd, int ours, uid_t *ret_owner);

#endif
