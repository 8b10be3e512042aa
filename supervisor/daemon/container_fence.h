/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_DAEMON_CONTAINER_FENCE_H
#define NSXATTR_DAEMON_CONTAINER_FENCE_H

/*
 * The fence of one container (judge/fence.h), with mode enforce. What it consists of, a descriptor of the user namespace and
 * the map of verdicts, is kept as the container's listeners are (daemon/entries.h), with the serial of its measurement
 * list, by which a worker, or another daemon, finds it again.
 *
 *	who				container_fence_...
 *	a container comes		new(): it passes the gate before its first call is answered
 *	a worker or daemon follows	restore(), and when it is sure to serve: enter()
 *	the container has ended		end()
 *	the process ends		leave()
 *	the container is lost		leave(), then set_aside(): it may have processes, for which the gate stays shut
 *
 * One thread calls all of it.
 */

#include <stdbool.h>
#include <stdint.h>

struct entries;
struct fence;
struct gate;
struct integrity;

enum container_fence_part {
	FENCE_USERNS,
	FENCE_VERDICTS,
	FENCE_PARTS,
};

/** struct container_fence - begins zeroed */
struct container_fence {
	struct fence *fence; /* NULL: there is none */
	uint64_t serials[FENCE_PARTS]; /* of the entries */
	bool was_shut; /* its namespace had to pass the gate before it came */
};

/**
 * container_fence_new() - have a container pass the gate
 * @gate: outlives the fence
 * @list: the serial of its measurement list
 * @userns: of the container; the fence's, or closed
 *
 * Return: 0; -errno, and it need not pass, if it had not to before.
 */
int container_fence_new(struct container_fence *fence, struct entries *entries, struct gate *gate,
			const struct integrity *integrity, uint64_t list, int userns);

/**
 * container_fence_restore() - one that another worker, or daemon, has left
 *
 * Verdicts that count for another gate only are forgotten.
 *
 * Return: 0; -ENOENT: nothing of it was left; -errno.
 */
int container_fence_restore(struct container_fence *fence, struct entries *entries,
			    struct gate *gate, uint64_t list);

/** container_fence_enter() - of one that was restored: it passes our gate from now on. Return: 0; -errno. */
int container_fence_enter(struct container_fence *fence, const struct integrity *integrity);

/** container_fence_end() - the container has ended; one that is zeroed is accepted. @label: of its lines in the log */
void container_fence_end(struct container_fence *fence, struct entries *entries, const char *label);

/** container_fence_leave() - this process ends, or does not serve the container any more, and the container has not ended */
void container_fence_leave(struct container_fence *fence);

/**
 * container_fence_set_aside() - entries of fences of no list that there is
 * @is_used: whether a container has the list
 *
 * Verdicts are forgotten. Namespaces become ENTRY_SHUT, which daemon/unserved.h is about.
 */
void container_fence_set_aside(struct entries *entries,
			       bool (*is_used)(const void *place, uint64_t list),
			       const void *place);

#endif
