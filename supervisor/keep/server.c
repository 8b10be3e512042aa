/* SPDX-License-Identifier: Apache-2.0 */
#include "keep/server.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "exec/helpers.h"
#include "keep/journal.h"
#include "keep/source.h"
#include "request/notify.h"

#define SERVERS_RESTING_MAX 4
/* How long a server that has nothing to do keeps itself ready, in milliseconds. */
#define LINGER 1000
/* For how many ticks no server lingers in a shard that yields. */
#define YIELD_TICKS 2

struct server the_loop;

/* With the lock held: a request of this source's. Return: NULL: there is none. */
static struct reception *find_inherited(struct engine *engine, int source)
{
	struct reception *reception = slots_next_inherited(&engine->slots, NULL);

	while (reception && reception->slot->source != source)
		reception = slots_next_inherited(&engine->slots, reception);
	return reception;
}

/* With the lock held. */
void server_set_aside(struct server *server)
{
	if (server->is_aside)
		return;
	server->is_aside = true;
	TAILQ_INSERT_TAIL(&server->engine->aside, server, aside);
}

/* With the lock held. */
static void stop_being_aside(struct server *server)
{
	if (server->is_aside)
		TAILQ_REMOVE(&server->engine->aside, server, aside);
	server->is_aside = false;
}

/* With the lock held: each tick looks at it, until its turn is the loop's. */
static void attend(struct shard *shard)
{
	if (shard->is_attended)
		return;
	shard->is_attended = true;
	TAILQ_INSERT_TAIL(&shard->engine->attended, shard, attended);
}

/* With the lock held: behind those that wait already. */
void shard_wait(struct shard *shard)
{
	struct shard_list *attended = &shard->engine->attended;
	struct places_container *container = shard->container;

	if (shard->is_waiting)
		return;
	attend(shard);
	TAILQ_REMOVE(attended, shard, attended);
	TAILQ_INSERT_TAIL(attended, shard, attended);
	TAILQ_REMOVE(&container->shards, shard, sibling);
	TAILQ_INSERT_TAIL(&container->shards, shard, sibling);
	shard->is_waiting = true;
	shard->waiting_since = shard->engine->ticks;
	container->waiting++;
}

/* With the lock held. */
bool shard_is_unserved(const struct shard *shard)
{
	const struct server *turn = atomic_load(&shard->turn);

	return turn == NOBODY || (turn == THE_LOOP && shard->is_waiting);
}

/* With the lock held. */
void shard_stop_waiting(struct shard *shard)
{
	if (shard->is_waiting && --shard->container->waiting == 0)
		shard->container->is_told = false;
	shard->is_waiting = false;
}

/* With the lock held. */
static void server_free(struct server *server)
{
	if (!server)
		return;
	workspace_free(server->workspace);
	slots_release(&server->engine->slots, server->reception);
	pthread_cond_destroy(&server->called);
	free(server);
}

/* Is it still this server's turn? The one that comes free takes a turn that nobody has. */
static bool has_turn(struct server *server, struct shard *shard)
{
	struct server *nobody = NOBODY;

	if (atomic_load(&shard->is_hung_up))
		return false;
	return atomic_load(&shard->turn) == server ||
	       atomic_compare_exchange_strong(&shard->turn, &nobody, server);
}

static struct outcome walk(struct server *server, struct shard *shard)
{
	struct pace_mark mark;

	pace_begin(&shard->pace, &mark);
	struct outcome outcome = request_run(server->workspace, &shard->client, server->reception);

	if (outcome.error == EINTR && atomic_exchange(&server->is_recalled, false))
		outcome = request_run(server->workspace, &shard->client, server->reception);
	pace_end(&shard->pace, &mark);
	return outcome;
}

