/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BASE_CREDENTIAL_H
#define NSXATTR_BASE_CREDENTIAL_H

/* What a path search depends on: who a target is to a file system. All ids are the host's. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "idmap.h"

/* The kernel allows 65536; a target with more than these is denied, and told so in the log. */
#define CREDENTIAL_GROUPS_MAX 1024

/** struct credential - fsuid, fsgid, groups and effective capabilities in a user namespace */
struct credential {
	uid_t fsuid;
	gid_t fsgid;
	uint64_t capabilities;
	uint32_t group_count;
	gid_t groups[CREDENTIAL_GROUPS_MAX];
};

/** credential_equal() - are they the same, groups in the same order? */
bool credential_equal(const struct credential *left, const struct credential *right);

/** struct credential_place - the user namespace that a credential is to be in */
struct credential_place {
	int userns; /* a descriptor of it */
	const struct id_map *uids;
	const struct id_map *gids;
};

/**
 * credential_assume() - become somebody, for good
 * @credential: who
 * @place: where
 *
 * For a child process alone: it has one thread and does not share its file system attributes. It
 * ends with exactly these ids, groups and capabilities (effective and permitted; nothing inheritable
 * or ambient). Needs CAP_SYS_ADMIN over the namespace. Ids that the namespace does not map need
 * CAP_SETUID and CAP_SETGID where we are now.
 *
 * Return: 0; -EINVAL for an id that cannot be had; -errno of the step that failed. The process is
 * then half changed and must end.
 */
int credential_assume(const struct credential *credential, const struct credential_place *place);

#endif
