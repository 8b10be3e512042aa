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

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/allowed_calls.h"
#include "base/share.h"
#include "exec/guard.h"
#include "exec/standin.h"

#define ENGINE_CONTAINERS_MAX 8192 /* each has its first place, whatever others do */

struct closer;
struct engine;
struct journal;
struct loop;
struct policy;
struct probe;
struct slot;
struct shard;
struct source;

/** enum executor - how many requests of one container are worked on at a time */
enum executor {
	EXECUTOR_AUTO, /* several where they wait for something else than the CPU, see keep/pace.h */
	EXECUTOR_INLINE, /* one, as long as it does not take very long */
	EXECUTOR_THREADS, /* several */
};

/** struct engine_config - what an engine needs to know; what is pointed to outlives it */
struct engine_config {
	struct loop *loop;
	struct journal *journal;
	int procfs; /* of proc_open(), borrowed */
	enum standin_kind standins; /* how paths are opened */
	const struct labelling
		*labelling; /* whether the kernel labels processes; NULL: it does not */
	const struct probe *probe; /* tells who a target is; NULL: /proc does */
	enum guard_use guard; /* does the kernel check who changes security.*? */
	enum executor executor;
	enum allowed_calls_mode calls; /* of the children that enter namespaces */
	struct closer *closer; /* of sources that are a peer's; NULL: all of them are listeners */
};

/** struct shard_counters - what a container's requests came to; zeroes at first */
struct shard_counters {
	atomic_ulong requests; /* answered */
	atomic_ulong left_to_kernel; /* of these */
	atomic_ulong errors; /* of these, whatever the error */
	atomic_uint in_flight;
	atomic_ulong stuck; /* that took so long that a thread had to be put beside them */
	atomic_ulong late; /* that took longer than their source waits */
	size_t places; /* how many may be in flight, if others leave as many */
};

/** struct shard_config - one source, and for whom it is */
struct shard_config {
	const struct policy *policy; /* outlives the shard */
	struct shard_counters
		*counters; /* outlive the shard; the same for all shards of a container */
	uid_t owner; /* the container's user, who has a share, as the container has */
	const char *id; /* of the container, for people; outlives the shard; NULL: it has none */
	bool is_alone; /* nobody follows when we die: changes are not written down */
	/*
	 * The source is over, and its descriptor about to be closed: its owner forgets its entry of the journal. Not
	 * called by engine_free(), for the next worker needs the entry then. NULL: there is no entry.
	 */
	void (*over)(void *place);
	/*
	 * The shard is over, and gone with its source, whose descriptor is closed. @result: 0 when no target is
	 * left, -errno when the source has failed.
	 */
	void (*ended)(void *place, int result);
	void *place;
};

/**
 * engine_new() - an engine that serves nobody yet; everything that can fail at start fails here
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
 * @source: taken over on success
 *
 * ended() is called later, never from here. What the journal has of this source, from a worker that
 * has died, is answered before anything else.
 *
 * Return: 0; -errno (a message has been logged).
 */
int engine_serve(struct engine *engine, const struct shard_config *config, struct source *source);

/**
 * engine_settle() - all sources of before are served again: what the journal has of others is let go of
 *
 * Until then no server may be sent out, so this comes before loop_run().
 */
void engine_settle(struct engine *engine);

/**
 * engine_adopt() - a request that another program had in hand, before engine_settle()
 * @left: with our descriptors: the source's by which it is known, and those that are the request's own
 *
 * Return: whether there is a place for it; if not, its descriptors are still the caller's.
 */
bool engine_adopt(struct engine *engine, const struct slot *left);

/**
 * engine_pause() - receive nothing, until engine_resume(); the loop may not run meanwhile
 * @milliseconds: how long to wait for what is in hand, at most
 *
 * Return: whether nothing is in hand any more. What still is may be answered at any time.
 */
bool engine_pause(struct engine *engine, unsigned int milliseconds);

/** engine_places() - Return: the pool of places for requests, but for the first of each container. */
struct share_pool engine_places(struct engine *engine);

/** engine_is_guarded() - does the kernel check who changes security.*, as guard_find() says? */
bool engine_is_guarded(const struct engine *engine);

/** engine_silence() - no process reads the standard error of our children any more, either; see sandbox_silence() */
void engine_silence(struct engine *engine);

/** engine_resume() - receive again */
void engine_resume(struct engine *engine);

#endif
