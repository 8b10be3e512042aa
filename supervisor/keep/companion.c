/* SPDX-License-Identifier: Apache-2.0 */
#include "keep/companion.h"

#include <limits.h>
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

/* ---- CPUs ---- */

static bool is_taken_locked(const struct shard *shard, unsigned int cpu)
{
	const struct server *server = atomic_load(&shard->turn);

	if (server != TURN_FREE && server != TURN_LOOPS && server->has_cpu && server->cpu == cpu)
		return true;
	TAILQ_FOREACH(server, &shard->companions, of_state)
	if (server->has_cpu && server->cpu == cpu)
		return true;
	return false;
}

/* Those of other shards may have had nothing to do for a while. */
static unsigned int weight_of_locked(const struct shard *shard, unsigned int cpu)
{
	return shard->engine->receivers[cpu] + (is_taken_locked(shard, cpu) ? 1U << 16 : 0);
}

/*
 * Of these one that no other server of the shard has, if there is one, and that the fewest have; where that makes no
 * difference the one on which we are, or the next one.
 */
static unsigned int choose_cpu_locked(const struct shard *shard, const cpu_set_t *cpus)
{
	unsigned int here = (unsigned int)sched_getcpu(), chosen = CPU_SETSIZE, least = UINT_MAX;

	for (unsigned int i = 0; i < CPU_SETSIZE; i++) {
		unsigned int cpu = (here + i) % CPU_SETSIZE;
		unsigned int weight = CPU_ISSET(cpu, cpus) ? weight_of_locked(shard, cpu) :
							     UINT_MAX;

		if (weight < least) {
			least = weight;
			chosen = cpu;
		}
	}
	return chosen;
}

static void take_cpu(struct server *server)
{
	struct engine *engine = server->engine;
	cpu_set_t own;

	if (sched_getaffinity(0, sizeof(server->cpus), &server->cpus) < 0)
		return;
	pthread_mutex_lock(&engine->lock);
	server->cpu = choose_cpu_locked(server->shard, &server->cpus);
	server->has_cpu = true;
	engine->receivers[server->cpu]++;
	pthread_mutex_unlock(&engine->lock);
	CPU_ZERO(&own);
	CPU_SET(server->cpu, &own);
	(void)sched_setaffinity(0, sizeof(own), &own);
}

void companion_leave_cpu(struct server *server)
{
	if (!server->has_cpu)
		return;
	pthread_mutex_lock(&server->engine->lock);
	server->has_cpu = false;
	server->engine->receivers[server->cpu]--;
	pthread_mutex_unlock(&server->engine->lock);
	(void)sched_setaffinity(0, sizeof(server->cpus), &server->cpus);
}

/* ---- companions ---- */

/* A thread that is made here can run where this one can. */
static void call(struct server *server, struct shard *shard)
{
	struct engine *engine = shard->engine;

	companion_leave_cpu(server);
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

	if (companions > 0 && !server->has_cpu)
		take_cpu(server);
	else if (companions == 0)
		companion_leave_cpu(server);
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
		call(server, shard);
	}
}
