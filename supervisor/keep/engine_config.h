/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_KEEP_ENGINE_CONFIG_H
#define NSXATTR_KEEP_ENGINE_CONFIG_H

/* What an engine (keep/engine.h), and each of its shards, is told by the caller, and what it counts. */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/allowed_calls.h"
#include "base/latency.h"
#include "exec/guard.h"
#include "exec/standin.h"
#include "reason.h"

struct auditor;
struct closer;
struct journal;
struct judge;
struct labelling;
struct loop;
struct policy;
struct probe;
struct watch;

/** enum executor - how many requests of one container are worked on at a time */
enum executor {
	EXECUTOR_AUTO, /* several where they wait, for a file system (keep/pace.h) or for us (keep/companion.h) */
	EXECUTOR_INLINE, /* one, as long as it does not take very long */
	EXECUTOR_THREADS, /* several, each with a thread */
	EXECUTOR_RING, /* several; those for which a ring has calls wait without a thread, see keep/batch.h */
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
	struct watch *watch; /* who is told of requests; NULL: nobody */
	struct auditor *auditor; /* makes records of changes; NULL: there are none */
	struct closer *closer; /* of sources that are a peer's; NULL: all of them are listeners */
};

/** struct shard_counters - what a container's requests came to; zeroes at first */
struct shard_counters {
	atomic_ulong requests; /* answered */
	atomic_ulong left_to_kernel; /* of these */
	atomic_ulong errors; /* of these, whatever the error */
	atomic_ulong reasons
		[REASON_COUNT]; /* of the errors; and of what was left to the kernel, if it had one */
	struct latency latency; /* of the requests */
	atomic_uint in_flight;
	atomic_ulong stuck; /* that took so long that a thread had to be put beside them */
	atomic_ulong late; /* that took longer than their source waits */
	size_t places; /* how many may be in flight, if others leave as many */
};

/** struct shard_config - one source, and for which container it is */
struct shard_config {
	const struct policy *policy; /* outlives the shard */
	struct shard_counters
		*counters; /* outlive the shard; the same for all shards of a container */
	uid_t owner; /* the container's user, who has a share, as the container has */
	const char *id; /* of the container, for people; outlives the shard; NULL: it has none */
	const char *name; /* likewise: what people call it, in lines of the log and to who watches */
	const atomic_uint *audit; /* as in struct client; NULL: AUDIT_OFF */
	struct judge *judge; /* of what the container executes; outlives the shard; NULL: none */
	bool is_alone; /* no worker follows when this one dies: changes are not written down */
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

#endif
