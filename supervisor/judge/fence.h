/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_JUDGE_FENCE_H
#define NSXATTR_JUDGE_FENCE_H

/*
 * What makes a judge's word count, with mode enforce: a gate of the kernel's (integrity/gate.h), and the container that
 * has to pass it. As the other means of a judge (judge/means.h) it is made before the first worker, each worker has it by
 * inheritance, and it is there for as long as one process holds its descriptors.
 */

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#include "integrity.h"
#include "integrity/gate.h"

/* Descriptors that have to stay open for it. */
#define FENCE_FDS (GATE_DESCRIPTORS_MAX + GATE_CONTAINER_DESCRIPTORS)

/** struct fence - of one container */
struct fence {
	struct gate *gate;
	struct gate_container *container; /* NULL: none has to pass yet */
	pthread_mutex_t lock; /* of verdicts, which are extended */
};

/**
 * fence_new() - have a gate
 *
 * Return: 0; -errno: it has been logged.
 */
int fence_new(struct fence **ret_fence);

/** fence_free() - NULL is accepted. */
void fence_free(struct fence *fence);

/**
 * fence_close() - from now on all tasks of a user namespace, and of those below it, need verdicts
 * @userns: a descriptor of the namespace
 * @integrity: of the container's policy, which says for what
 *
 * Return: 0; -errno.
 */
int fence_close(struct fence *fence, int userns, const struct integrity *integrity);

/**
 * fence_allow() - a version of a file may be used so, as it may be used otherwise already
 * @func: how
 *
 * Return: 0; -errno.
 */
int fence_allow(struct fence *fence, uint64_t version, enum integrity_func func);

/** fence_fds() - @ret_fds: these, FENCE_FDS of them; -1: none. @fence: NULL: it has none */
void fence_fds(const struct fence *fence, int *ret_fds);

/** fence_report() - log how often the gate has refused what was not judged, if it has; NULL is accepted */
void fence_report(const struct fence *fence);

#endif
