/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_KEEP_KEEPER_H
#define NSXATTR_KEEP_KEEPER_H

/*
 * A keeper starts a worker, and another one when that dies, so that the death of a worker is nothing
 * that a target notices. It does nothing else: it receives no notification and reads no byte that a
 * target, a runtime or a file has a part in, but for telling targets EIO when there can be no worker.
 *
 * Keeper and worker share one table of descriptors (CLONE_FILES), and the journal. What a worker has
 * opened is open when it is dead: the listeners, and the inodes of changes under way. The next worker begins
 * when the deputies of the dead one are dead, too, so that none of these makes a change after it has looked.
 *
 * A thread in a call on a file system that does not answer cannot be killed, and its process is not reaped as
 * long as it is there. So a worker counts as dead when no thread of it can run any code again (base/ending.h);
 * the journal says which changes may still be made (request/replay.h).
 *
 *	who dies		what becomes of it
 *	the worker		another one takes over; calls wait meanwhile
 *	worker after worker,	others follow with pauses of up to KEEPER_PAUSE_MAX; calls wait for as
 *	before it has answered	long as keeper_config.patience says without any that serves, and then
 *	what it had inherited	fail with EIO
 *	the first few workers,	the keeper gives up
 *	before they serve
 *	the keeper		the worker goes on without, until it is over or dies too
 *	both			the listeners close: calls fail with ENOSYS
 *	the starter		(keep/starter.h) the same as with the keeper, which ends when the worker dies
 *
 * Once the first worker is there the keeper has no capability any more, and makes few system calls.
 */

#include <stdbool.h>

#include "base/allowed_calls.h"

struct journal;

/* Milliseconds. */
#define KEEPER_PAUSE_MAX 2000
/* Seconds: what keeper_config.patience is without a word about it, and at most. */
#define KEEPER_PATIENCE 60
#define KEEPER_PATIENCE_MAX 86400
/* Milliseconds that a worker has to end in after SIGTERM, before it is killed. */
#define KEEPER_FAREWELL 5000

/** struct keeper_config - what a keeper needs to know */
struct keeper_config {
	struct journal *journal;
	int procfs; /* of proc_open(), borrowed */
	unsigned int patience; /* seconds for which calls wait for a worker that serves */
	/*
	 * The worker gets SIGTERM, SIGINT and SIGHUP, which are blocked here as all signals are, too. False: they
	 * stay blocked.
	 */
	bool passes_signals;
	/*
	 * The listening control socket. While no worker can be started, each peer is told so, in the form of
	 * daemon/control.h; what it has sent is not read. -1: there is none.
	 */
	int control;
	enum allowed_calls_mode calls; /* what becomes of system calls that a keeper does not make */
	/*
	 * The worker: in a process of its own, with one thread, as a copy of the keeper. @is_next: it
	 * is not the first. It ends the process itself, after journal_conclude() if no other shall follow.
	 */
	void (*work)(void *place, bool is_next);
	void *place;
};

/**
 * keeper_run() - keep a worker running until one has concluded
 *
 * To be called with one thread. What is open then and has no entry in the journal is the first worker's
 * alone.
 *
 * Return: what journal_conclude() was given; -errno when not even the first worker could be started;
 * -ECHILD when the first few have died before they served; -EPIPE when there can be no other worker: it has
 * been logged.
 */
int keeper_run(const struct keeper_config *config);

#endif
