/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BASE_FORKER_H
#define NSXATTR_BASE_FORKER_H

/*
 * A small process that makes the children which stay, as children of ours (base/errand.h has the brief ones). fork(2)
 * copies the memory of its caller, and the kernel holds up all threads of the caller meanwhile: of a worker that has
 * hundreds of them for milliseconds. So a worker makes a forker while it has one thread, and asks that one by a socket.
 *
 *	stage			after it
 *	forker_new()		Should: end with the thread that has made it; hold its channel, the standard output and
 *				error of its maker and nothing else; hold the capabilities that a child needs to enter
 *				a user namespace under other ids.
 *				Mustn't: make a system call that neither it nor a child needs; be traced.
 *	a child			Should: end with the thread that has made the forker; hold its own channel and the
 *				descriptors of its order.
 *				Mustn't: hold the forker's channel; have any of the memory that the maker has written
 *				to since.
 *
 * To make and end a process takes both CPUs of a small machine from everybody else, and what a container does decides
 * how many are needed. So they come at the rate of base/rate.h, one by one.
 */

#include <stddef.h>

#include "base/allowed_calls.h"
#include "base/errand.h"
#include "base/share.h"

struct forker;

/* Beside the channel; and bytes of an argument. */
#define FORKER_FDS_MAX 4
#define FORKER_ARGUMENT_MAX 8192

/*
 * The kernel copies at least so many entries of a table of descriptors, and what the forker does not need of these it
 * closes. So none of them may be a file of which close(2) could wait.
 */
#define FORKER_TABLE 64

/** enum forker_task - what a child is for */
enum forker_task {
	FORKER_DEPUTY, /* exec/deputy.c */
	FORKER_MEMBER, /* request/userns.c */
	FORKER_TASKS,
};

/**
 * forker_body - what a child does; it ends when this returns
 * @argument: a copy of that of the order, aligned for any type
 * @fds: the descriptors of the order under new numbers, @fd_count of them
 */
typedef void forker_body(int channel, void *argument, const int *fds, size_t fd_count);

/** struct forker_config - what a forker needs to know */
struct forker_config {
	forker_body *bodies[FORKER_TASKS];
	enum allowed_calls_mode calls;
	/* It has ended, and there can be no children any more. Called by the thread that finds out; may not return. */
	void (*lost)(void);
};

/** struct forker_order - a child that is to be made */
struct forker_order {
	enum forker_task task;
	struct share_holder holder; /* who it is made for */
	const void *argument; /* @size bytes */
	size_t size;
	const int *fds; /* the caller's, @fd_count of them */
	size_t fd_count;
};

/**
 * forker_new() - make a forker
 * @config: copied
 *
 * The calling thread is the only one of its process, and children end with it. Standard input is the forker's channel
 * for a moment.
 *
 * Return: 0; -errno of what failed, here or there.
 */
int forker_new(const struct forker_config *config, struct forker **ret_forker);

/** forker_free() - end it; no thread uses it. NULL is accepted. */
void forker_free(struct forker *forker);

/** forker_silence() - have it give up standard error, for standard output; see sandbox_silence() */
void forker_silence(struct forker *forker);

/**
 * forker_start() - have a child made; any thread
 * @order: which
 * @ret_errand: it; errand_end() it
 *
 * It takes no longer than three times ERRAND_DEADLINE_MS: to have its turn, to tell the forker, and to have its answer.
 * A forker that does not answer in time is killed.
 *
 * Return: 0; -EAGAIN: its holder has had so many made that its turn would come too late; -errno.
 */
int forker_start(struct forker *forker, const struct forker_order *order,
		 struct errand *ret_errand);

#endif
