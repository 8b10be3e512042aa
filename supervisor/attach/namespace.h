/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_ATTACH_NAMESPACE_H
#define NSXATTR_ATTACH_NAMESPACE_H

/*
 * A new user namespace and mount namespace, made by the process that shall live in them, while
 * another one, which stays outside, writes the id maps. Functions that return int return 0, or
 * -errno of what failed (a message has been logged).
 */

#include <stdbool.h>
#include <sys/types.h>

#include "idmap.h"

/** struct namespace_maps - who the namespace's ids are */
struct namespace_maps {
	const struct id_map *users;
	const struct id_map *groups;
	bool deny_setgroups;
};

/**
 * namespace_open_self() - the directory in /proc of the calling process
 * @ret_proc: its descriptor, close-on-exec
 *
 * A process that has it can write the maps of this very process, whatever its number is in the writer's
 * pid namespace.
 */
int namespace_open_self(int *ret_proc);

/** namespace_unshare() - move the calling process into new namespaces */
int namespace_unshare(void);

/**
 * namespace_write_maps() - give a new user namespace its ids
 * @proc: from namespace_open_self() of the process in it
 * @pid: 0: with CAP_SETUID and CAP_SETGID in the parent namespace; else that process, and we are a plain user
 * @maps: the ids
 *
 * A plain user's own id alone can be mapped as it is; for more, newuidmap(1) and newgidmap(1) look whether they are set
 * aside for the user.
 */
int namespace_write_maps(int proc, pid_t pid, const struct namespace_maps *maps);

/**
 * namespace_complete() - become what the maps make of us, in the new namespaces
 * @maps: the ids
 *
 * Root where uid 0, or gid 0, is mapped. Who is root by the maps alone keeps the supplementary groups, as with
 * unshare(1); who becomes another one has none, unless setgroups(2) is denied. Mounts made from here on are not seen outside, nor those made outside here.
 */
int namespace_complete(const struct namespace_maps *maps);

#endif
