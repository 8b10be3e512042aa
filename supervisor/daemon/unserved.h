/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_DAEMON_UNSERVED_H
#define NSXATTR_DAEMON_UNSERVED_H

/*
 * User namespaces that a gate of a daemon before (daemon/gate_pins.h) keeps shut: of containers whose listeners are
 * lost, for all of that daemon's processes were killed and no service manager had stored them. Nothing new is executed
 * there. As long as a process is there, such a gate stays, and a descriptor of the namespace is held, so that no other one
 * gets its number. What is empty is taken out.
 */

#include <stddef.h>

struct gate;
struct gate_pins;

/* Namespaces of one gate that are looked for. */
#define UNSERVED_MAX 1024

/** struct unserved - of one worker; begins zeroed */
struct unserved {
	int *fds; /* of the namespaces */
	size_t count;
};

/**
 * unserved_look() - take out of the gates before what is empty, or passes our gate, and remove those of which nothing is left
 * @procfs: of proc_open()
 * @gate: ours, which the containers that are served pass by now; NULL: there is none
 * @unserved: what is left, instead of what there was
 *
 * Return: 0; -errno: all is as it was.
 */
int unserved_look(const struct gate_pins *pins, const struct gate *gate, int procfs,
		  struct unserved *unserved);

/** unserved_done() - close them */
void unserved_done(struct unserved *unserved);

#endif
