/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_DAEMON_DAEMON_H
#define NSXATTR_DAEMON_DAEMON_H

/* The life of nsxattrd. */

#include "base/probe.h"

struct config;

/** struct daemon_options - what the command line adds to the settings */
struct daemon_options {
	const struct config *config; /* outlives the daemon */
	enum probe_use probe;
	char *const *
		arguments; /* of main(): another daemon that takes our place is started with them */
};

/**
 * daemon_run() - serve containers until SIGTERM or SIGINT
 *
 * To be called with one thread. Whatever fails has been logged.
 *
 * Return: the exit status of the process.
 */
int daemon_run(const struct daemon_options *options);

#endif
