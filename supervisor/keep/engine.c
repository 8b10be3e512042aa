/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * Each source belongs to a shard. As long as nothing happens, the loop looks at the source, and the
 * shard costs nothing else. When something is to be received, the shard gets a *server*, a thread with
 * a workspace, which blocks in receive(): so that the kernel hands the CPU from target to server and
 * back (SYNC_WAKE_UP), and nothing stands between two requests. When nothing has come for a while, the
 * server is recalled and the loop looks again.
 *
 * One request after another is quickest for what the kernel has in memory, and for nothing else. Where
 * requests wait (keep/pace.h), the server that has received one passes its turn before it walks it, to a
 * server that follows, or to one that comes beside it. One that has walked its request follows: it stays
 * with the shard for a while, with all that it has learnt of the targets.
 *
 * A request can hang for as long as somebody else's file system or memory likes, as the call would
 * natively, and the target itself can see to that. So at each tick the loop looks at the servers: one
 * that has been in one request for a whole tick loses its turn to a fresh one beside it, and goes when
 * it has finished, whenever that is. Waiting threads cost memory and descriptors, so a shard may have
 * only so many: when all of them hang, the first that comes free has the turn again, and until then
 * the targets of this shard wait; those of others do not. Nor do they where all shards together have
 * too many that hang: the first server of a shard is not among these.
 *
 *	shard->turn	whose it is to receive
 *	THE_LOOP's	the source is looked at, or no server could be had; one that was recalled may
 *			still receive once
 *	a server	it receives
 *	NOBODY's	the first server of the shard that comes free may take it
 *
 * What a server receives lies in a slot of the journal. Where a worker has died, the slots that it left
 * belong to shards at first, and a server takes one over instead of receiving, for as long as there are
 * any. Changes that may be made hold their inodes from the beginning, so that nobody comes before.
 *
 * A server blocks in a system call that only a signal ends early. One that comes too late, when a
 * request is being worked on already, can at worst make a call on some remote file system fail with
 * EINTR: such a request is walked once more. When the target of a request that hangs has died, the same
 * signal asks the file system to give up.
 */
#include "keep/engine.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "exec/helpers.h"
#include "keep/journal.h"
#include "keep/server.h"
#include "keep/source.h"
#include "policy.h"
#include "request/notify.h"

#define TICK_MS 50
/* Ticks without a request until a server is recalled: a second. */
#define IDLE_TICKS 20
/* Ticks after which a sender will soon give up by itself: LXC does after 30 s. */
#define LATE_TICKS (20000 / TICK_MS)
/* Servers of a shard whose policy does not say how many requests may be in flight. */
#define SHARD_SERVERS 128
/* How long engine_free() waits for servers, in milliseconds. */
#define FAREWELL 2000

static void keep_ticking(struct engine *engine)
{
	loop_start_timer(engine->config.loop, &engine->tick, TICK_MS);
}

/* With the lock held. */
static void serve_shard(struct shard *shard)
{
	bool was_waiting = shard->is_waiting;

	shard_look_for(shard, 0);
	shard->is_waiting = !server_send(shard);
	if (shard->is_waiting && !was_waiting)
		log_warning("there is no thread to serve a container with; it waits");
	keep_ticking(shard->engine);
}

static void unwatch(struct shard *shard)
{
	if (shard->is_watched)
		loop_remove(shard->engine->config.loop, &shard->watch);
	shard->is_watched = false;
}

static void source_ready(void *place, uint32_t events)
{
	struct shard *shard = place;
	struct engine *engine = shard->engine;

	pthread_mutex_lock(&engine->lock);
	if (events & EPOLLIN) {
		serve_shard(shard);
	} else {
		/* Kernels before 6.11 leave a server in receive() then: it is recalled at the next tick. */
		atomic_store(&shard->is_hung_up, true);
		unwatch(shard);
		shard->is_over = true;
		shard_call_followers(shard);
		(void)eventfd_write(engine->stir, 1);
		keep_ticking(engine);
	}
	pthread_mutex_unlock(&engine->lock);
}