static void count(struct shard_counters *counters, const struct outcome *outcome)
{
	atomic_fetch_add_explicit(&counters->requests, 1, memory_order_relaxed);
	if (outcome->is_kernels)
		atomic_fetch_add_explicit(&counters->left_to_kernel, 1, memory_order_relaxed);
	else if (outcome->error)
		atomic_fetch_add_explicit(&counters->errors, 1, memory_order_relaxed);
}

/* With the lock held: wait to be called. Return: false when that has not happened in time. */
static bool await_call(struct server *server, const struct timespec *until)
{
	return pthread_cond_clockwait(&server->called, &server->engine->lock, CLOCK_MONOTONIC,
				      until) == 0;
}

/* With the lock held: the same container has another shard that waits for a place. */
static bool is_yielding(const struct shard *shard)
{
	return shard->yields > 0 && shard->engine->ticks - shard->yields < YIELD_TICKS;
}

/* With the lock held. */
static bool is_worth_following(const struct shard *shard)
{
	const struct engine *engine = shard->engine;

	return !shard->is_over && !engine->is_over && !engine->is_paused &&
	       !atomic_load(&shard->is_hung_up) && !is_yielding(shard);
}

/* With the lock held. */
static void begin_following(struct server *server, struct shard *shard)
{
	server->is_following = true;
	TAILQ_INSERT_HEAD(&shard->followers, server, idle);
	stop_being_aside(server);
}

/* With the lock held; one that was called follows no more. */
static void stop_following(struct server *server, struct shard *shard)
{
	if (server->is_following)
		TAILQ_REMOVE(&shard->followers, server, idle);
	server->is_following = false;
}

/*
 * Another has the turn: stay near for a while, with all that was learnt of the targets.
 *
 * Return: whether it is this server's turn again.
 */
static bool follow(struct server *server, struct shard *shard)
{
	const struct timespec until = clock_after(LINGER);
	bool is_in_time = true;

	pthread_mutex_lock(&server->engine->lock);
	begin_following(server, shard);
	while (is_in_time && is_worth_following(shard) && !has_turn(server, shard))
		is_in_time = await_call(server, &until);
	stop_following(server, shard);
	pthread_mutex_unlock(&server->engine->lock);
	return has_turn(server, shard);
}

static bool wants_several(const struct shard *shard)
{
	enum executor executor = shard->engine->config.executor;

	return executor == EXECUTOR_THREADS ||
	       (executor == EXECUTOR_AUTO && pace_is_slow(&shard->pace));
}

/*
 * This request will wait for something: let the next one be received meanwhile. Where no other server
 * can be had, the first that comes free goes on.
 */
static void pass_turn(struct server *server, struct shard *shard)
{
	struct engine *engine = server->engine;

	pthread_mutex_lock(&engine->lock);
	if (atomic_load(&shard->turn) == server) {
		atomic_store(&shard->turn, NOBODY);
		server_set_aside(server);
		(void)server_send(shard);
	}
	pthread_mutex_unlock(&engine->lock);
}

/* Called by the request itself: nobody has to find out that it waits. */
static void wait_begins(void *place)
{
	struct server *server = place;

	if (server->engine->config.executor != EXECUTOR_INLINE)
		pass_turn(server, server->shard);
}

static void settle_one(struct server *server)
{
	struct engine *engine = server->engine;

	server->has_inherited = false;
	if (atomic_fetch_sub(&engine->inherited, 1) == 1)
		journal_set(engine->config.journal, JOURNAL_CLEAR, true);
}

/* Return: as source_calls.resume(). */
static int resume(struct server *server, struct shard *shard)
{
	const struct source_calls *calls = shard->source->calls;
	int r = calls->resume ? calls->resume(shard->source, server->reception) :
				(int)NOTIFY_RECEIVED;

	if (r == NOTIFY_RECEIVED)
		return r;
	request_abandon(server->workspace, &shard->client, server->reception);
	settle_one(server);
	return r;
}

