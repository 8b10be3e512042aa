/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_EXEC_AWAITED_H
#define NSXATTR_EXEC_AWAITED_H

/*
 * What a request waits for on a queue (exec/call_queue.h), and the answers that it has had so far. A request that waits
 * has no thread: the function that asked returns -EINPROGRESS, and so does each one above it. When the answer is there,
 * the request is walked again, and asks for the same again: then the answer is at hand. Nothing else is remembered of
 * the walk before.
 *
 *	state			a call
 *	AWAITED_NOTHING		has its answer at hand, or goes into the queue
 *	AWAITED_ANSWER		-EINPROGRESS: one is to go into the queue; what the walk finds out has no meaning
 *	AWAITED_THREAD		-EINPROGRESS: the queue cannot make the one that was asked for
 *	AWAITED_NO_MORE		has its answer at hand, or is made by the thread itself
 */

#include <linux/openat2.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "access.h"
#include "exec/pinned.h"

struct attribute_call;
struct call_queue;
struct standin;

/* The own value, and those of the namespaces that it can be inherited from; more are left to a thread. */
#define AWAITED_MAX 4

enum awaited_state {
	AWAITED_NOTHING,
	AWAITED_ANSWER,
	AWAITED_THREAD,
	AWAITED_NO_MORE,
};

/** struct awaited_get - a get that was asked for, and its answer */
struct awaited_get {
	char name[NAME_SIZE];
	size_t size;
	int result;
};

/** struct awaited_open - a path that was asked for */
struct awaited_open {
	bool is_for_thread; /* which goes on when the path is opened */
	int personality;
	int base; /* owned; -1: none */
	char *path; /* NULL: none was asked for */
	struct open_how how;
};

/** struct awaited - of one request */
struct awaited {
	struct call_queue *queue; /* borrowed */
	enum awaited_state state;
	struct pinned inode; /* that was found by a walk before, or is_opening; -1: none yet */
	bool is_opening; /* the path is what is asked for, or its answer is not looked at yet */
	struct awaited_open open;
	unsigned int asked; /* by this walk */
	unsigned int answered;
	struct awaited_get gets[AWAITED_MAX];
	char *buffer; /* of the last get */
};

/** awaited_init() - nothing was asked yet */
void awaited_init(struct awaited *awaited, struct call_queue *queue);

/** awaited_done() - let go of what it has; no answer may be outstanding */
void awaited_done(struct awaited *awaited);

/** awaited_begin_walk() - the next walk begins */
void awaited_begin_walk(struct awaited *awaited);

/** awaited_go_on_alone() - a thread goes on: from the next walk on, what has no answer yet is its to call */
void awaited_go_on_alone(struct awaited *awaited);

/** awaited_take() - the answer is there, of call_queue_take(). Return: whether it is one; if not, a thread goes on. */
bool awaited_take(struct awaited *awaited, int result);

/**
 * awaited_enqueue() - the walk is over, and has asked for an answer
 *
 * From then on the answer can come, in any thread, and the caller leaves all that is about the request alone.
 *
 * Return: 0; -errno: a thread goes on.
 */
int awaited_enqueue(struct awaited *awaited);

/** awaited_decline() - no queue is asked: a thread goes on */
void awaited_decline(struct awaited *awaited);

/** awaited_is_waiting() - the walk is over, and what it finds out has no meaning. NULL: there is nothing to wait for */
static inline bool awaited_is_waiting(const struct awaited *awaited)
{
	return awaited && (awaited->state == AWAITED_ANSWER || awaited->state == AWAITED_THREAD);
}

/** awaited_is_bound() - is there no thread to wait, and no answer? Then what has to be waited for cannot be done. */
static inline bool awaited_is_bound(const struct awaited *awaited)
{
	return awaited && awaited->state != AWAITED_NO_MORE;
}

/** awaited_want_thread() - what comes next may wait, and is nothing that a queue can do. Return: -EINPROGRESS. */
int awaited_want_thread(struct awaited *awaited);

/**
 * awaited_open() - have a path opened that the kernel has not in memory; the answer is awaited->inode
 * @base: where it begins; copied, as @path is
 *
 * Return: -EINPROGRESS.
 */
int awaited_open(struct awaited *awaited, const struct standin *standin, int base, const char *path,
		 const struct open_how *how);

/**
 * awaited_call() - an attribute call of a request
 * @call: it
 * @is_ours: our own process makes it
 * @ret_result: its result; -EINPROGRESS, see above
 *
 * Return: whether there is a result; if not, the thread makes the call itself.
 */
bool awaited_call(struct awaited *awaited, const struct attribute_call *call, bool is_ours,
		  ssize_t *ret_result);

#endif