/* With the lock held: is the server in the same request as at the last tick, or in none? */
static bool is_unchanged(struct server *server)
{
	unsigned long requests = atomic_load(&server->requests);
	bool is_same = requests == server->requests_seen;

	server->requests_seen = requests;
	server->ticks = is_same ? server->ticks + 1 : 0;
	return is_same;
}

/* With the lock held. */
static void put_one_beside(struct shard *shard)
{
	atomic_fetch_add(&shard->config.counters->stuck, 1);
	log_verbose("a request takes long; %u threads wait", shard->server_count);
	pace_set_stuck(&shard->pace);
	atomic_store(&shard->turn, NOBODY);
	(void)server_send(shard);
}

/* A request may have ended while we look: then its server is disturbed in vain, which harms nobody. */
static bool is_abandoned(struct server *server)
{
	int listener = atomic_load(&server->listener);

	return listener >= 0 && !notify_is_valid(listener, atomic_load(&server->notification));
}

/* With the lock held. */
static void look_at_server(struct server *server)
{
	struct shard *shard = server->shard;
	bool is_same = is_unchanged(server);
	bool is_busy = atomic_load(&server->is_busy);
	bool is_its_turn = atomic_load(&shard->turn) == server;

	if (server->is_following)
		return;
	if (is_busy) {
		if (is_same && is_its_turn)
			put_one_beside(shard);
		if (is_same && is_abandoned(server))
			server_recall(server);
		if (server->ticks == LATE_TICKS && shard->source->calls->overdue) {
			atomic_fetch_add(&shard->config.counters->late, 1);
			shard->source->calls->overdue(shard->source);
		}
		return;
	}
	if (is_same && is_its_turn && server->ticks >= IDLE_TICKS) {
		shard_take_turn_back(shard);
		is_its_turn = false;
	}
	if (!is_its_turn || atomic_load(&shard->is_hung_up))
		server_recall(server);
}

/* With the lock held. Return: whether any serves. */
static bool look_at_servers(struct engine *engine)
{
	bool is_anyone_out = false;

	for (struct server *server = engine->servers; server; server = server->next) {
		if (!server->shard)
			continue;
		look_at_server(server);
		is_anyone_out = true;
	}
	return is_anyone_out;
}

static void tick(void *place)
{
	struct engine *engine = place;

	pthread_mutex_lock(&engine->lock);
	if (look_at_servers(engine))
		keep_ticking(engine);
	for (struct shard *shard = engine->shards; shard; shard = shard->next)
		if (shard->is_waiting)
			serve_shard(shard);
		else if (atomic_load(&shard->turn) == NOBODY)
			(void)server_send(shard);
	pthread_mutex_unlock(&engine->lock);
}

static void shard_free(struct shard *shard)
{
	unwatch(shard);
	source_free(shard->source);
	free(shard);
}

/* Shards that are over leave the list; it is walked anew after each, for ended() may do anything. */
static struct shard *take_ended(struct engine *engine)
{
	struct shard *found = NULL;

	pthread_mutex_lock(&engine->lock);
	for (struct shard **place = &engine->shards; *place && !found; place = &(*place)->next) {
		if (!(*place)->is_over || (*place)->server_count > 0)
			continue;
		found = *place;
		*place = found->next;
		break;
	}
	pthread_mutex_unlock(&engine->lock);
	return found;
}

static void stirred(void *place, uint32_t events)
{
	struct engine *engine = place;
	struct shard *shard;
	eventfd_t value;

	(void)events;
	(void)eventfd_read(engine->stir, &value);
	while ((shard = take_ended(engine)) != NULL) {
		const struct shard_config config = shard->config;
		int result = shard->result;

		/* Not where the engine ends: what is kept then is for whoever follows. */
		journal_forget(engine->config.journal, shard->source->fd);
		shard_free(shard);
		config.ended(config.place, result);
	}
}

static void be_recalled(int number)
{
	(void)number;
}

static int listen_to_stir(struct engine *engine)
{
	const struct sigaction action = { .sa_handler = be_recalled };

	engine->stir = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (engine->stir < 0 || sigaction(SIGRTMIN, &action, NULL) < 0)
		return -errno;
	engine->stirred.fd = engine->stir;
	return loop_add(engine->config.loop, &engine->stirred, EPOLLIN);
}

