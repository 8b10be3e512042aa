/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_ATTACH_RUN_H
#define NSXATTR_ATTACH_RUN_H

/* One command under a supervisor of its own. */

#include "attach/supervise.h"

enum run_failure {
	RUN_NOT_STARTED = 1, /* something of ours failed */
	RUN_NOT_EXECUTABLE, /* the command was found, but cannot be executed */
	RUN_NOT_FOUND,
};

/**
 * run_command() - become the command, under a supervisor
 * @options: how
 *
 * The calling process itself executes the command, so that its exit status, signals, job control
 * and terminal are the command's own. To be called with one thread. Descriptors 0 to 2 must be
 * open. Needs the capabilities that sandbox_missing_capability() asks about, unless is_plain.
 *
 * Return: only on failure, which has been logged.
 */
enum run_failure run_command(const struct run_options *options);

#endif
