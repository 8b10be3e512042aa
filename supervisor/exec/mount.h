/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_EXEC_MOUNT_H
#define NSXATTR_EXEC_MOUNT_H

/*
 * What statmount(2) tells of mounts: the id maps of idmapped ones (mount_setattr(2)), and the kind of file system.
 *
 * A mount is known by its unique id, which is never given to another one, and its map does not change
 * once the mount is in a namespace. So what was learnt stays true, and is kept.
 */

#include <stdbool.h>
#include <stdint.h>

#include "idmap.h"

struct mounts;

/**
 * mount_read_magic() - the magic number of the file system, as statfs(2) tells it; that one is not asked
 * @id: the unique id of the mount
 * @mount_namespace: in which the mount is, or ours may be; -1: in ours
 *
 * Return: 0; -ENOENT for a mount that is in neither; -ENOSYS before Linux 6.8; other -errno.
 */
int mount_read_magic(uint64_t id, int mount_namespace, uint64_t *ret_magic);

/** mount_maps_are_told() - does this kernel tell the id maps of mounts? */
bool mount_maps_are_told(void);

/** mounts_new() - nothing is known yet. Return: NULL when there is no memory. */
struct mounts *mounts_new(void);

/** mounts_are_told() - what mount_maps_are_told() has said */
bool mounts_are_told(const struct mounts *mounts);

/** mounts_clear() - forget what was learnt */
void mounts_clear(struct mounts *mounts);

/** mounts_free() - NULL is accepted. */
void mounts_free(struct mounts *mounts);

/**
 * mounts_find() - what is known of a mount
 * @mounts: what was learnt
 * @id: the unique id of the mount
 * @ret_uids: ids of the file system inside, shown ids outside; valid until the next mounts_learn() or
 *            mounts_clear(). NULL: it is not idmapped
 *
 * Return: whether it is known.
 */
bool mounts_find(struct mounts *mounts, uint64_t id, const struct id_map **ret_uids);

/**
 * mounts_learn() - ask the kernel
 * @mounts: where it is kept
 * @id: the unique id of the mount
 * @mount_namespace: in which the mount is, or ours may be
 * @ret_uids: as of mounts_find()
 *
 * Return: 0; -ENOENT for a mount that is in neither, in none for instance; -ENOSYS where the kernel
 * does not tell; other -errno.
 */
int mounts_learn(struct mounts *mounts, uint64_t id, int mount_namespace,
		 const struct id_map **ret_uids);

#endif