/* So that what cannot work fails at start: the first server rests until it is needed. */
static int start_first(struct engine *engine)
{
	pthread_mutex_lock(&engine->lock);
	struct server *server = server_spare(engine);

	pthread_mutex_unlock(&engine->lock);
	return server ? 0 : -EAGAIN;
}

int engine_new(const struct engine_config *config, struct engine **ret_engine)
{
	int r = notify_check_sizes();

	if (r < 0) {
		log_error("this kernel's seccomp notifications are not those of 5.0 to now: %s",
			  strerror(-r));
		return r;
	}
	struct engine *engine = calloc(1, sizeof(*engine));

	if (!engine) {
		log_error("out of memory");
		return -ENOMEM;
	}
	engine->config = *config;
	engine->tick = (struct loop_timer){ .due = tick, .place = engine };
	engine->stirred = (struct loop_watch){ .fd = -1, .ready = stirred, .place = engine };
	pthread_mutex_init(&engine->lock, NULL);
	pthread_cond_init(&engine->left, NULL);
	slots_init(&engine->slots, config->journal);
	r = changes_new(&engine->changes);
	if (r == 0)
		r = helpers_new(config->procfs, &engine->helpers);
	if (r == 0)
		r = listen_to_stir(engine);
	if (r < 0)
		log_error("cannot watch for events: %s", strerror(-r));
	else
		r = start_first(engine);
	if (r < 0) {
		(void)engine_free(engine);
		return r;
	}
	*ret_engine = engine;
	return 0;
}

/* With the lock held: a change that may be made holds its inode. Return: how many slots the source has. */
static unsigned int hold_inherited(struct engine *engine, const struct shard *shard)
{
	int source = shard->source->fd;
	struct reception *slot = NULL;
	unsigned int found = 0;

	while ((slot = slots_next_inherited(&engine->slots, slot)) != NULL) {
		if (slot->received->source != source)
			continue;
		request_hold(engine->changes, &shard->client, slot);
		found++;
	}
	return found;
}

static int shard_new(struct engine *engine, const struct shard_config *config,
		     struct source *source, struct shard **ret_shard)
{
	uint32_t wanted = config->policy->in_flight;
	struct shard *shard = calloc(1, sizeof(*shard));

	if (!shard)
		return -ENOMEM;
	shard->engine = engine;
	shard->config = *config;
	shard->source = source;
	shard->watch = (struct loop_watch){ source->fd, source_ready, shard };
	shard->servers_max = wanted > 0 ? wanted : SHARD_SERVERS;
	atomic_init(&shard->turn, THE_LOOP);
	client_init(&shard->client, config->policy);
	shard->client.is_alone = config->is_alone;
	shard->client.is_queued = source->calls->is_queued;
	shard->client.container = config->counters;
	*ret_shard = shard;
	return 0;
}

int engine_serve(struct engine *engine, const struct shard_config *config, struct source *source)
{
	struct shard *shard = NULL;
	int r = shard_new(engine, config, source, &shard);

	if (r == 0)
		r = loop_add(engine->config.loop, &shard->watch, EPOLLIN);
	if (r < 0) {
		log_error("cannot serve a container: %s", strerror(-r));
		free(shard);
		source_free(source);
		return r;
	}
	shard->is_watched = true;
	pthread_mutex_lock(&engine->lock);
	shard->next = engine->shards;
	engine->shards = shard;
	atomic_store(&shard->inherited, hold_inherited(engine, shard));
	atomic_fetch_add(&engine->inherited, atomic_load(&shard->inherited));
	pthread_mutex_unlock(&engine->lock);
	return 0;
}

/* With the lock held. */
static bool is_served(const struct engine *engine, int source)
{
	for (const struct shard *shard = engine->shards; shard; shard = shard->next)
		if (shard->source->fd == source)
			return true;
	return false;
}