static int serve_one(struct server *server, struct shard *shard)
{
	struct shard_counters *counters = shard->config.counters;

	atomic_fetch_add(&server->requests, 1);
	atomic_store(&server->listener, server->reception->slot->listener);
	atomic_store(&server->notification, server->reception->slot->notification.id);
	atomic_store(&server->is_busy, true);
	atomic_fetch_add_explicit(&shard->working, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&counters->in_flight, 1, memory_order_relaxed);
	server->reception->wait_begins = wait_begins;
	server->reception->server = server;
	if (wants_several(shard))
		pass_turn(server, shard);
	struct outcome outcome = walk(server, shard);

	/* Whoever has the answer may look at the counters. */
	count(counters, &outcome);
	atomic_fetch_sub_explicit(&counters->in_flight, 1, memory_order_relaxed);
	atomic_fetch_sub_explicit(&shard->working, 1, memory_order_relaxed);
	atomic_store(&server->is_answering, true);
	int r = shard->source->calls->answer(shard->source, server->reception, &outcome);

	atomic_store(&server->is_answering, false);
	server->reception->slot->notification.id = 0;
	if (server->has_inherited)
		settle_one(server);
	atomic_store(&server->is_busy, false);
	return r;
}

/* Return: whether the server's slot has a request of a dead worker now. */
static bool take_inherited(struct server *server, struct shard *shard)
{
	struct engine *engine = server->engine;

	if (atomic_load(&shard->inherited) == 0)
		return false;
	pthread_mutex_lock(&engine->lock);
	struct reception *reception = find_inherited(engine, shard->source->fd);

	if (reception) {
		slots_release(&engine->slots, server->reception);
		slots_take_over(&engine->slots, reception);
		server->reception = reception;
		server->has_inherited = true;
		atomic_fetch_sub(&shard->inherited, 1);
	}
	pthread_mutex_unlock(&engine->lock);
	return reception;
}

/* Return: as source_calls.receive(). */
static int receive(struct server *server, struct shard *shard)
{
	if (take_inherited(server, shard))
		return resume(server, shard);
	if (!has_turn(server, shard))
		return NOTIFY_NONE;
	effect_clear(&server->reception->slot->effect);
	server->reception->slot->source = shard->source->fd;
	return shard->source->calls->receive(shard->source, server->reception);
}

/*
 * What a dead worker has left is taken over by any server, whoever has the turn, for nobody else tells of it. Its
 * inode is held even if no target is left that waits.
 */
static bool is_left_something(const struct shard *shard)
{
	return !atomic_load(&shard->engine->is_paused) && atomic_load(&shard->inherited) > 0;
}

/* Return: 0 when the turn has passed on for good; NOTIFY_ENDED; -errno of the source. */
static int serve_while_it_lasts(struct server *server, struct shard *shard)
{
	while (has_turn(server, shard) || is_left_something(shard) || follow(server, shard)) {
		int r = receive(server, shard);

		if (r == NOTIFY_RECEIVED)
			r = serve_one(server, shard);
		else if (r == NOTIFY_NONE)
			r = 0;
		if (r != 0)
			return r;
	}
	return 0;
}

/* With the lock held: those that follow see that there is nothing left to follow. */
void shard_call_followers(const struct shard *shard)
{
	struct server *server;

	TAILQ_FOREACH(server, &shard->followers, idle)
	pthread_cond_signal(&server->called);
}

/* While somebody serves, EPOLLHUP alone is waited for, which comes unasked. */
void shard_look_for(struct shard *shard, uint32_t events)
{
	if (shard->is_watched)
		(void)loop_change(shard->engine->config.loop, &shard->watch, events);
}

/* With the lock held. */
void shard_take_turn_back(struct shard *shard)
{
	shard_stop_waiting(shard);
	atomic_store(&shard->turn, THE_LOOP);
	shard_look_for(shard, EPOLLIN);
}

/* With the lock held. */
static void begin_rest(struct server *server)
{
	server->is_resting = true;
	server->engine->resting_count++;
	TAILQ_INSERT_HEAD(&server->engine->resting, server, idle);
}

