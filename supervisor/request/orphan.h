/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_REQUEST_ORPHAN_H
#define NSXATTR_REQUEST_ORPHAN_H

/*
 * A container whose ids have changed neither sees nor removes the values that it has left: to it they are those of
 * another one. The log tells that once, with the remedy, when one of its first requests meets such a value on an
 * inode that is the container's own.
 */

#include <stdatomic.h>
#include <stdint.h>
#include <sys/types.h>

struct store_context;

/** struct orphans - of one container; for several threads at once */
struct orphans {
	atomic_uint looks; /* how many requests more are looked at */
};

/** orphans_init() - nothing was looked at yet */
void orphans_init(struct orphans *orphans);

/** struct orphan_asker - who has asked */
struct orphan_asker {
	const char *label; /* of the container */
	uint64_t log_source; /* whose line it is, as of log_limited() */
	pid_t tid;
};

/**
 * orphan_note() - look at the inode of a get or a list that has been answered
 * @orphans: of the container
 * @asker: who has asked
 * @context: what was asked, and working memory for a list, which is overwritten
 */
void orphan_note(struct orphans *orphans, const struct orphan_asker *asker,
		 const struct store_context *context);

#endif
