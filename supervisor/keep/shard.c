/* SPDX-License-Identifier: Apache-2.0 */
#include "keep/shard.h"

#include <signal.h>
#include <sys/epoll.h>
#include <time.h>

#include "base/clock.h"

struct server the_loop;

/* ---- servers ---- */

static struct server_list *list_of_locked(struct server *server)
{
	switch (server->state) {
	case SERVER_RESTING:
		return &server->engine->resting;
	case SERVER_ASIDE:
		return &server->engine->aside;
	case SERVER_FOLLOWING:
		return &server->shard->followers;
	case SERVER_COMPANION:
		return &server->shard->companions;
	case SERVER_ABSENT:
	case SERVER_SERVING:
	default:
		return NULL;
	}
}

static void count_companion(struct server *server, enum server_state state)
{
	bool is_companion = state == SERVER_COMPANION;

	if (is_companion == atomic_load(&server->is_companion))
		return;
	atomic_store(&server->is_companion, is_companion);
	if (is_companion)
		atomic_fetch_add(&server->shard->companion_count, 1);
	else
		atomic_fetch_sub(&server->shard->companion_count, 1);
}

/* Of those that rest or follow the last one is the first: it has most in the caches of the CPU. */
void server_enter_locked(struct server *server, enum server_state state)
{
	struct server_list *list = list_of_locked(server);

	if (list)
		TAILQ_REMOVE(list, server, of_state);
	server->engine->resting_count -= server->state == SERVER_RESTING;
	server->engine->resting_count += state == SERVER_RESTING;
	server->state = state;
	count_companion(server, state);
	list = list_of_locked(server);
	if (list && state == SERVER_ASIDE)
		TAILQ_INSERT_TAIL(list, server, of_state);
	else if (list)
		TAILQ_INSERT_HEAD(list, server, of_state);
}

void server_set_aside_locked(struct server *server)
{
	if (server->state == SERVER_SERVING || server->state == SERVER_COMPANION)
		server_enter_locked(server, SERVER_ASIDE);
}

void server_recall_locked(struct server *server)
{
	atomic_store(&server->is_recalled, true);
	(void)pthread_kill(server->thread, SIGRTMIN);
}

/* ---- shards ---- */

void shard_attend_locked(struct shard *shard)
{
	if (shard->is_attended)
		return;
	shard->is_attended = true;
	TAILQ_INSERT_TAIL(&shard->engine->attended, shard, attended);
}

void shard_wait_locked(struct shard *shard)
{
	struct shard_list *attended = &shard->engine->attended;
	struct places_container *container = shard->container;

	if (shard->is_waiting)
		return;
	shard_attend_locked(shard);
	TAILQ_REMOVE(attended, shard, attended);
	TAILQ_INSERT_TAIL(attended, shard, attended);
	TAILQ_REMOVE(&container->shards, shard, sibling);
	TAILQ_INSERT_TAIL(&container->shards, shard, sibling);
	shard->is_waiting = true;
	shard->waiting_since = shard->engine->ticks;
	container->waiting++;
}

void shard_stop_waiting_locked(struct shard *shard)
{
	if (shard->is_waiting && --shard->container->waiting == 0)
		shard->container->is_told = false;
	shard->is_waiting = false;
}

bool shard_is_unserved_locked(const struct shard *shard)
{
	const struct server *turn = atomic_load(&shard->turn);

	return turn == TURN_FREE || (turn == TURN_LOOPS && shard->is_waiting);
}

void shard_look_for(struct shard *shard, uint32_t events)
{
	if (shard->is_watched)
		(void)loop_change(shard->engine->config.loop, &shard->watch, events);
}

void shard_take_turn_back_locked(struct shard *shard)
{
	shard_stop_waiting_locked(shard);
	atomic_store(&shard->turn, TURN_LOOPS);
	shard_look_for(shard, EPOLLIN);
}

void shard_call_followers_locked(const struct shard *shard)
{
	struct server *server;

	TAILQ_FOREACH(server, &shard->followers, of_state)
	pthread_cond_signal(&server->called);
}

/* ---- the turn ---- */

/* It may receive now, and has its requests counted anew. */
static void call_locked(struct server *server, enum server_state state)
{
	server_enter_locked(server, state);
	server->requests_seen = atomic_load(&server->requests);
	server->unchanged_since = server->engine->ticks;
	pthread_cond_signal(&server->called);
}

