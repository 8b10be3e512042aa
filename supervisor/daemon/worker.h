/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_DAEMON_WORKER_H
#define NSXATTR_DAEMON_WORKER_H

/*
 * A worker of nsxattrd. Its main thread runs the loop: it accepts runtimes, answers the control socket, and heeds signals.
 * Requests are the business of the engine's threads.
 */

#include <stdbool.h>

#include "base/loop.h"
#include "daemon/attachments.h"
#include "daemon/entries.h"
#include "daemon/lxc_acceptor.h"
#include "daemon/oci_acceptor.h"
#include "daemon/opened.h"
#include "daemon/refusals.h"
#include "daemon/upgrade.h"

struct control;

/** struct worker - what a worker has made of what the keeper has opened */
struct worker {
	struct opened *opened;
	struct loop *loop;
	struct closer *closer;
	struct refusals refusals;
	struct engine *engine;
	struct attachments attachments;
	struct entries entries;
	struct connections connections; /* of OCI runtimes and monitors of LXC */
	struct oci_acceptor oci;
	struct lxc_acceptor lxc;
	struct control *control;
	struct loop_watch signalled;
	struct loop_timer sample;
	struct upgrade upgrade;
};

/** worker_run() - see keeper_config.work(); @place: of struct opened */
_Noreturn void worker_run(void *place, bool is_next);

#endif
