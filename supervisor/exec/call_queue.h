/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_EXEC_CALL_QUEUE_H
#define NSXATTR_EXEC_CALL_QUEUE_H

/*
 * Calls whose answers come later: an io_uring(7) to which several threads may give calls, and of which one thread at a
 * time takes the answers. No call of it waits. The kernel makes each call in a thread of its own, as many at a time as
 * the queue was made for.
 */

#include <stdbool.h>
#include <stdint.h>

struct attribute_call;
struct call_queue;
struct credential;
struct open_how;

/** struct call_answer - what has become of a call */
struct call_answer {
	void *place; /* that was given with the call */
	int result; /* the call's; -errno */
};

/**
 * call_queue_new() - an empty one
 * @at_once: how many calls may wait at a time
 * @directory: of /proc/self/fd, which becomes the working directory of the process; -1: it is that already
 *
 * Return: 0; -EPERM or -ENOSYS where io_uring is disabled or missing; other -errno.
 */
int call_queue_new(unsigned int at_once, int directory, struct call_queue **ret_queue);

/** call_queue_free() - no call may be under way, for the kernel still writes where it was told to; NULL is accepted. */
void call_queue_free(struct call_queue *queue);

/** call_queue_fd() - it can be read when there are answers; the queue's */
int call_queue_fd(const struct call_queue *queue);

/**
 * call_queue_get() - getxattr(2)
 * @call: the get; its buffer stays until the answer, all else is copied at the next call_queue_submit()
 * @place: comes back with the answer
 *
 * Return: 0; -EBUSY: there is no room before call_queue_submit().
 */
int call_queue_get(struct call_queue *queue, const struct attribute_call *call, void *place);

/**
 * call_queue_find_personality() - whose calls are made as those of a target, see exec/standin.h
 * @inode: of the user namespace
 *
 * Return: its number; 0: it is not registered.
 */
int call_queue_find_personality(struct call_queue *queue, uint64_t inode,
				const struct credential *credential);

/** call_queue_add_personality() - one that was registered. Return: 0; -ENOMEM: it is not any more. */
int call_queue_add_personality(struct call_queue *queue, uint64_t inode,
			       const struct credential *credential, int personality);

/**
 * call_queue_open() - openat2(2) as a target
 * @base: as @path and @how it stays until call_queue_submit()
 *
 * Return: as call_queue_get().
 */
int call_queue_open(struct call_queue *queue, int personality, int base, const char *path,
		    struct open_how *how, void *place);

/** call_queue_join() - the calling thread begins to submit. Return: 0; -errno: fewer of its calls wait at a time. */
int call_queue_join(struct call_queue *queue);

/** call_queue_submit() - begin what was put into it. Return: 0; -errno: what was not begun stays in it. */
int call_queue_submit(struct call_queue *queue);

/** call_queue_cancel() - have a call come back soon, with -ECANCELED or -EINTR, if its file system allows that */
void call_queue_cancel(struct call_queue *queue, void *place);

/** call_queue_take() - take the next answer. Return: whether there was one. */
bool call_queue_take(struct call_queue *queue, struct call_answer *ret_answer);

#endif
