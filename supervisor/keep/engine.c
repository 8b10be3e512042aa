/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * Each source belongs to a shard. As long as nothing happens, the loop watches the source, and the shard costs
 * nothing else. When something can be received, the shard gets a *server*, a thread with a workspace, which blocks
 * in receive(): so the kernel hands the CPU from target to server and back (SYNC_WAKE_UP), and nothing stands
 * between two requests. When a server has received nothing for a while, the loop recalls it and watches again.
 *
 * One request after another is quickest for what the kernel has in memory, as long as there is no queue; while there
 * is one, several servers receive side by side (keep/companion.h). Where requests wait (keep/pace.h), a server that
 * has received one passes the turn to receive before it walks it: to a server that follows, or to one more. A server
 * that has walked its request follows: it stays with the shard for a while, with all that it has learnt of the
 * targets.
 *
 * A request can hang for as long as a file system or memory of the target's choice does, as the call would without
 * us. So at each tick the loop looks at the servers: one that has been in one request for a whole tick loses the
 * turn to another server, and leaves the shard when it has finished, whenever that is. Threads that wait cost memory
 * and descriptors, so a shard may have only so many. When all of them hang, the first that comes free has the turn
 * again; until then the targets of this shard wait, and those of others do not. Nor do they where all shards
 * together have too many that hang: the first server of each shard is not among these.
 *
 *	shard->turn	which server receives
 *	TURN_LOOPS	none: the loop watches the source, or no server can be had. One that was recalled may
 *			still receive once
 *	a server	this one
 *	TURN_FREE	the first server of the shard that comes free
 *
 * What a server receives lies in a slot of the journal. The slots that a dead worker has left belong to shards at
 * first, and a server takes one of them instead of receiving, for as long as there are any. Changes that may be made
 * hold their inodes from the beginning, so that no other change comes before.
 *
 * A server blocks in a system call that only a signal ends early. A signal that comes too late, when the server
 * walks a request already, can at worst make a call on some remote file system fail with EINTR: the server walks
 * such a request once more. When the target of a request that hangs has died, the same signal asks the file system
 * to give up.
 */
#include "keep/engine.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/forker.h"
#include "base/log.h"
#include "base/slice.h"
#include "exec/deputies.h"
#include "exec/deputy.h"
#include "keep/companion.h"
#include "keep/journal.h"
#include "keep/server.h"
#include "keep/shard.h"
#include "keep/source.h"
#include "keep/tick.h"
#include "policy.h"
#include "request/notify.h"
#include "request/replay.h"
#include "request/userns.h"

_Static_assert(JOURNAL_SLOTS_MAX >= 2 * (ENGINE_CONTAINERS_MAX + PLACES_BESIDE_MAX),
	       "each place has a slot, beside that of a request that a dead worker had in it");

/* Places of a container whose policy does not say how many requests may be in flight. */
#define CONTAINER_PLACES 128
/*
 * How long engine_free() waits for servers, in milliseconds. Those that are not stuck have answered by then, and
 * meanwhile the calls of all containers wait for the listeners to be closed.
 */
#define FAREWELL 500

/* ---- sources that are served ---- */

static void unwatch(struct shard *shard)
{
	if (shard->is_watched)
		loop_remove(shard->engine->config.loop, &shard->watch);
	shard->is_watched = false;
}

/* Kernels before 6.11 leave a server in receive() then: it is recalled at the next tick. */
static void hang_up_locked(struct shard *shard)
{
	atomic_store(&shard->is_hung_up, true);
	unwatch(shard);
	shard->is_over = true;
	shard_call_followers_locked(shard);
	(void)eventfd_write(shard->engine->wake, 1);
	shard_go_on_ticking(shard->engine);
}

static void source_ready(void *place, uint32_t events)
{
	struct shard *shard = place;
	struct engine *engine = shard->engine;

	pthread_mutex_lock(&engine->lock);
	if (events & EPOLLIN)
		shard_serve_locked(shard);
	else
		hang_up_locked(shard);
	pthread_mutex_unlock(&engine->lock);
}

/* A change that may be made holds its inode. Return: how many slots the source has. */
static unsigned int hold_inherited_locked(struct engine *engine, const struct shard *shard)
{
	int source = shard->source->fd;
	struct reception *reception = NULL;
	unsigned int found = 0;

	while ((reception = slots_next_inherited(&engine->slots, reception)) != NULL) {
		if (reception->slot->source != source)
			continue;
		replay_hold(engine->changes, &shard->client, reception);
		found++;
	}
	return found;
}

static struct shard *shard_new(struct engine *engine, const struct shard_config *config,
			       struct source *source)
{
	struct shard *shard = calloc(1, sizeof(*shard));

