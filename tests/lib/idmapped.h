/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_TESTS_IDMAPPED_H
#define NSXATTR_TESTS_IDMAPPED_H

/* Idmapped mounts (mount_setattr(2)), which the mount(8) of Debian 12 cannot make. */

/**
 * idmapped_tree() - a copy of the mount that a path is on, from there on, with an id map
 * @map: lines of "ID-ON-THE-FILE-SYSTEM ID-SHOWN COUNT", for users and groups
 *
 * Return: a descriptor of it, which is mounted nowhere; -errno.
 */
int idmapped_tree(const char *path, const char *map);

/** idmapped_mount() - mount such a copy on @to. Return: 0; -errno. */
int idmapped_mount(const char *from, const char *to, const char *map);

#endif
