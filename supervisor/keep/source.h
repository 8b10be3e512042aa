/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_KEEP_SOURCE_H
#define NSXATTR_KEEP_SOURCE_H

/*
 * Where notifications come from and answers go to: a listener of seccomp_unotify(2), or a connection of a
 * monitor of LXC, which has the listener and passes on what comes. A process is a source, too, from which nothing comes
 * but its end.
 *
 *	state		may be called						must not
 *	watched		receive() when the descriptor is ready, done()		block
 *	served		receive() or restore(), and answer(), by several		done()
 *			threads at once;
 *			overdue() by the loop's thread
 *	over		answer() for what was received, then done()		receive()
 */

#include <stdbool.h>

struct outcome;
struct reception;
struct source;

/** struct source_calls - what can be done with one sort of source */
struct source_calls {
	bool is_peers; /* its descriptor is a connection: to close it can take as long as a peer likes */
	bool is_queued; /* the sender waits for each answer before it sends the next request */
	/*
	 * Waits for a notification. A signal ends the wait. Return: an enum notify_result; -errno when
	 * the source fails. With NOTIFY_RECEIVED, answer() must follow, until which the descriptors
	 * in what is received stay open.
	 */
	int (*receive)(struct source *source, struct reception *ret_reception);
	/*
	 * A request that a dead process had received: its slot has what that has written down, the rest of
	 * @reception is restored. NULL: there is nothing to do. Return: as receive(); NOTIFY_NONE: it is done with.
	 */
	int (*restore)(struct source *source, struct reception *reception);
	/* Return: 0, also when the target does not wait for the answer any more; -errno when the source fails. */
	int (*answer)(struct source *source, struct reception *reception,
		      const struct outcome *outcome);
	/*
	 * A request takes longer than its sender will wait. NULL: it waits as long as that takes. This must not
	 * end the thread that works on the request.
	 */
	void (*overdue)(struct source *source);
	/* Frees it. */
	void (*done)(struct source *source);
};

/** struct source - the beginning of one of any sort */
struct source {
	const struct source_calls *calls;
	int fd; /* ready when something is to be received, hung up when it is over */
};

/**
 * source_new_listener() - a listener as a source
 * @listener: the source's on success
 *
 * Return: 0; -ENOMEM.
 */
int source_new_listener(int listener, struct source **ret_source);

/**
 * source_new_process() - a source that is over when a process has ended
 * @pidfd: of the process; the source's on success
 *
 * Return: 0; -ENOMEM.
 */
int source_new_process(int pidfd, struct source **ret_source);

/** source_has_more() - Return: whether a notification can be received at once, if no other thread takes it. */
bool source_has_more(const struct source *source);

/** source_free() - let go of it; NULL is accepted. To close a peer's can take long (base/closer.h). */
void source_free(struct source *source);

/** source_let_go() - the same, but its descriptor stays open. Return: it, the caller's. */
int source_let_go(struct source *source);

#endif
