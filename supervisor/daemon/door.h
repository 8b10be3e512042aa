/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_DAEMON_DOOR_H
#define NSXATTR_DAEMON_DOOR_H

/*
 * A listening socket of the daemon, at which peers come in that have yet to say what they want. Of
 * those there are only so many, in all and of each user: when all places are taken, nobody is let in
 * until one is free; a user who has all of theirs is turned away, and all but root when they have three
 * quarters of the places.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/loop.h"
#include "daemon/config.h"

struct closer;
struct refusals;

/** struct guest - one that was let in; a member of whatever knows more about them */
struct guest {
	uid_t uid;
	struct guest *next;
};

/** struct guests - those of all doors; begins with the limits alone */
struct guests {
	const struct config_limits *limits; /* outlive it */
	struct guest *first;
	size_t count;
};

/**
 * guests_leave() - one of them has said what they want, or is gone, and nothing of theirs is left
 *
 * What they have handed over is closed before: so the places bound what hangs in that (base/closer.h).
 */
void guests_leave(struct guests *guests, struct guest *guest);

/** struct door - one socket; the rest is door.c's once door_open() has it */
struct door {
	struct loop *loop;
	struct guests *guests;
	struct closer *closer; /* of what they hand over */
	struct refusals *refusals;
	int listening; /* borrowed, not blocking */
	int procfs; /* of proc_open(), borrowed */
	/*
	 * Takes the connection over, and puts a guest of this user, whom it makes, among the guests. Return:
	 * false: it has not.
	 */
	bool (*entered)(void *place, int connection, uid_t uid);
	void *place;
	struct loop_watch watch;
	struct loop_timer rest;
};

/** door_open() - let peers in from now on. Return: 0; -errno. */
int door_open(struct door *door);

/** guests_enter() - for entered(): @guest has come in. */
void guests_enter(struct guests *guests, struct guest *guest, uid_t uid);

#endif
