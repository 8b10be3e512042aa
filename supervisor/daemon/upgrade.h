/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_DAEMON_UPGRADE_H
#define NSXATTR_DAEMON_UPGRADE_H

/*
 * The old daemon's side of an upgrade (handover.h), in its worker:
 *
 *	state		until
 *	idle		a peer at the control socket begins an upgrade
 *	awaiting	the new one asks for the rest; or its time is over, or it has ended: idle
 *	asked		no message of a runtime is on its way
 *	given		the new one has claimed the journal: we end; or has not: it is killed, and we are idle, and serve
 *			as before
 */

#include <stddef.h>

#include "base/loop.h"
#include "daemon/handover.h"

struct attachments;
struct audit_log;
struct engine;
struct gate_pins;
struct journal;

/** struct upgrade - one at a time; begins with what is the caller's, watch.fd and successor -1, and zeroes */
struct upgrade {
	struct loop *loop;
	struct engine *engine;
	struct journal *journal;
	struct attachments *attachments;
	struct audit_log *audit_log; /* records that wait are written before the end */
	const struct gate_pins *pins;
	struct handover_start start;
	const size_t *deliveries; /* how many messages of runtimes have not come in full */
	struct loop_watch watch; /* the connection */
	struct loop_timer timer;
	int successor; /* a pidfd of the one that has asked; -1: none has */
	unsigned int tries;
};

/**
 * upgrade_begin() - another daemon is to be started in our place
 * @connection: the upgrade's; closed if another one is under way
 *
 * If the other one takes over, the process ends from the loop, after journal_conclude().
 */
void upgrade_begin(struct upgrade *upgrade, int connection);

#endif