/* With the lock held: requests whose source went down with the worker that had received them. */
static void drop_orphans(struct engine *engine)
{
	struct reception *slot = NULL;

	while ((slot = slots_next_inherited(&engine->slots, slot)) != NULL) {
		struct received *received = slot->received;

		if (is_served(engine, received->source))
			continue;
		if (received->listener != received->source)
			fd_close(&received->listener);
		request_drop(received);
		slots_release(&engine->slots, slot);
	}
}

bool engine_adopt(struct engine *engine, const struct received *left)
{
	struct shard *shard = engine->shards;
	struct reception *slot = NULL;

	pthread_mutex_lock(&engine->lock);
	while (shard && shard->source->fd != left->source)
		shard = shard->next;
	if (shard)
		slot = slots_adopt(&engine->slots, left);
	if (slot) {
		request_hold(engine->changes, &shard->client, slot);
		atomic_fetch_add(&shard->inherited, 1);
		atomic_fetch_add(&engine->inherited, 1);
	}
	pthread_mutex_unlock(&engine->lock);
	return slot;
}

void engine_settle(struct engine *engine)
{
	pthread_mutex_lock(&engine->lock);
	drop_orphans(engine);
	journal_set_clear(engine->config.journal, atomic_load(&engine->inherited) == 0);
	for (struct shard *shard = engine->shards; shard; shard = shard->next)
		if (atomic_load(&shard->inherited) > 0)
			serve_shard(shard);
	pthread_mutex_unlock(&engine->lock);
}

/* With the lock held: no server receives any more. Return: whether any has a shard still. */
static bool call_off(struct engine *engine)
{
	bool is_anyone_out = false;

	for (struct shard *shard = engine->shards; shard; shard = shard->next)
		atomic_store(&shard->turn, THE_LOOP);
	for (struct server *server = engine->servers; server; server = server->next) {
		is_anyone_out = is_anyone_out || server->shard;
		pthread_cond_signal(&server->called);
		if (server->shard && !atomic_load(&server->is_busy))
			server_recall(server);
	}
	return is_anyone_out;
}

/* With the lock held: wait for a server that leaves, for a moment, since a recall can come too early. */
static void await_leaving(struct engine *engine, unsigned int milliseconds)
{
	const struct timespec until = clock_after(milliseconds);

	pthread_cond_clockwait(&engine->left, &engine->lock, CLOCK_MONOTONIC, &until);
}

bool engine_pause(struct engine *engine, unsigned int milliseconds)
{
	uint64_t end = clock_milliseconds() + milliseconds;
	bool is_anyone_out;

	pthread_mutex_lock(&engine->lock);
	engine->is_paused = true;
	while ((is_anyone_out = call_off(engine)) && clock_milliseconds() < end)
		await_leaving(engine, 1);
	pthread_mutex_unlock(&engine->lock);
	return !is_anyone_out;
}

void engine_resume(struct engine *engine)
{
	pthread_mutex_lock(&engine->lock);
	engine->is_paused = false;
	for (struct shard *shard = engine->shards; shard; shard = shard->next)
		shard_take_turn_back(shard);
	pthread_mutex_unlock(&engine->lock);
}

/* Return: whether all servers have ended. */
static bool end_servers(struct engine *engine)
{
	uint64_t end = clock_milliseconds() + FAREWELL;

	pthread_mutex_lock(&engine->lock);
	engine->is_over = true;
	do {
		(void)call_off(engine);
		if (engine->servers)
			await_leaving(engine, TICK_MS);
	} while (engine->servers && clock_milliseconds() < end);
	bool is_empty = !engine->servers;

	pthread_mutex_unlock(&engine->lock);
	return is_empty;
}

bool engine_free(struct engine *engine)
{
	if (!engine)
		return true;
	loop_stop_timer(engine->config.loop, &engine->tick);
	if (!end_servers(engine))
		return false;
	while (engine->shards) {
		struct shard *shard = engine->shards;

		engine->shards = shard->next;
		shard_free(shard);
	}
	if (engine->stirred.fd >= 0)
		loop_remove(engine->config.loop, &engine->stirred);
	fd_close(&engine->stir);
	helpers_free(engine->helpers);
	changes_free(engine->changes);
	pthread_cond_destroy(&engine->left);
	pthread_mutex_destroy(&engine->lock);
	free(engine);
	return true;
}
