/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_HOOK_PRESENCE_H
#define NSXATTR_HOOK_PRESENCE_H

/* Is nsxattrd there? And if it is not: start it. */

#include <stdbool.h>

/* How long a daemon that was started may take until it listens, in milliseconds. */
#define PRESENCE_PATIENCE 10000

/** struct hook_daemon - where nsxattrd is, for a hook */
struct hook_daemon {
	const char *socket; /* where the runtime connects */
	const char *control; /* its control socket; NULL: it is not asked */
	const char *policies; /* its folder of policies, for when it cannot be asked */
	const char *start; /* its program's path, or its unit of systemd; NULL: it is not started */
};

/**
 * presence_check() - does a process listen at a socket?
 * @path: of the socket
 * @type: SOCK_STREAM or SOCK_SEQPACKET
 *
 * Return: 0; -ENOENT or -ECONNREFUSED when none does; -EACCES when we may not connect; -ENAMETOOLONG;
 * -errno of connect(2).
 */
int presence_check(const char *path, int type);

/**
 * presence_start() - start a daemon, and wait until it listens
 * @program: its path; it gets no arguments, and nothing of what we have open
 * @path: of the socket that is awaited
 * @type: of the socket
 *
 * When two hooks start it at a time, the second one finds the daemon that the first one has started.
 *
 * Return: 0; -ECHILD when it has ended and no process listens; -ETIME when it does not listen in time; -errno
 * of fork(2).
 */
int presence_start(const char *program, const char *path, int type);

/** presence_is_unit() - is it a unit of systemd that is named? A program is named by its path. */
bool presence_is_unit(const char *name);

/**
 * presence_bring() - start a program as presence_start() does, or have systemd start a unit
 * @name: a path, or a unit
 * @path: of the socket that is awaited
 * @type: of the socket
 *
 * Return: as presence_start(); of a unit: 0; -ECHILD when systemd cannot start it; -ENOENT or
 * -ECONNREFUSED when it has, and no process listens; -errno of posix_spawn(3).
 */
int presence_bring(const char *name, const char *path, int type);

#endif
