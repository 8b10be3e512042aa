/* SPDX-License-Identifier: Apache-2.0 */
#include "keep/serving.h"

#include <errno.h>

#include "judge/judgement.h"
#include "keep/companion.h"
#include "keep/journal.h"
#include "keep/shard.h"
#include "keep/source.h"
#include "request/notify.h"
#include "request/replay.h"

/* ---- the turn ---- */

/* Is it this server's turn, or is it a companion? The one that comes free takes a turn that no server has. */
bool serving_may_receive(struct server *server, struct shard *shard)
{
	struct server *turn = atomic_load(&shard->turn);

	if (atomic_load(&shard->is_hung_up))
		return false;
	if (turn == TURN_FREE && atomic_compare_exchange_strong(&shard->turn, &turn, server))
		return true;
	return turn == server || atomic_load(&server->is_companion);
}

/*
 * This request will wait for something: let the next one be received meanwhile. Where no other server
 * can be had, the first that comes free goes on.
 */
void serving_pass_turn(struct server *server, struct shard *shard)
{
	struct engine *engine = server->engine;

	companion_leave_cpu(server);
	pthread_mutex_lock(&engine->lock);
	if (atomic_load(&shard->turn) == server) {
		atomic_store(&shard->turn, TURN_FREE);
		server_set_aside_locked(server);
		(void)shard_give_turn_locked(shard);
	} else if (server->state == SERVER_COMPANION) {
		server_set_aside_locked(server);
	}
	pthread_mutex_unlock(&engine->lock);
}

/* ---- a request ---- */

static bool wants_several(const struct shard *shard)
{
	enum executor executor = shard->engine->config.executor;

	return executor == EXECUTOR_THREADS || executor == EXECUTOR_RING ||
	       (executor == EXECUTOR_AUTO && pace_is_slow(&shard->pace));
}

bool serving_is_judged(const struct shard *shard, const struct reception *reception)
{
	return shard->client.judge && judgement_is_due(reception);
}

/* The request says itself that it is about to wait: the loop does not have to find out. */
static void wait_begins(void *place)
{
	struct server *server = place;

	if (server->engine->config.executor != EXECUTOR_INLINE)
		serving_pass_turn(server, server->shard);
}

bool serving_was_disturbed(struct server *server, const struct outcome *outcome)
{
	return outcome->error == EINTR && atomic_exchange(&server->is_recalled, false);
}

static struct outcome run(struct server *server, struct shard *shard)
{
	if (serving_is_judged(shard, server->reception))
		return judgement_run(shard->client.judge, server->workspace, &shard->client,
				     server->reception);
	return request_run(server->workspace, &shard->client, server->reception);
}

static struct outcome walk(struct server *server, struct shard *shard)
{
	struct pace_mark mark;

	pace_begin(&shard->pace, &mark);
	server->reception->began = mark.microseconds;
	struct outcome outcome = run(server, shard);

	if (serving_was_disturbed(server, &outcome))
		outcome = run(server, shard);
	server->reception->took = pace_end(&shard->pace, &mark);
	return outcome;
}

static void count(struct shard_counters *counters, const struct outcome *outcome,
		  uint64_t microseconds)
{
	latency_count(&counters->latency, microseconds);
	atomic_fetch_add_explicit(&counters->requests, 1, memory_order_relaxed);
	if (outcome->is_kernels)
		atomic_fetch_add_explicit(&counters->left_to_kernel, 1, memory_order_relaxed);
	else if (outcome->error)
		atomic_fetch_add_explicit(&counters->errors, 1, memory_order_relaxed);
	if (outcome->reason != REASON_NONE)
		atomic_fetch_add_explicit(&counters->reasons[outcome->reason], 1,
					  memory_order_relaxed);
}

/* An inherited request is answered, or no target waits for it. */
static void finish_inherited(struct server *server)
{
	struct engine *engine = server->engine;

	if (!server->has_inherited)
		return;
	server->has_inherited = false;
	if (atomic_fetch_sub(&engine->inherited, 1) == 1)
		journal_set(engine->config.journal, JOURNAL_CLEAR, true);
}

unsigned int serving_go_on(struct server *server, struct shard *shard, struct reception *reception)
{
	const struct slot *slot = reception->slot;

	atomic_fetch_add(&server->requests, 1);
	atomic_store(&server->listener, slot->listener);
	atomic_store(&server->notification, slot->notification.id);
	atomic_store(&server->step, SERVER_WALKING);
	reception->wait_begins = wait_begins;
	reception->server = server;
	return atomic_fetch_add_explicit(&shard->working, 1, memory_order_relaxed);
}

void serving_set_aside(struct server *server, struct shard *shard)
{
	atomic_fetch_sub_explicit(&shard->working, 1, memory_order_relaxed);
	atomic_store(&server->step, SERVER_IDLE);
}

unsigned int serving_begin(struct server *server, struct shard *shard)
{
	atomic_fetch_add_explicit(&shard->config.counters->in_flight, 1, memory_order_relaxed);
	return serving_go_on(server, shard, server->reception);
}

int serving_answer(struct server *server, struct shard *shard, struct reception *reception,
		   const struct outcome *outcome)
{
	/* A target that has its answer may look at the counters. */
	count(shard->config.counters, outcome, reception->took);
	atomic_fetch_sub_explicit(&shard->config.counters->in_flight, 1, memory_order_relaxed);
	atomic_fetch_sub_explicit(&shard->working, 1, memory_order_relaxed);
	atomic_store(&server->step, SERVER_ANSWERING);
	int r = shard->source->calls->answer(shard->source, reception, outcome);

	reception->slot->notification.id = 0;
	finish_inherited(server);
	atomic_store(&server->step, SERVER_IDLE);
	return r;
}

int serving_walk_to_end(struct server *server, struct shard *shard)
{
	unsigned int walking = serving_begin(server, shard);

	if (wants_several(shard))
		serving_pass_turn(server, shard);
	else if (shard->engine->config.executor == EXECUTOR_AUTO)
		companion_weigh(server, shard, walking);
	const struct outcome outcome = walk(server, shard);

	return serving_answer(server, shard, server->reception, &outcome);
}

/* ---- receiving ---- */

/* Return: whether the server has a request of a dead worker now. */
static bool take_inherited(struct server *server, struct shard *shard)
{
	struct engine *engine = server->engine;

	if (atomic_load(&shard->inherited) == 0)
		return false;
	pthread_mutex_lock(&engine->lock);
	struct reception *reception = slots_take_inherited(&engine->slots, shard->source->fd);

	if (reception) {
		slots_release(&engine->slots, server->reception);
		server->reception = reception;
		server->has_inherited = true;
		atomic_fetch_sub(&shard->inherited, 1);
	}
	pthread_mutex_unlock(&engine->lock);
	return reception;
}

/* Return: as source_calls.restore(). */
static int restore(struct server *server, struct shard *shard)
{
	const struct source_calls *calls = shard->source->calls;
	int r = calls->restore ? calls->restore(shard->source, server->reception) :
				 (int)NOTIFY_RECEIVED;

	if (r == NOTIFY_RECEIVED)
		return r;
	replay_abandon(server->workspace, &shard->client, server->reception);
	finish_inherited(server);
	return r;
}

int serving_receive(struct server *server, struct shard *shard)
{
	if (take_inherited(server, shard))
		return restore(server, shard);
	if (!server->reception || !serving_may_receive(server, shard))
		return NOTIFY_NONE;
	struct slot *slot = server->reception->slot;

	effect_clear(&slot->effect);
	slot->source = shard->source->fd;
	return shard->source->calls->receive(shard->source, server->reception);
}
