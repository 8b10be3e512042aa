/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_CLI_DOCTOR_OWNERS_H
#define NSXATTR_CLI_DOCTOR_OWNERS_H

/* Whose the files of a container are, as its mounts show them to the host. */

#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define DOCTOR_OWNERS_MAX 64
/* Milliseconds for all of them. */
#define DOCTOR_OWNERS_PATIENCE 3000

/** struct doctor_owner - of one file */
struct doctor_owner {
	char path[PATH_MAX]; /* in the container */
	int error; /* an errno; 0: the rest is known */
	uint32_t user, group; /* of the host */
};

struct doctor_owners {
	struct doctor_owner all[DOCTOR_OWNERS_MAX];
	size_t count;
};

/**
 * doctor_owners_find() - look at a file, or at where file systems are mounted
 * @pid: of a process in the container
 * @file: its path there; NULL: the root directory, and the directories on which file systems with files are mounted
 * @ret_owners: as many as have answered in time
 *
 * Return: 0; -ETIMEDOUT: one has not; -EACCES and other -errno of looking at the process.
 */
int doctor_owners_find(pid_t pid, const char *file, struct doctor_owners *ret_owners);

#endif