/* With the lock held; one that has been sent out rests no more. */
static void end_rest(struct server *server)
{
	if (!server->is_resting)
		return;
	server->is_resting = false;
	server->engine->resting_count--;
	TAILQ_REMOVE(&server->engine->resting, server, idle);
}

/* With the lock held: the source that waits longest, of those of the container, has the place that is free. */
static void hand_on_place(const struct places_container *container)
{
	struct shard *shard = TAILQ_FIRST(&container->shards);

	if (container->waiting == 0)
		return;
	while (shard && !(shard->is_waiting && shard_is_unserved(shard)))
		shard = TAILQ_NEXT(shard, sibling);
	if (shard)
		(void)server_send(shard);
}

/* With the lock held. */
static void leave_shard(struct server *server, struct shard *shard, int result)
{
	struct server *self = server;

	atomic_compare_exchange_strong(&shard->turn, &self, THE_LOOP);
	atomic_store(&server->is_recalled, false);
	stop_being_aside(server);
	server->shard = NULL;
	shard->server_count--;
	places_give_back(&server->engine->places, shard->container);
	begin_rest(server);
	if (atomic_load(&shard->turn) == NOBODY)
		shard_take_turn_back(shard);
	if (!server->engine->is_paused && !server->engine->is_over) {
		/* The source has failed, or the server had been about to leave. */
		if (shard->server_count == 0 && atomic_load(&shard->inherited) > 0)
			shard_wait(shard);
		hand_on_place(shard->container);
	}
	if (result != 0 && !shard->is_over) {
		shard->is_over = true;
		shard->result = result < 0 ? result : 0;
	}
	if (shard->is_over) {
		shard_call_followers(shard);
		(void)eventfd_write(server->engine->stir, 1);
	}
	pthread_cond_signal(&server->engine->left);
}

/* With the lock held: wait for a shard. Return: it; NULL: the server is to end. */
static struct shard *rest(struct server *server)
{
	struct engine *engine = server->engine;
	const struct timespec until = clock_after(LINGER);
	bool is_in_time = true;

	while (!server->shard && !engine->is_over && is_in_time)
		is_in_time = await_call(server, &until);
	if (!is_in_time) {
		/* By now nothing has needed those of the last shard for a second. */
		pthread_mutex_unlock(&engine->lock);
		helpers_dismiss(engine->helpers);
		pthread_mutex_lock(&engine->lock);
	}
	while (!server->shard && !engine->is_over && engine->resting_count <= SERVERS_RESTING_MAX)
		pthread_cond_wait(&server->called, &engine->lock);
	end_rest(server);
	return server->shard;
}

/* With the lock held. */
static void remove_server(struct server *server)
{
	struct engine *engine = server->engine;

	TAILQ_REMOVE(&engine->servers, server, all);
	server_free(server);
	pthread_cond_signal(&engine->left);
}

static void hear_recalls(void)
{
	sigset_t recall;

	sigemptyset(&recall);
	sigaddset(&recall, SIGRTMIN);
	pthread_sigmask(SIG_UNBLOCK, &recall, NULL);
}

static void *run_server(void *place)
{
	struct server *server = place;
	struct engine *engine = server->engine;
	struct shard *shard;

	hear_recalls();
	pthread_mutex_lock(&engine->lock);
	while ((shard = rest(server)) != NULL) {
		pthread_mutex_unlock(&engine->lock);
		int r = serve_while_it_lasts(server, shard);

		/* A container that is gone or silent has no descriptors of ours. */
		workspace_forget(server->workspace);
		helpers_dismiss(engine->helpers);
		pthread_mutex_lock(&engine->lock);
		leave_shard(server, shard, r);
	}
	remove_server(server);
	pthread_mutex_unlock(&engine->lock);
	return NULL;
}

