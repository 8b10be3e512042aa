/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_JUDGE_FENCE_H
#define NSXATTR_JUDGE_FENCE_H

/*
 * What makes a judge's word count, with mode enforce: a gate of the kernel's (integrity/gate.h), and the container that
 * has to pass it.
 *
 * With nsxattr run it is one of the means of a judge (judge/means.h): it is made before the first worker, each worker has
 * it by inheritance, and it is there for as long as one process holds its descriptors. nsxattrd has one gate for all
 * containers, and a fence for each of them.
 */

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "integrity.h"
#include "integrity/gate.h"
#include "integrity/gate_container.h"

struct revocation;

/* Descriptors that have to stay open for it. */
#define FENCE_FDS (GATE_DESCRIPTORS_MAX + GATE_CONTAINER_DESCRIPTORS)

/** struct fence - of one container */
struct fence {
	struct gate *gate;
	bool is_gate_shared; /* it is not the fence's own */
	struct gate_container *container; /* NULL: none has to pass yet */
	pthread_mutex_t lock; /* of verdicts, which are extended */
};

/**
 * fence_new() - have a gate
 * @revocation: of keys, by which all that passes is judged
 *
 * Return: 0; -errno: it has been logged.
 */
int fence_new(struct revocation *revocation, struct fence **ret_fence);

/**
 * fence_new_of() - a fence with a gate that others have, too
 * @gate: outlives the fence
 * @container: of it; the fence's on success
 *
 * Return: 0; -ENOMEM.
 */
int fence_new_of(struct gate *gate, struct gate_container *container, struct fence **ret_fence);

/** fence_free() - the container need not pass any more. NULL is accepted. */
void fence_free(struct fence *fence);

/** fence_leave() - this process ends: what is shut stays shut. NULL is accepted. */
void fence_leave(struct fence *fence);

/**
 * fence_close() - from now on all tasks of a user namespace, and of those below it, need verdicts
 * @userns: a descriptor of the namespace
 * @integrity: of the container's policy, which says for what
 *
 * Return: 0; -errno.
 */
int fence_close(struct fence *fence, int userns, const struct integrity *integrity);

/** fence_enter() - the same for the container of fence_new_of(), which may have been entered before. Return: 0; -errno. */
int fence_enter(struct fence *fence, const struct integrity *integrity);

/** fence_surrounds() - is it this user namespace, by its number, that has to pass? */
bool fence_surrounds(const struct fence *fence, uint64_t userns);

/** fence_asks() - Return: what verdicts by these rules can depend on, besides the file: enum gate_asked */
unsigned int fence_asks(const struct integrity *integrity);

/** fence_binds() - Return: to what a verdict is bound that came from this, enum integrity_dependence: enum gate_bound */
unsigned int fence_binds(unsigned int depends);

/**
 * fence_version_lasts() - is a file still the version that it was?
 * @before: what was settled
 * @answer: of gate_ask(), asked again
 * @now: what it has told
 *
 * A change is noted before it is made, and the version is another one then. So one that is about to be made, or is only
 * tried, has changed nothing yet: that a process holds the inode's lock says nothing.
 */
bool fence_version_lasts(const struct gate_version *before, int answer,
			 const struct gate_version *now);

/**
 * fence_allow() - a version of a file may be used so, as it may be used otherwise already
 * @about: which version, and to what else that is bound; its generation is that with which the judgement began
 * @func: how
 * @revocation: of keys
 *
 * Return: 0; -EAGAIN: keys have been revoked since: judge again; -errno.
 */
int fence_allow(struct fence *fence, const struct gate_case *about, enum integrity_func func,
		struct revocation *revocation);

/** fence_fds() - @ret_fds: these, FENCE_FDS of them; -1: none. @fence: NULL: it has none */
void fence_fds(const struct fence *fence, int *ret_fds);

/** fence_refusals() - how often the gate has refused what was not judged; @fence: NULL: it has not */
uint64_t fence_refusals(const struct fence *fence);

/** fence_report() - log that, if it has; NULL is accepted. @label: what the line begins with; "": there is one container */
void fence_report(const struct fence *fence, const char *label);

#endif
