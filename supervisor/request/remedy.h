/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_REQUEST_REMEDY_H
#define NSXATTR_REQUEST_REMEDY_H

/* The log tells once for each file system, not for each call, what to do about a store that cannot hold a value. */

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "policy.h"

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

/**
 * remedy_note() - look at the result of a set
 * @remedies: of the container
 * @log_source: whose line it is, as of log_limited()
 * @store: of the policy
 * @performer: who looks at the inode
 * @error: the positive errno of the set, or 0
 */
void remedy_note(struct remedies *remedies, uint64_t log_source, enum store store,
		 const struct performer *performer, int error);

#endif
