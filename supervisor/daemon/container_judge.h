/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_DAEMON_CONTAINER_JUDGE_H
#define NSXATTR_DAEMON_CONTAINER_JUDGE_H

/*
 * The judge of one container, and what it writes on: the container's measurement list, in a memfd that is kept as its
 * listeners are (daemon/entries.h). Its keys are those of the policy. One thread makes and ends it.
 */

#include <stdint.h>

#include "daemon/container_fence.h"
#include "judge/judge.h"
#include "judge/means.h"

struct entries;
struct gate;
struct revocation;
struct shared_policy;

/** struct container_judge - it does not move */
struct container_judge {
	struct judge *judge;
	struct judge_means means;
	struct judge_counters counters;
	const struct integrity *integrity; /* of the policy */
	struct container_fence fence; /* with mode enforce */
	uint64_t serial; /* of the list's entry */
	char *label; /* of its lines in the log */
};

/** struct container_judge_config - what a judge is told; what is pointed to outlives it, but for the id */
struct container_judge_config {
	struct entries *entries;
	struct revocation *revocation; /* of keys that do not count */
	struct gate *gate; /* NULL: there is none */
	const char *id; /* of the container */
	const struct shared_policy *policy; /* of the container */
	uint64_t serial; /* of the entry of the list that a worker before has begun; 0: begin one */
	int userns; /* with mode enforce, of a new container: a descriptor, the judge's, or closed; -1: none */
};

/**
 * container_judge_new() - judge what a container executes
 * @ret_judge: NULL: the policy wants nothing to be judged
 *
 * With mode enforce a new container passes the gate from then on; for one that was there see container_judge_enter(). If there
 * is no judge of one that was there, nothing is executed in it any more (daemon/unserved.h).
 *
 * Return: 0; -ENOENT: that list, or fence, is not there, or is none; -ENOKEY: the keys of the policy are not known;
 * -ENODEV: there is no gate; -ENOSPC: the list cannot be kept; -errno.
 */
int container_judge_new(const struct container_judge_config *config,
			struct container_judge **ret_judge);

/** container_judge_enter() - one that was there before passes our gate from now on. Return: 0; -errno. */
int container_judge_enter(struct container_judge *judge);

/** container_judge_end() - the container has ended, and with it its list; NULL is accepted. */
void container_judge_end(struct container_judge *judge, struct entries *entries);

/** container_judge_free() - this process ends, and not the container: what is kept stays kept; NULL is accepted. */
void container_judge_free(struct container_judge *judge);

#endif
