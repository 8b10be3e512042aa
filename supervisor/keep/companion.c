/* SPDX-License-Identifier: Apache-2.0 */
#include "keep/companion.h"

#include <sched.h>

#include "keep/shard.h"
#include "keep/source.h"

/* The server that has the turn looks for a queue at each sixteenth request. */
#define LOOK_INTERVAL 16
/* It has found one so many times in a row: a companion is worth its place. */
#define QUEUES_SEEN 4
/* A companion has received so many requests in a row while another receiver was free: one fewer is enough. */
#define SPARED_MAX 64

unsigned int companion_count_cpus(void)
{
	cpu_set_t set;

	/* More CPUs than the set has room for: as many as it has. */
	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return CPU_SETSIZE;
	return (unsigned int)CPU_COUNT(&set);
}

static void call(struct shard *shard)
{
	struct engine *engine = shard->engine;

	pthread_mutex_lock(&engine->lock);
	if (!engine->is_paused && !engine->is_over && !shard->is_over)
		shard_send_companion_locked(shard);
	pthread_mutex_unlock(&engine->lock);
}

static void leave(struct server *server)
{
	server->spared = 0;
	pthread_mutex_lock(&server->engine->lock);
	if (server->state == SERVER_COMPANION)
		server_set_aside_locked(server);
	pthread_mutex_unlock(&server->engine->lock);
}

void companion_weigh(struct server *server, struct shard *shard, unsigned int walking)
{
	unsigned int companions =
		atomic_load_explicit(&shard->companion_count, memory_order_relaxed);

	if (atomic_load_explicit(&server->is_companion, memory_order_relaxed)) {
		server->spared = walking < companions ? server->spared + 1 : 0;
		if (server->spared >= SPARED_MAX)
			leave(server);
		return;
	}
	if (companions + 1 >= shard->engine->cpus || ++server->received % LOOK_INTERVAL > 0)
		return;
	server->queues_seen = source_has_more(shard->source) ? server->queues_seen + 1 : 0;
	if (server->queues_seen >= QUEUES_SEEN) {
		server->queues_seen = 0;
		call(shard);
	}
}
