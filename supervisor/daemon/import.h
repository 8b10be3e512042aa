/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_DAEMON_IMPORT_H
#define NSXATTR_DAEMON_IMPORT_H

/*
 * What another daemon leaves to this one (keep/succession.h): one that has died, whose descriptors the service manager
 * has stored, or one that lives and hands over to us (daemon/handover.h).
 *
 *	who		calls			what then
 *	the keeper	import_open()		what was handed over at the start is known
 *			import_take()		all of it is in our journal; a daemon that lives serves no more, but would
 *						go on serving if we ended
 *	the first	import_complete()	it is ours: a daemon that lives has ended, the store has our journal
 *	worker that
 *	gets so far
 *	each other	import_complete()	nothing more to do
 *	each worker	import_serve()		calls are answered
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/service.h"
#include "keep/succession.h"

struct engine;
struct entries;
struct journal;

/** struct import - begins with predecessor -1, and zeroes */
struct import {
	struct service_fds handed; /* the keeper's */
	int predecessor; /* the connection to a daemon that lives; -1: there is none */
	uint64_t asked; /* when that one was asked to hand over, in milliseconds of CLOCK_MONOTONIC */
	struct succession succession;
};

/** import_open() - find what was handed over. Return: 0; -errno. */
int import_open(struct import *import);

/**
 * import_take() - put what was handed over into our journal
 * @journal: without any entry that outlives this program
 * @store: the service manager, if it has a store
 *
 * Return: 0; -errno: it has been logged.
 */
int import_take(struct import *import, struct journal *journal, const struct service *store);

/** import_protect() - in a worker: end when the keeper is killed, for a predecessor kills only that one */
void import_protect(const struct import *import);

/**
 * import_complete() - in a worker, when all attachments are restored
 * @lost: how many are not
 *
 * Return: 0; -ECANCELED: another daemon serves; it has been logged.
 */
int import_complete(struct import *import, struct engine *engine, struct entries *entries,
		    size_t lost);

/** import_serve() - in a worker, after that. @was_living: a daemon that lived has handed over */
void import_serve(struct import *import, struct engine *engine, bool was_living);

#endif
