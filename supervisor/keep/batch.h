/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_KEEP_BATCH_H
#define NSXATTR_KEEP_BATCH_H

/*
 * Requests of one shard that wait without a thread. The batch belongs to the shard: the server that has the turn waits
 * for a notification and for answers at once, and walks whatever can go on. A server that hangs in a request, in the
 * memory of its target for example, loses the turn as always, and the next one goes on with all the others.
 *
 * A place (keep/places.h) belongs to a request then: a server that receives needs one for what comes next, and one that
 * only takes answers needs none.
 */

#include <stdbool.h>

struct call_queue;
struct engine;
struct server;
struct shard;

/** batch_is_on() - does this server, that may receive, serve the batch? One that has the turn, or might take it. */
bool batch_is_on(struct server *server, struct shard *shard);

/** batch_keeps() - requests wait, and no other server takes their answers */
bool batch_keeps(const struct server *server, const struct shard *shard);

/**
 * batch_serve() - wait for a notification or for answers, and go on with what has come
 *
 * Return: as source_calls.receive() and answer(): 0; NOTIFY_ENDED; -errno of the source.
 */
int batch_serve(struct server *server, struct shard *shard);

/** batch_leave_locked() - the server begins no more calls of its shard's batch; one that began none is accepted */
void batch_leave_locked(struct server *server);

/** batch_look_locked() - at each tick: have calls come back whose targets have ended */
void batch_look_locked(struct engine *engine);

/** batch_take_queue_locked() - the shard has no server any more. Return: its queue, the caller's to free; NULL. */
struct call_queue *batch_take_queue_locked(struct shard *shard);

#endif
