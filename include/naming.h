/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_NAMING_H
#define NSXATTR_NAMING_H

/*
 * The numbers in stored names. A stored name says whose value it is by a number K; the supervisor knows
 * the owner as an id of the host, as stat(2) shows it. Mostly K is that id. It is another one, by the
 * first of these that applies,
 *
 *	owner	the policy fixes the number: the container's ids are counted from there, whatever range
 *		the container was given
 *	mount	the mount is idmapped (mount_setattr(2)): K is the id on the file system, as in the file
 *		capabilities that the kernel stores. Values stay with a volume whose container gets
 *		another range
 *	outer	nsxattr was started inside a user namespace: K is the id in the one around it, of which
 *		0 need not be root of the host, for it can itself lie in another
 *
 * Who may do what is never decided by K, but by the ids that stat(2) shows on that mount.
 */

#include <stdbool.h>
#include <stdint.h>

#include "idmap.h"

/** struct naming - one mount, one container, one supervisor; the pointers are borrowed */
struct naming {
	const struct id_map
		*range; /* with @owner: the container's own ids; NULL: no owner is fixed */
	uint32_t owner; /* the number of the container's uid 0 */
	const struct id_map
		*mount; /* ids of the file system inside, shown ids outside; NULL: not idmapped */
	const struct id_map
		*outer; /* of the supervisor's own namespace; NULL: there is none around it */
	bool is_rootless; /* with @outer: root of the host is not in the supervisor's own namespace */
};

/**
 * naming_is_host_root() - does this id stand for root of the host, whose names have no number?
 * @naming: NULL: nothing is translated
 */
bool naming_is_host_root(const struct naming *naming, uint32_t uid);

/**
 * naming_number() - the number that an id has in stored names
 * @naming: NULL: nothing is translated
 * @uid: as the supervisor sees it
 * @ret_number: K; 0 only where the mount, or the namespace around the supervisor's own, says so
 *
 * Return: false when it has none: the mount or the container's range does not have it, or it is root of
 * the host.
 */
bool naming_number(const struct naming *naming, uint32_t uid, uint32_t *ret_number);

/** naming_uid() - the id that has this number. Return: false when no id has it; else *ret_uid is set. */
bool naming_uid(const struct naming *naming, uint32_t number, uint32_t *ret_uid);

/** naming_covers() - is it the number of one of these ids? @ids: the ids of the host on the outside */
bool naming_covers(const struct naming *naming, const struct id_map *ids, uint32_t number);

#endif
