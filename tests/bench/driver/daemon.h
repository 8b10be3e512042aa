/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BENCH_DAEMON_H
#define NSXATTR_BENCH_DAEMON_H

/* nsxattrd with sockets of its own in the scene, and containers.c, which hands containers to it. */

#include "part.h"
#include "runner.h"

struct daemon {
	struct runner runner;
	struct runner containers;
	char program[PATH_MAX]; /* what /proc/PID/exe says */
	char socket[PATH_MAX];
};

enum daemon_result {
	DAEMON_SERVES = 1,
	DAEMON_ABSENT, /* it was not built */
	DAEMON_WRONG, /* said */
};

/**
 * daemon_start() - start it, and a fleet without containers
 * @name: for its folder in the scene
 * @file: what each container asks about when it is attached
 *
 * Return: an enum daemon_result.
 */
enum daemon_result daemon_start(struct daemon *daemon, const struct bench *bench, const char *name,
				const char *file);

/** daemon_attach() - @count containers more. Return: the seconds that it took; below 0: said. */
double daemon_attach(struct daemon *daemon, unsigned int count);

/** daemon_stop() - the containers, then the daemon; one that does not run is accepted */
void daemon_stop(struct daemon *daemon);

#endif
