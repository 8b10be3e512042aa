/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_REQUEST_REMEDY_H
#define NSXATTR_REQUEST_REMEDY_H

/* The log tells once for each file system, not for each call, what to do about a store that cannot hold a value. */

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "policy.h"

struct outcome;
struct performer;

#define REMEDIES_MAX 32

/** struct remedies - the file systems of which the log has told; for several threads at once */
struct remedies {
	pthread_mutex_t lock;
	size_t count;
	dev_t devices[REMEDIES_MAX];
};

/** remedies_init() - of none yet */
void remedies_init(struct remedies *remedies);

/** struct remedy_case - a set that has ended; all of it is borrowed */
struct remedy_case {
	const char *label; /* of the container */
	uint64_t log_source; /* whose line it is, as of log_limited() */
	enum store store; /* of the policy */
	const struct performer *performer; /* who looks at the inode */
	const char *name; /* as the target gave it */
	const struct outcome *outcome;
};

/** remedy_note() - look at the result of a set. @remedies: of the container */
void remedy_note(struct remedies *remedies, const struct remedy_case *about);

#endif
