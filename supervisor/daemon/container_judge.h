/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_DAEMON_CONTAINER_JUDGE_H
#define NSXATTR_DAEMON_CONTAINER_JUDGE_H

/*
 * The judge of one container, and what it writes on: the container's measurement list, in a memfd that is kept as its
 * listeners are (daemon/entries.h). Its keys are those of the policy. One thread makes and ends it.
 */

#include <stdint.h>

#include "judge/judge.h"
#include "judge/means.h"

struct entries;
struct revocation;
struct shared_policy;

/** struct container_judge - it does not move */
struct container_judge {
	struct judge *judge;
	struct judge_means means;
	struct judge_counters counters;
	uint64_t serial; /* of the list's entry */
	char *label; /* of its lines in the log */
};

/**
 * container_judge_new() - judge what a container executes
 * @revocation: of keys that do not count; outlives the judge
 * @id: of the container
 * @policy: of the container; outlives the judge
 * @serial: of the entry of the list that a worker before has begun; 0: begin one
 * @ret_judge: NULL: the policy wants nothing to be judged
 *
 * Return: 0; -ENOENT: that list is not there, or is none; -ENOKEY: the keys of the policy are not known; -ENOSPC: the
 * list cannot be kept; -errno.
 */
int container_judge_new(struct entries *entries, struct revocation *revocation, const char *id,
			const struct shared_policy *policy, uint64_t serial,
			struct container_judge **ret_judge);

/** container_judge_end() - the container has ended, and with it its list; NULL is accepted. */
void container_judge_end(struct container_judge *judge, struct entries *entries);

/** container_judge_free() - this process ends, and not the container: what is kept stays kept; NULL is accepted. */
void container_judge_free(struct container_judge *judge);

#endif
