/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_DAEMON_UNSERVED_H
#define NSXATTR_DAEMON_UNSERVED_H

/*
 * User namespaces of containers with mode enforce that are not served: their listeners are lost, or what a worker needs to
 * judge for them. Nothing new is executed there as long as a process is there, by
 *
 *	our gate		if what is left of the container is in our journal: ENTRY_SHUT
 *	a gate before		that is pinned (daemon/gate_pins.h), if nothing is, for all of that daemon's processes were killed and
 *				no service manager had stored it
 *
 * A descriptor of the namespace is held, so that no other one gets its number. What is empty is taken out.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct entries;
struct gate;
struct gate_pins;

/* Namespaces of one gate that are looked for. */
#define UNSERVED_MAX 1024

/** struct unserved - of one worker; begins zeroed */
struct unserved {
	int *fds; /* of the namespaces */
	size_t count;
};

/** struct unserved_shut - how to find what is ENTRY_SHUT */
struct unserved_shut {
	struct entries *entries;
	const struct gate *gate; /* ours; NULL: there is none */
	int procfs; /* of proc_open() */
	/* Is it that of a container that is served? Then it is not unserved any more. */
	bool (*is_served)(const void *place, uint32_t number);
	const void *place;
};

/**
 * unserved_shut() - have what is ENTRY_SHUT pass our gate, without a verdict; and forget what is empty, or served
 *
 * Return: how many are left; -errno: one of them does not pass our gate, so those before are still needed.
 */
int unserved_shut(const struct unserved_shut *shut);

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
