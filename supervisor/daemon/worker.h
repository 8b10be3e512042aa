/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_DAEMON_WORKER_H
#define NSXATTR_DAEMON_WORKER_H

/*
 * A worker of nsxattrd. Its main thread runs the loop: it accepts runtimes, answers the control socket, and heeds signals.
 * Requests are the business of the engine's threads.
 */

#include <stdbool.h>

/** worker_run() - see keeper_config.work(); @place: of struct opened */
_Noreturn void worker_run(void *place, bool is_next);

#endif
