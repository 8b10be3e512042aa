/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_DAEMON_UPGRADE_H
#define NSXATTR_DAEMON_UPGRADE_H

/*
 * The old daemon's side of an upgrade (handover.h), in its worker:
 *
 *	state		until
 *	idle		somebody begins
 *	awaiting	the new one asks for the rest; or its time is over, or it is gone: idle
 *	asked		no runtime is just handing something over
 *	given		the new one has claimed it: we end; or has not: it is killed, and we are idle, all is
 *			served as before
 */

#include <stdbool.h>

#include "base/loop.h"
#include "daemon/handover.h"

struct engine;
struct journal;

/** struct upgrade - one at a time; begins with what is the caller's, watch.fd and successor -1, and zeroes */
struct upgrade {
	struct loop *loop;
	struct engine *engine;
	struct journal *journal;
	struct handover_start start;
	bool (*has_connections)(void *place); /* has a runtime sent something, but not all of it? */
	void *place;
	struct loop_watch watch; /* the connection */
	struct loop_timer timer;
	int successor; /* a pidfd of the one that has asked; -1: none has */
	unsigned int tries;
};

/**
 * upgrade_begin() - somebody wants to start another daemon in our place
 * @connection: taken over; closed if there is an upgrade under way
 *
 * If the other one takes over, the process ends from the loop, after journal_conclude().
 */
void upgrade_begin(struct upgrade *upgrade, int connection);

#endif