	if (!shard)
		return NULL;
	shard->engine = engine;
	shard->config = *config;
	shard->source = source;
	shard->watch = (struct loop_watch){ source->fd, source_ready, shard };
	TAILQ_INIT(&shard->followers);
	TAILQ_INIT(&shard->companions);
	atomic_init(&shard->turn, TURN_LOOPS);
	client_init(&shard->client, config->policy);
	shard->client.is_alone = config->is_alone;
	shard->client.judge = config->judge;
	shard->client.is_queued = source->calls->is_queued;
	shard->client.holder = (struct share_holder){ config->counters, config->owner };
	shard->client.watch = engine->config.watch;
	shard->client.auditor = engine->config.auditor;
	if (config->audit)
		shard->client.audit = config->audit;
	shard->client.id = config->id;
	shard->client.name = config->name;
	if (config->name)
		client_set_name(&shard->client, config->name);
	if (config->id)
		shard->client.log_source = log_source(config->owner, config->id);
	return shard;
}

/* Return: 0; -ENOMEM. */
static int add_shard(struct engine *engine, struct shard *shard)
{
	const struct shard_config *config = &shard->config;
	uint32_t wanted = config->policy->in_flight;

	pthread_mutex_lock(&engine->lock);
	shard->container = places_enter(&engine->places, config->counters, config->owner,
					wanted > 0 ? wanted : CONTAINER_PLACES);
	if (shard->container) {
		config->counters->places = shard->container->most;
		TAILQ_INSERT_HEAD(&engine->shards, shard, all);
		TAILQ_INSERT_HEAD(&shard->container->shards, shard, sibling);
		atomic_store(&shard->inherited, hold_inherited_locked(engine, shard));
		atomic_fetch_add(&engine->inherited, atomic_load(&shard->inherited));
	}
	pthread_mutex_unlock(&engine->lock);
	return shard->container ? 0 : -ENOMEM;
}

int engine_serve(struct engine *engine, const struct shard_config *config, struct source *source)
{
	struct shard *shard = shard_new(engine, config, source);
	int r = shard ? loop_add(engine->config.loop, &shard->watch, EPOLLIN) : -ENOMEM;

	if (r == 0) {
		shard->is_watched = true;
		r = add_shard(engine, shard);
	}
	if (r < 0) {
		log_error("cannot serve a container: %s", strerror(-r));
		if (shard)
			unwatch(shard);
		free(shard);
	}
	return r;
}

/* ---- sources that end ---- */

/* Without servers: with the lock, or when no server is left. */
static void remove_shard(struct engine *engine, struct shard *shard)
{
	shard_stop_waiting_locked(shard);
	if (shard->is_attended)
		TAILQ_REMOVE(&engine->attended, shard, attended);
	TAILQ_REMOVE(&engine->shards, shard, all);
	TAILQ_REMOVE(&shard->container->shards, shard, sibling);
	places_leave(shard->container);
}

/* @done: of the shard, when the source is closed, which can take as long as its peer likes */
static void close_source(struct shard *shard, void (*done)(void *shard))
{
	struct closer *closer = shard->engine->config.closer;
	bool is_peers = shard->source->calls->is_peers;

	unwatch(shard);
	shard->fd = source_let_go(shard->source);
	if (!closer || !is_peers) {
		fd_close(&shard->fd);
		done(shard);
		return;
	}
	shard->closing =
		(struct closing){ .fds = &shard->fd, .count = 1, .done = done, .place = shard };
	closer_close(closer, &shard->closing);
}

/* Shards that are over leave the list; it is walked anew after each, for ended() may do anything. */
static struct shard *take_ended(struct engine *engine)
{
	struct shard *shard;

	pthread_mutex_lock(&engine->lock);
	TAILQ_FOREACH(shard, &engine->shards, all)
	if (shard->is_over && shard->server_count == 0 && atomic_load(&shard->inherited) == 0)
		break;
	if (shard)
		remove_shard(engine, shard);
	pthread_mutex_unlock(&engine->lock);
	return shard;
}

static void say_ended(void *place)
{
	struct shard *shard = place;
	const struct shard_config config = shard->config;
	int result = shard->result;

	free(shard);
	config.ended(config.place, result);
}

static void woken(void *place, uint32_t events)
{
	struct engine *engine = place;
	struct shard *shard;
	eventfd_t value;

	(void)events;
	(void)eventfd_read(engine->wake, &value);
	while ((shard = take_ended(engine)) != NULL) {
		if (shard->config.over)
			shard->config.over(shard->config.place);
		/* The container counts as long as something that its monitor has sent cannot be closed. */
		close_source(shard, say_ended);
	}
}

/* ---- beginning and end ---- */

static void be_recalled(int number)
{
	(void)number;
}

