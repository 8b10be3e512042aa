/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_HOOK_LXC_INIT_H
#define NSXATTR_HOOK_LXC_INIT_H

/*
 * LXC waits until the init of a container is executed before its monitor passes any call on. If calls that execute are
 * notified, that one would wait for ever. So a hook that LXC starts before (lxc.hook.start-host) takes the listener out
 * of the process that is to become the init, and passes on what that one calls until it is executed, as the monitor
 * does afterwards.
 *
 *	who calls		before the exec of init		after it
 *	the init		this process receives		LXC's monitor receives
 *
 * No other process is in the container before. From the exec on this process is not needed any more: nsxattrd knows the
 * container by its init until the monitor passes the first call on, which can be much later.
 */

#include <sys/types.h>

/** struct lxc_init - a container that is about to start */
struct lxc_init {
	pid_t pid; /* LXC_PID: what is to become its init */
	const char *socket; /* where nsxattrd listens for monitors */
	const char *cookie; /* lxc.seccomp.notify.cookie; "": none */
	/* What follows is opened by lxc_init_open(). */
	int pidfd;
	int listener;
	int connection;
	int process; /* its directory in /proc */
};

enum lxc_init_result {
	LXC_INIT_OPENED = 1,
	LXC_INIT_FREE, /* it has no listener: nothing has to be done */
};

/**
 * lxc_init_open() - find the listener, and connect
 * @init: it is left to the end of the process what is open in it
 *
 * Return: an enum lxc_init_result; -errno.
 */
int lxc_init_open(struct lxc_init *init);

/** lxc_init_serve() - until the init is executed, or has ended */
void lxc_init_serve(const struct lxc_init *init);

#endif
