/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BASE_CLOSER_H
#define NSXATTR_BASE_CLOSER_H

/*
 * Work that can hang for as long as a peer likes, on threads for which no other thread waits. Such work is to close a
 * descriptor that a peer has handed over, and to receive from its connection, for the kernel closes what
 * finds no room:
 *
 *	what the peer hands over			what its close(2) waits for
 *	a TCP socket with SO_LINGER and unsent data	the other end, which never reads
 *	a file of a FUSE file system			FLUSH, which its server never answers: each close(2) of
 *							a descriptor of it, not only the last, and the thread
 *							cannot be killed
 *	a socket with any of these in its queue		the same
 *
 * Each piece of such work, a *chore*, is a member of the structure that stands for the peer, so that to give it to the
 * closer takes no memory and never fails. It is worked at by a thread that has nothing else to do: when all of them hang,
 * another one is started. What bounds the threads is the number of peers: one whose chore is not done yet keeps
 * its place (daemon/acceptor.h).
 *
 * Waits that a signal ends, as that of SO_LINGER is, are ended after a moment.
 *
 * All functions are called on the loop's thread.
 */

#include <stdbool.h>
#include <stddef.h>

struct closer;
struct loop;

/** struct chore - one piece of work; the closer's until done() is called, which may give it back */
struct chore {
	void (*work)(void *place); /* on any thread */
	void (*done)(
		void *place); /* on the loop's thread, when work() has returned; NULL: no call */
	void *place;
	struct chore *next; /* the closer's */
};

/** struct closing - descriptors to be closed; a chore for which the closer has the work */
struct closing {
	struct chore chore;
	int *fds; /* each is -1 once it is closed; -1 is accepted */
	size_t count;
	void (*done)(void *place); /* as that of a chore */
	void *place;
};

/**
 * closer_new() - threads for the chores of one loop
 * @loop: calls done(); it outlives the closer
 * @ret_closer: it; its first thread is there
 *
 * Return: 0; -errno.
 */
int closer_new(struct loop *loop, struct closer **ret_closer);

/**
 * closer_free() - end its threads
 *
 * A thread that hangs cannot be ended. Then nothing is released, for the end of the process to release. What was
 * handed over before is worked at first; done() is not called any more.
 *
 * Return: whether all have ended. NULL is accepted.
 */
bool closer_free(struct closer *closer);

/** closer_do() - have a chore done. It never waits. */
void closer_do(struct closer *closer, struct chore *chore);

/** closer_close() - close descriptors, one after the other. It never waits. */
void closer_close(struct closer *closer, struct closing *closing);

/**
 * closer_close_all() - the same, when the caller need not know when they are closed
 * @fds: copied, @count of them
 *
 * Return: 0; -ENOMEM, and they are still open.
 */
int closer_close_all(struct closer *closer, const int *fds, size_t count);

/** closer_close_each() - the same, so that none of them waits for another one */
int closer_close_each(struct closer *closer, const int *fds, size_t count);

#endif
