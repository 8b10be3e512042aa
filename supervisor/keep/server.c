/* SPDX-License-Identifier: Apache-2.0 */
#include "keep/server.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "exec/call_queue.h"
#include "exec/deputies.h"
#include "keep/batch.h"
#include "keep/companion.h"
#include "keep/serving.h"
#include "keep/shard.h"
#include "request/notify.h"
#include "request/workspace.h"

#define SERVERS_RESTING_MAX 4
/* How long a server that has nothing to do keeps itself ready, in milliseconds. */
#define LINGER 1000
/* For how many ticks no server lingers in a shard that yields. */
#define YIELD_TICKS 2

/* ---- the turn ---- */

/* Return: false when the server was not called in time. */
static bool await_call_locked(struct server *server, const struct timespec *until)
{
	return pthread_cond_clockwait(&server->called, &server->engine->lock, CLOCK_MONOTONIC,
				      until) == 0;
}

/* The same container has another shard that waits for a place. */
static bool is_yielding_locked(const struct shard *shard)
{
	return shard->yields > 0 && shard->engine->ticks - shard->yields < YIELD_TICKS;
}

static bool is_worth_following_locked(const struct shard *shard)
{
	const struct engine *engine = shard->engine;

	return !shard->is_over && !engine->is_over && !engine->is_paused &&
	       !atomic_load(&shard->is_hung_up) && !is_yielding_locked(shard);
}

/*
 * Others receive: stay near for a while, with all that was learnt of the targets.
 *
 * Return: whether this server may receive again.
 */
static bool follow(struct server *server, struct shard *shard)
{
	const struct timespec until = clock_after(LINGER);
	bool is_in_time = true;

	companion_leave_cpu(server);
	pthread_mutex_lock(&server->engine->lock);
	server_enter_locked(server, SERVER_FOLLOWING);
	while (is_in_time && is_worth_following_locked(shard) &&
	       !serving_may_receive(server, shard))
		is_in_time = await_call_locked(server, &until);
	if (server->state == SERVER_FOLLOWING)
		server_enter_locked(server, SERVER_SERVING);
	pthread_mutex_unlock(&server->engine->lock);
	return serving_may_receive(server, shard);
}

/*
 * Any server takes a request that a dead worker has left, also without the turn, for the source does not tell of it.
 * Its inode is held even if no target waits any more.
 */
static bool has_inherited(const struct shard *shard)
{
	return !atomic_load(&shard->engine->is_paused) && atomic_load(&shard->inherited) > 0;
}

/* Return: 0; NOTIFY_ENDED; -errno of the source. */
static int serve_next(struct server *server, struct shard *shard)
{
	bool has_other = has_inherited(shard) && server->reception;

	if (!has_other && batch_is_on(server, shard))
		return batch_serve(server, shard);
	int r = serving_receive(server, shard);

	if (r == NOTIFY_RECEIVED)
		return serving_walk_to_end(server, shard);
	return r == NOTIFY_NONE ? 0 : r;
}

/* Return: 0 when the turn has passed on for good; NOTIFY_ENDED; -errno of the source. */
static int serve_while_it_lasts(struct server *server, struct shard *shard)
{
	int result = 0;

	while (serving_may_receive(server, shard) || has_inherited(shard) ||
	       batch_keeps(server, shard) || follow(server, shard)) {
		int r = serve_next(server, shard);

		if (r == 0)
			continue;
		result = r;
		if (!batch_keeps(server, shard))
			break;
		/* Nothing more is received, and what waits comes to its end. */
		atomic_store(&shard->is_hung_up, true);
	}
	return result;
}

/* ---- the thread ---- */

static void end_shard_locked(struct shard *shard, int result)
{
	if (result != 0 && !shard->is_over) {
		shard->is_over = true;
		shard->result = result < 0 ? result : 0;
	}
	if (shard->is_over) {
		shard_call_followers_locked(shard);
		(void)eventfd_write(shard->engine->wake, 1);
	}
}

/* The source has failed, or its last server had been about to leave, or could not begin. */
static void wait_for_inherited_locked(struct shard *shard)
{
	if (shard->server_count == 0 && atomic_load(&shard->inherited) > 0)
		shard_wait_locked(shard);
}

static void give_back_place_locked(struct server *server, struct shard *shard)
{
	if (server->has_place)
		places_give_back(&server->engine->places, shard->container);
	server->has_place = false;
}

static void leave_shard_locked(struct server *server, struct shard *shard, int result)
{
	struct engine *engine = server->engine;
	struct server *self = server;

	atomic_compare_exchange_strong(&shard->turn, &self, TURN_LOOPS);
	atomic_store(&server->is_recalled, false);
	server_enter_locked(server, SERVER_RESTING);
	server->shard = NULL;
	batch_leave_locked(server);
	shard->server_count--;
	give_back_place_locked(server, shard);
	if (!server->reception)
		server->reception = slots_take(&engine->slots);
	if (atomic_load(&shard->turn) == TURN_FREE)
		shard_take_turn_back_locked(shard);
	if (!engine->is_paused && !engine->is_over) {
		wait_for_inherited_locked(shard);
		shard_hand_on_place_locked(shard->container);
	}
	end_shard_locked(shard, result);
	pthread_cond_signal(&engine->left);
}

/* Wait for a shard. Return: it; NULL: the server is to end. */
static struct shard *rest_locked(struct server *server)
{
	struct engine *engine = server->engine;
	const struct timespec until = clock_after(LINGER);
	bool is_in_time = true;