/* With the lock held. */
static int server_new(struct engine *engine, struct server **ret_server)
{
	struct server *server = calloc(1, sizeof(*server));

	if (!server) {
		log_error("out of memory");
		return -ENOMEM;
	}
	server->engine = engine;
	pthread_cond_init(&server->called, NULL);
	server->reception = slots_take(&engine->slots);
	const struct workspace_config config = {
		.procfs = engine->config.procfs,
		.standins = engine->config.standins,
		.probe = engine->config.probe,
		.labelling = engine->config.labelling,
		.changes = engine->changes,
		.helpers = engine->helpers,
		.is_guarded = engine->is_guarded,
	};
	int r = server->reception ? workspace_new(&config, &server->workspace) : -EAGAIN;

	if (r < 0) {
		server_free(server);
		return r;
	}
	*ret_server = server;
	return 0;
}

/* With the lock held. Takes the server over, also on failure. */
static int start_server(struct engine *engine, struct server *server)
{
	pthread_attr_t attributes;

	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	int error = pthread_create(&server->thread, &attributes, run_server, server);

	pthread_attr_destroy(&attributes);
	if (error) {
		log_limited(0, LOG_ERROR, "cannot start a thread: %s", strerror(error));
		server_free(server);
		return -error;
	}
	TAILQ_INSERT_TAIL(&engine->servers, server, all);
	begin_rest(server);
	return 0;
}

/* With the lock held. Return: one without a shard; NULL: there can be none. */
struct server *server_spare(struct engine *engine)
{
	struct server *server = TAILQ_FIRST(&engine->resting);

	if (server)
		return server;
	if (server_new(engine, &server) < 0 || start_server(engine, server) < 0)
		return NULL;
	return server;
}

/* With the lock held: its requests are counted anew. */
static void give_turn(struct server *server, struct shard *shard)
{
	server->requests_seen = atomic_load(&server->requests);
	server->unchanged_since = shard->engine->ticks;
	atomic_store(&shard->turn, server);
	pthread_cond_signal(&server->called);
}

/* With the lock held. Return: whether one has the turn now. */
static bool call_follower(struct shard *shard)
{
	struct server *follower = TAILQ_FIRST(&shard->followers);

	if (!follower)
		return false;
	/* It is called once: until it has woken up, nobody else may believe that it is to be had. */
	stop_following(follower, shard);
	give_turn(follower, shard);
	return true;
}

bool server_is_idle(struct server *server)
{
	return !atomic_load(&server->is_busy) || atomic_load(&server->is_answering);
}

/* With the lock held: one that has just answered looks for the turn by itself. Return: whether there is. */
static bool leave_to_idle(struct shard *shard)
{
	struct server *holder = atomic_load(&shard->turn);
	unsigned int others = atomic_load(&shard->working);

	if (holder != NOBODY && holder != THE_LOOP)
		others += server_is_idle(holder);
	if (shard->server_count <= others)
		return false;
	atomic_store(&shard->turn, NOBODY);
	return true;
}

/* With the lock held: one more for this shard. Return: whether there is; if not, shard->refusal says why. */
static bool send_another(struct shard *shard)
{
	struct engine *engine = shard->engine;

	shard->refusal = places_take(&engine->places, shard->container);
	if (shard->refusal != SHARE_GRANTED)
		return false;
	struct server *server = server_spare(engine);

	if (!server) {
		places_give_back(&engine->places, shard->container);
		return false;
	}
	end_rest(server);
	shard->server_count++;
	server->shard = shard;
	give_turn(server, shard);
	return true;
}

/* With the lock held: let a server have the turn. Return: whether one will; if not, shard->refusal says why. */
bool server_send(struct shard *shard)
{
	attend(shard);
	if (!call_follower(shard) && !leave_to_idle(shard) && !send_another(shard))
		return false;
	shard_stop_waiting(shard);
	return true;
}

/* With the lock held. A recall can come just before the server blocks, so it is said at each tick. */
void server_recall(struct server *server)
{
	atomic_store(&server->is_recalled, true);
	(void)pthread_kill(server->thread, SIGRTMIN);
}
