/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_ATTACH_SUPERVISE_H
#define NSXATTR_ATTACH_SUPERVISE_H

/* The life of the supervisor of one command. */

#include <sys/types.h>

struct run_options;

/** struct supervised - what the supervisor knows the command by */
struct supervised {
	int channel; /* the supervisor's end of the handshake */
	pid_t pid;
	int pidfd;
	int proc; /* from namespace_open_self(); -1 without new namespaces */
};

/**
 * supervise() - serve a command until no target is left
 * @options: how the command is run
 * @supervised: descriptors above 2, this function's to close
 *
 * Called in a process of its own, with one thread. What fails before the command starts is told
 * over the channel.
 *
 * Return: the exit status of the process.
 */
int supervise(const struct run_options *options, const struct supervised *supervised);

#endif