	while (!server->shard && !engine->is_over && is_in_time)
		is_in_time = await_call_locked(server, &until);
	if (!is_in_time) {
		/* By now nothing has needed those of the last shard for a second. */
		pthread_mutex_unlock(&engine->lock);
		deputies_dismiss(engine->deputies);
		pthread_mutex_lock(&engine->lock);
	}
	while (!server->shard && !engine->is_over && engine->resting_count <= SERVERS_RESTING_MAX)
		pthread_cond_wait(&server->called, &engine->lock);
	return server->shard;
}

static void free_locked(struct server *server)
{
	workspace_free(server->workspace);
	slots_release(&server->engine->slots, server->reception);
	pthread_cond_destroy(&server->called);
	free(server);
}

/* It has no state any more that others look for. */
static void end_locked(struct server *server)
{
	struct engine *engine = server->engine;

	TAILQ_REMOVE(&engine->servers, server, all);
	free_locked(server);
	pthread_cond_signal(&engine->left);
}

static void hear_recalls(void)
{
	sigset_t recall;

	sigemptyset(&recall);
	sigaddset(&recall, SIGRTMIN);
	pthread_sigmask(SIG_UNBLOCK, &recall, NULL);
}

static int make_workspace(struct server *server)
{
	const struct engine *engine = server->engine;
	const struct workspace_config config = {
		.procfs = engine->config.procfs,
		.standins = engine->config.standins,
		.probe = engine->config.probe,
		.labelling = engine->config.labelling,
		.changes = engine->changes,
		.deputies = engine->deputies,
		.is_guarded = engine->is_guarded,
	};

	return workspace_new(&config, &server->workspace);
}

/* The shard may be gone when this returns. */
static void free_queue_locked(struct server *server, struct call_queue *queue)
{
	if (!queue)
		return;
	pthread_mutex_unlock(&server->engine->lock);
	call_queue_free(queue);
	pthread_mutex_lock(&server->engine->lock);
}

static void serve_shards_locked(struct server *server)
{
	struct engine *engine = server->engine;
	struct shard *shard;

	while ((shard = rest_locked(server)) != NULL) {
		pthread_mutex_unlock(&engine->lock);
		int r = serve_while_it_lasts(server, shard);

		companion_leave_cpu(server);
		/* A container that is gone or silent has no descriptors of ours. */
		workspace_forget(server->workspace);
		deputies_dismiss(engine->deputies);
		pthread_mutex_lock(&engine->lock);
		leave_shard_locked(server, shard, r);
		free_queue_locked(server, batch_take_queue_locked(shard));
	}
}

/* Without a workspace it cannot serve. The shard that it was sent to tries again at the next tick. */
static void resign_locked(struct server *server)
{
	struct shard *shard = server->shard;
	struct server *self = server;

	if (!shard)
		return;
	server->shard = NULL;
	shard->server_count--;
	give_back_place_locked(server, shard);
	if (atomic_compare_exchange_strong(&shard->turn, &self, TURN_LOOPS))
		shard_wait_locked(shard);
	else if (!server->engine->is_paused && !server->engine->is_over)
		wait_for_inherited_locked(shard);
	end_shard_locked(shard, 0);
}

/* To make a workspace takes long, and so does to free it: other servers need the lock meanwhile. */
static void *live(void *place)
{
	struct server *server = place;
	struct engine *engine = server->engine;

	hear_recalls();
	int r = server->workspace ? 0 : make_workspace(server);

	pthread_mutex_lock(&engine->lock);
	if (r == 0)
		serve_shards_locked(server);
	else
		resign_locked(server);
	server_enter_locked(server, SERVER_ABSENT);
	pthread_mutex_unlock(&engine->lock);
	workspace_free(TAKE_PTR(server->workspace));
	pthread_mutex_lock(&engine->lock);
	end_locked(server);
	pthread_mutex_unlock(&engine->lock);
	return NULL;
}

/* Return: one without a workspace; NULL: there can be none. */
static struct server *new_locked(struct engine *engine)
{
	struct server *server = calloc(1, sizeof(*server));

	if (!server) {
		log_error("out of memory");
		return NULL;
	}
	server->engine = engine;
	pthread_cond_init(&server->called, NULL);
	server->reception = slots_take(&engine->slots);
	if (!server->reception) {
		free_locked(server);
		return NULL;
	}
	return server;
}

/* @server: the thread's, or freed on failure */
static int start_locked(struct engine *engine, struct server *server)
{
	pthread_attr_t attributes;

	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	int error = pthread_create(&server->thread, &attributes, live, server);

	pthread_attr_destroy(&attributes);
	if (error) {
		log_limited(0, LOG_ERROR, "cannot start a thread: %s", strerror(error));
		free_locked(server);
		return -error;
	}
	TAILQ_INSERT_TAIL(&engine->servers, server, all);
	server_enter_locked(server, SERVER_RESTING);
	return 0;
}

struct server *server_spare_locked(struct engine *engine)
{
	struct server *server = TAILQ_FIRST(&engine->resting);

	if (server)
		return server;
	server = new_locked(engine);
	return server && start_locked(engine, server) == 0 ? server : NULL;
}

int server_start_first_locked(struct engine *engine)
{
	struct server *server = new_locked(engine);

	if (!server)
		return -ENOMEM;
	int r = make_workspace(server);

	if (r == 0)
		return start_locked(engine, server);
	free_locked(server);
	return r;
}
