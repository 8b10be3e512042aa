/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an engine does about the requests that a dead worker, or another program, had in hand; and the pause in
 * which it hands its own to another program.
 */
#include "base/clock.h"
#include "base/fd.h"
#include "keep/engine.h"
#include "keep/journal.h"
#include "keep/shard.h"
#include "keep/source.h"
#include "request/replay.h"

/* Return: the shard whose source has this number; NULL: there is none. */
static struct shard *find_shard_locked(const struct engine *engine, int source)
{
	struct shard *shard;

	TAILQ_FOREACH(shard, &engine->shards, all)
	if (shard->source->fd == source)
		break;
	return shard;
}

/* Requests whose source ended with the worker that had received them. */
static void drop_sourceless_locked(struct engine *engine)
{
	struct reception *reception = NULL;

	while ((reception = slots_next_inherited(&engine->slots, reception)) != NULL) {
		struct slot *slot = reception->slot;

		if (find_shard_locked(engine, slot->source))
			continue;
		if (slot->listener != slot->source)
			fd_close(&slot->listener);
		replay_drop(slot);
		slots_release(&engine->slots, reception);
	}
}

bool engine_import(struct engine *engine, const struct slot *left)
{
	struct reception *reception = NULL;

	pthread_mutex_lock(&engine->lock);
	struct shard *shard = find_shard_locked(engine, left->source);

	if (shard)
		reception = slots_import(&engine->slots, left);
	if (reception) {
		replay_hold(engine->changes, &shard->client, reception);
		atomic_fetch_add(&shard->inherited, 1);
		atomic_fetch_add(&engine->inherited, 1);
	}
	pthread_mutex_unlock(&engine->lock);
	return reception;
}

/* No source tells of what a dead worker has left. */
static void serve_inherited_locked(struct engine *engine)
{
	struct shard *shard;

	TAILQ_FOREACH(shard, &engine->shards, all)
	if (atomic_load(&shard->inherited) > 0)
		shard_serve_locked(shard);
}

void engine_serve_inherited(struct engine *engine)
{
	pthread_mutex_lock(&engine->lock);
	drop_sourceless_locked(engine);
	journal_set(engine->config.journal, JOURNAL_CLEAR, atomic_load(&engine->inherited) == 0);
	serve_inherited_locked(engine);
	pthread_mutex_unlock(&engine->lock);
}

/* ---- the pause ---- */

bool engine_pause(struct engine *engine, unsigned int milliseconds)
{
	uint64_t end = clock_milliseconds() + milliseconds;
	bool is_any_out;

	pthread_mutex_lock(&engine->lock);
	engine->is_paused = true;
	while ((is_any_out = shard_call_off_all_locked(engine)) && clock_milliseconds() < end)
		shard_await_leaving_locked(engine, 1);
	pthread_mutex_unlock(&engine->lock);
	return !is_any_out;
}

void engine_resume(struct engine *engine)
{
	struct shard *shard;

	pthread_mutex_lock(&engine->lock);
	engine->is_paused = false;
	TAILQ_FOREACH(shard, &engine->shards, all)
	shard_take_turn_back_locked(shard);
	serve_inherited_locked(engine);
	shard_go_on_ticking(engine);
	pthread_mutex_unlock(&engine->lock);
}