static int watch_for_ends(struct engine *engine)
{
	const struct sigaction action = { .sa_handler = be_recalled };

	engine->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (engine->wake < 0 || sigaction(SIGRTMIN, &action, NULL) < 0)
		return -errno;
	engine->woken.fd = engine->wake;
	return loop_add(engine->config.loop, &engine->woken, EPOLLIN);
}

static int start_first(struct engine *engine)
{
	pthread_mutex_lock(&engine->lock);
	int r = server_start_first_locked(engine);

	pthread_mutex_unlock(&engine->lock);
	return r;
}

/* The next worker has another one, and walks the requests in hand anew. */
static void forker_lost(void)
{
	log_error("the process that makes deputies has ended: the worker ends, too");
	(void)kill(getpid(), SIGKILL);
}

/* Its children are to have no part in what outlives us. */
static int start_forker(struct engine *engine)
{
	const struct forker_config config = {
		.bodies = { [FORKER_DEPUTY] = deputy_serve, [FORKER_MEMBER] = userns_wait_within },
		.calls = engine->config.calls,
		.lost = forker_lost,
	};

	journal_keep_from_children(engine->config.journal);
	int r = forker_new(&config, &engine->forker);

	if (r < 0)
		log_error("cannot have a process that makes deputies: %s", strerror(-r));
	return r;
}

static void init(struct engine *engine, const struct engine_config *config)
{
	engine->config = *config;
	engine->spare_locked = server_spare_locked;
	engine->is_guarded = guard_find(config->guard);
	engine->cpus = companion_count_cpus();
	engine->wake = -1;
	engine->woken = (struct loop_watch){ .fd = -1, .ready = woken, .place = engine };
	pthread_mutex_init(&engine->lock, NULL);
	pthread_cond_init(&engine->left, NULL);
	TAILQ_INIT(&engine->shards);
	TAILQ_INIT(&engine->servers);
	TAILQ_INIT(&engine->resting);
	TAILQ_INIT(&engine->aside);
	TAILQ_INIT(&engine->attended);
	TAILQ_INIT(&engine->batched);
	places_init(&engine->places);
	slots_init(&engine->slots, config->journal);
	tick_init(engine);
}

/* Return: 0; -errno: it has been logged, or what it is that cannot be watched is the caller's to log. */
static int start(struct engine *engine)
{
	int r = start_forker(engine);

	/* Not what makes deputies: of theirs many may compute. */
	slice_shorten();
	if (r == 0)
		r = changes_new(&engine->changes);
	if (r == 0)
		r = deputies_new(engine->forker, engine->config.procfs, &engine->deputies);
	if (r == 0)
		r = watch_for_ends(engine);
	if (r < 0)
		log_error("cannot watch for events: %s", strerror(-r));
	return r < 0 ? r : start_first(engine);
}

int engine_new(const struct engine_config *config, struct engine **ret_engine)
{
	struct seccomp_notif_sizes sizes;
	int r = notify_sizes(&sizes);

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
	init(engine, config);
	r = start(engine);
	if (r < 0)
		(void)engine_free(engine);
	else
		*ret_engine = engine;
	return r;
}

/* Return: whether all servers have ended. */
static bool end_servers(struct engine *engine)
{
	uint64_t end = clock_milliseconds() + FAREWELL;

	pthread_mutex_lock(&engine->lock);
	engine->is_over = true;
	do {
		(void)shard_call_off_all_locked(engine);
		if (!TAILQ_EMPTY(&engine->servers))
			shard_await_leaving_locked(engine, TICK_MS);
	} while (!TAILQ_EMPTY(&engine->servers) && clock_milliseconds() < end);
	bool is_empty = TAILQ_EMPTY(&engine->servers);

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
	while (!TAILQ_EMPTY(&engine->shards)) {
		struct shard *shard = TAILQ_FIRST(&engine->shards);

		remove_shard(engine, shard);
		close_source(shard, free);
	}
	if (engine->woken.fd >= 0)
		loop_remove(engine->config.loop, &engine->woken);
	fd_close(&engine->wake);
	deputies_free(engine->deputies);
	forker_free(engine->forker);
	changes_free(engine->changes);
	pthread_cond_destroy(&engine->left);
	pthread_mutex_destroy(&engine->lock);
	free(engine);
	return true;
}

/* ---- what others want to know ---- */

struct share_pool engine_places(struct engine *engine)
{
	pthread_mutex_lock(&engine->lock);
	struct share_pool pool = engine->places.beside;

	pthread_mutex_unlock(&engine->lock);
	return pool;
}

bool engine_is_guarded(const struct engine *engine)
{
	return engine->is_guarded;
}

void engine_silence(struct engine *engine)
{
	forker_silence(engine->forker);
}
