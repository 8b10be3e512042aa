/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BASE_ERRAND_H
#define NSXATTR_BASE_ERRAND_H

/*
 * A child process that enters a target's user namespace on our behalf, where we ourselves never go.
 *
 * Inside it is at the mercy of the namespace's root, who may stop or kill it, so no thread waits for it
 * without a deadline. It cannot be traced or read: it is not dumpable, and its memory belongs to the
 * host's namespace (fs.suid_dumpable must not be 1, see attach/confine.c). A forker (base/forker.h)
 * makes those that stay.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/** struct errand - a child that is under way */
struct errand {
	pid_t pid;
	int pidfd;
	int channel; /* our end of a SOCK_SEQPACKET pair */
};

/* How long a child may take for one step, in milliseconds, before it is given up. */
#define ERRAND_DEADLINE_MS 5000

/** errand_body - what the child does; it ends when this returns */
typedef void errand_body(int channel, void *argument);

/**
 * errand_start_brief() - have a child do something short
 * @body: what it does
 * @argument: given to @body
 * @ret_errand: the child; errand_end() it
 *
 * The child has our descriptors, all of them, under their numbers.
 * The caller sleeps until the child has ended, which takes no longer than ERRAND_DEADLINE_MS; what it has
 * sent can be received then. The child has our memory itself, not a copy: to copy it costs a hundred times
 * as much, and holds up all other threads. So @body must write nowhere but to its own variables, and call
 * nothing that allocates, or that keeps something in memory.
 *
 * Return: 0; -errno of clone(2) or socketpair(2).
 */
int errand_start_brief(errand_body *body, void *argument, struct errand *ret_errand);

/**
 * errand_fork() - fork(2), and a pidfd: a child that ends at once could not be found by its number later
 * @flags: of clone(2), beside those
 * @ret_pidfd: the caller's
 *
 * Return: the child's number; 0 in the child; -1 with errno.
 */
pid_t errand_fork(unsigned long flags, int *ret_pidfd);

/**
 * errand_receive() - wait for a message of the child
 * @errand: the child
 * @buffer: room for @length bytes; the message must have exactly that length
 *
 * Return: 0; -EPIPE when the child has ended; -ETIMEDOUT; -EPROTO for another length; -errno.
 */
int errand_receive(const struct errand *errand, void *buffer, size_t length);

/**
 * errand_stop() - close the channel, and kill the child if it goes on
 *
 * A second call does not wait. errand_end() has to follow.
 *
 * Return: whether it has ended.
 */
bool errand_stop(struct errand *errand);

/**
 * errand_end() - close the channel, which ends the child, and reap it
 *
 * A child that does not end by itself is killed. The caller waits for a fraction of a second at most.
 */
void errand_end(struct errand *errand);

/**
 * errand_has_ended() - has it ended, or does it within so many milliseconds?
 *
 * If not, what was read of it by its number until now was the child's: a number is not used again as long as its
 * process is there.
 */
bool errand_has_ended(const struct errand *errand, unsigned int milliseconds);

/** errand_wait_readable() - wait until the channel has something. Return: 0; -ETIMEDOUT; -errno. */
int errand_wait_readable(const struct errand *errand);

#endif
