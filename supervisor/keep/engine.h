/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_KEEP_ENGINE_H
#define NSXATTR_KEEP_ENGINE_H

/*
 * The engine serves any number of sources, each for one container: it receives their notifications,
 * walks each through the request spine, and answers, until no target is left.
 *
 * It belongs to the thread of its loop, which calls all that follows; what serves are threads of its
 * own.
 */

#include <stdbool.h>

#include "base/share.h"
#include "keep/engine_config.h"

#define ENGINE_CONTAINERS_MAX 8192 /* each has its first place, whatever others do */

struct engine;
struct slot;
struct source;

/**
 * engine_new() - an engine without a source; everything that can fail at start fails here
 *
 * The calling thread is the only one of its process, and that of the loop.
 *
 * Return: 0; -errno of what failed (a message has been logged).
 */
int engine_new(const struct engine_config *config, struct engine **ret_engine);

/**
 * engine_free() - end its threads, and let go of all sources without ended()
 *
 * A thread whose request hangs cannot be ended. Then nothing is released, for the end of the process,
 * which should be near, to release.
 *
 * Return: whether all of them have ended. NULL is accepted.
 */
bool engine_free(struct engine *engine);

/**
 * engine_serve() - serve a source until it is over
 * @config: copied
 * @source: the engine's on success
 *
 * ended() is called later, never from here. Requests of this source that a dead worker has left are
 * answered before anything is received.
 *
 * Return: 0; -errno (a message has been logged).
 */
int engine_serve(struct engine *engine, const struct shard_config *config, struct source *source);

/**
 * engine_import() - answer a request that another program had in hand; before engine_serve_inherited()
 * @left: with our descriptors: the source's by which it is known, and those that are the request's own
 *
 * Return: whether there is a place for it; if not, its descriptors are still the caller's.
 */
bool engine_import(struct engine *engine, const struct slot *left);

/**
 * engine_serve_inherited() - all sources of before are served: answer their requests, drop those of others
 *
 * Until then no server may be sent out, so this comes before loop_run().
 */
void engine_serve_inherited(struct engine *engine);

/**
 * engine_pause() - receive nothing, until engine_resume(); the loop may not run meanwhile
 * @milliseconds: how long to wait for what is in hand, at most
 *
 * Return: whether nothing is in hand any more. What still is may be answered at any time.
 */
bool engine_pause(struct engine *engine, unsigned int milliseconds);

/** engine_resume() - receive again, after engine_pause() */
void engine_resume(struct engine *engine);

/** engine_places() - Return: the pool of places for requests, but for the first of each container. */
struct share_pool engine_places(struct engine *engine);

/** engine_is_guarded() - does the kernel check who changes security.*, as guard_find() says? */
bool engine_is_guarded(const struct engine *engine);

/** engine_silence() - no process reads the standard error of our children any more, either; see sandbox_silence() */
void engine_silence(struct engine *engine);

#endif
