/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BASE_OUTER_H
#define NSXATTR_BASE_OUTER_H

/*
 * What is around our own user namespace: nothing, on a host; where we were started inside one (a rootless
 * container, unshare(1)), the namespace that it was made in, of which the kernel tells the numbers of our
 * ids and no more.
 */

#include <stdbool.h>

#include "idmap.h"

/** struct outer - the world outside of our own user namespace */
struct outer {
	bool is_host; /* nothing is around: ours is the first namespace of the system */
	bool has_host_root; /* one of our ids is root of the host */
	uint32_t host_root; /* which, if so */
	bool may_set_groups; /* setgroups(2) is allowed in ours */
	struct id_map uids; /* from our ids to those around */
	struct id_map gids;
	/* What the kernel shows of an owner whose id the one who asks does not have. */
	uint32_t overflow_uid;
	uint32_t overflow_gid;
};

/**
 * outer_read() - find out
 * @procfs: of proc_open()
 *
 * Return: 0; -errno.
 */
int outer_read(int procfs, struct outer *ret_outer);

/**
 * outer_read_may_set_groups() - is setgroups(2) allowed in the user namespace of a process?
 * @process: its directory in procfs
 *
 * What is said before the map of groups is written is said once and for all.
 *
 * Return: 0; -errno.
 */
int outer_read_may_set_groups(int process, bool *ret_may);

#endif