static void give_locked(struct server *server, struct shard *shard)
{
	/* Mark it taken now; it may not have woken up yet. */
	atomic_store(&shard->turn, server);
	call_locked(server, SERVER_SERVING);
}

static bool call_follower_locked(struct shard *shard)
{
	struct server *follower = TAILQ_FIRST(&shard->followers);

	if (follower)
		give_locked(follower, shard);
	return follower;
}

/* One that answers walks its request no more. */
static bool is_free(const struct server *server)
{
	return atomic_load(&server->step) != SERVER_WALKING;
}

/* A server that has just answered takes the turn by itself. Return: whether there is such a one. */
static bool leave_to_free_locked(struct shard *shard)
{
	struct server *holder = atomic_load(&shard->turn);
	unsigned int others = atomic_load(&shard->working);

	if (holder != TURN_FREE && holder != TURN_LOOPS)
		others += is_free(holder);
	if (shard->server_count <= others)
		return false;
	atomic_store(&shard->turn, TURN_FREE);
	return true;
}

static struct server *take_spare_locked(struct shard *shard, bool has_place)
{
	struct server *server = shard->engine->spare_locked(shard->engine);

	if (!server)
		return NULL;
	server->has_place = has_place;
	shard->server_count++;
	server->shard = shard;
	return server;
}

/* Return: one more server of the shard; NULL: shard->refusal says why there is none. */
static struct server *take_another_locked(struct shard *shard)
{
	struct engine *engine = shard->engine;

	shard->refusal = places_take(&engine->places, shard->container);
	if (shard->refusal != SHARE_GRANTED)
		return NULL;
	struct server *server = take_spare_locked(shard, true);

	if (!server)
		places_give_back(&engine->places, shard->container);
	return server;
}

/* For the answers that a batch waits for there is one in any case. */
static bool send_another_locked(struct shard *shard)
{
	struct server *server = take_another_locked(shard);

	if (!server && atomic_load(&shard->batch.count) > 0)
		server = take_spare_locked(shard, false);
	if (server)
		give_locked(server, shard);
	return server;
}

void shard_send_companion_locked(struct shard *shard)
{
	struct server *server = TAILQ_FIRST(&shard->followers);

	if (atomic_load(&shard->companion_count) + 1 >= shard->engine->cpus)
		return;
	if (!server)
		server = take_another_locked(shard);
	if (server)
		call_locked(server, SERVER_COMPANION);
}

bool shard_give_turn_locked(struct shard *shard)
{
	shard_attend_locked(shard);
	if (!call_follower_locked(shard) && !leave_to_free_locked(shard) &&
	    !send_another_locked(shard))
		return false;
	shard_stop_waiting_locked(shard);
	return true;
}

void shard_hand_on_place_locked(const struct places_container *container)
{
	struct shard *shard = TAILQ_FIRST(&container->shards);

	if (container->waiting == 0)
		return;
	while (shard && !(shard->is_waiting && shard_is_unserved_locked(shard)))
		shard = TAILQ_NEXT(shard, sibling);
	if (shard)
		(void)shard_give_turn_locked(shard);
}

void shard_serve_locked(struct shard *shard)
{
	shard_look_for(shard, 0);
	if (!shard_give_turn_locked(shard))
		shard_wait_locked(shard);
	shard_go_on_ticking(shard->engine);
}

/* ---- all of them ---- */

void shard_go_on_ticking(struct engine *engine)
{
	loop_start_timer(engine->config.loop, &engine->tick, TICK_MS);
}

bool shard_call_off_all_locked(struct engine *engine)
{
	bool is_any_out = false;
	struct server *server;
	struct shard *shard;

	TAILQ_FOREACH(shard, &engine->shards, all)
	atomic_store(&shard->turn, TURN_LOOPS);
	TAILQ_FOREACH(server, &engine->servers, all)
	{
		pthread_cond_signal(&server->called);
		if (!server->shard)
			continue;
		is_any_out = true;
		server_set_aside_locked(server);
		if (atomic_load(&server->step) == SERVER_IDLE)
			server_recall_locked(server);
	}
	return is_any_out;
}

void shard_await_leaving_locked(struct engine *engine, unsigned int milliseconds)
{
	const struct timespec until = clock_after(milliseconds);

	pthread_cond_clockwait(&engine->left, &engine->lock, CLOCK_MONOTONIC, &until);
}
