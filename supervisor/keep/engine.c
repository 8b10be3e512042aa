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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/forker.h"
#include "base/log.h"
#include "base/slice.h"
#include "exec/helper.h"
#include "exec/helpers.h"
#include "keep/journal.h"
#include "keep/server.h"
#include "keep/source.h"
#include "policy.h"
#include "request/notify.h"
#include "request/userns.h"

_Static_assert(JOURNAL_SLOTS_MAX >= 2 * (ENGINE_CONTAINERS_MAX + PLACES_BESIDE_MAX),
	       "each place has a slot, beside that of a request that a dead worker had in it");

#define TICK_MS 50
/* Ticks without a request until a server is recalled: a second. */
#define IDLE_TICKS 20
/* Ticks after which a sender will soon give up by itself: LXC does after 30 s. */
#define LATE_TICKS (20000 / TICK_MS)
/* Places of a container whose policy does not say how many requests may be in flight. */
#define CONTAINER_PLACES 128
/* Servers beside the one that has the turn that a tick looks at, of all shards. */
#define LOOKS 32
/* Ticks for which a shard waits for a place until that is told: a second. */
#define PATIENCE_TICKS 20
/*
 * How long engine_free() waits for servers, in milliseconds. Those that are not stuck have answered by then, and
 * meanwhile the calls of all containers wait for the listeners to be closed.
 */
#define FAREWELL 500

static void keep_ticking(struct engine *engine)
{
	loop_start_timer(engine->config.loop, &engine->tick, TICK_MS);
}

/* With the lock held. */
static void serve_shard(struct shard *shard)
{
	shard_look_for(shard, 0);
	if (!server_send(shard))
		shard_wait(shard);
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

/* With the lock held: has nothing begun since the last look? */
static bool is_unchanged(struct server *server)
{
	unsigned long requests = atomic_load(&server->requests);
	bool is_same = requests == server->requests_seen;

	server->requests_seen = requests;
	if (!is_same) {
		server->unchanged_since = server->engine->ticks;
		server->is_late = false;
	}
	return is_same;
}

static unsigned long ticks_unchanged(const struct server *server)
{
	return server->engine->ticks - server->unchanged_since;
}

/* With the lock held. */
static void put_one_beside(struct shard *shard, struct server *server)
{
	atomic_fetch_add(&shard->config.counters->stuck, 1);
	log_verbose("a request takes long; %u threads wait", shard->server_count);
	pace_set_stuck(&shard->pace);
	atomic_store(&shard->turn, NOBODY);
	server_set_aside(server);
	if (!server_send(shard))
		shard_wait(shard);
}

/* A request may have ended while we look: then its server is disturbed in vain, which harms nobody. */
static bool is_abandoned(struct server *server)
{
	int listener = atomic_load(&server->listener);

	return listener >= 0 && !notify_is_valid(listener, atomic_load(&server->notification));
}

/* With the lock held: one that has been in the same request since the last look. */
static void look_at_stuck(struct server *server)
{
	struct source *source = server->shard->source;

	if (is_abandoned(server))
		server_recall(server);
	if (server->is_late || ticks_unchanged(server) < LATE_TICKS || !source->calls->overdue)
		return;
	server->is_late = true;
	atomic_fetch_add(&server->shard->config.counters->late, 1);
	source->calls->overdue(source);
}

/* With the lock held: one whose turn it is. */
static void look_at_holder(struct shard *shard, struct server *server)
{
	bool is_same = is_unchanged(server);

	if (atomic_load(&server->is_busy)) {
		if (is_same)
			put_one_beside(shard, server);
		return;
	}
	if (is_same && ticks_unchanged(server) >= IDLE_TICKS) {
		shard_take_turn_back(shard);
		server_set_aside(server);
	}
	if (atomic_load(&shard->turn) != server || atomic_load(&shard->is_hung_up))
		server_recall(server);
}

/* With the lock held: one that had lost its turn. Return: whether it has to be looked at again. */
static bool look_at_aside(struct server *server)
{
	if (atomic_load(&server->shard->turn) == server)
		return false;
	if (!atomic_load(&server->is_busy))
		server_recall(server);
	else if (is_unchanged(server))
		look_at_stuck(server);
	return true;
}

/* With the lock held: at so many of them, however many there are; the others have their turn later. */
static void look_at_those_aside(struct engine *engine)
{
	struct server *last = TAILQ_LAST(&engine->aside, server_list), *server = NULL;

	for (unsigned int i = 0; i < LOOKS && server != last; i++) {
		server = TAILQ_FIRST(&engine->aside);
		TAILQ_REMOVE(&engine->aside, server, aside);
		server->is_aside = false;
		if (look_at_aside(server))
			server_set_aside(server);
	}
}

/* Return: the server whose turn it is; NULL: it is no server's. */
static struct server *holder_of(const struct shard *shard)
{
	struct server *turn = atomic_load(&shard->turn);

	return turn == THE_LOOP ? NULL : turn;
}

/* With the lock held. Return: one of the same container that has a server to give; NULL: there is none. */
static struct shard *find_rich_sibling(struct shard *shard)
{
	struct places_container *container = shard->container;
	unsigned long now = shard->engine->ticks;
	struct shard *other;

	if (container->poor == now)
		return NULL;
	TAILQ_FOREACH(other, &container->shards, sibling)
	if (other != shard && other->yields != now &&
	    (!TAILQ_EMPTY(&other->followers) || holder_of(other)))
		return other;
	/* However many wait, one of them has looked for all. */
	container->poor = now;
	return NULL;
}

/*
 * With the lock held: the listeners of a container have its places together. One that waits for a place has
 * it from another one of the container, which waits then in its turn.
 */
static void ask_siblings(struct shard *shard)
{
	struct shard *other = shard->container->sources > 1 ? find_rich_sibling(shard) : NULL;

	if (!other)
		return;
	other->yields = shard->engine->ticks;
	shard_call_followers(other);
	struct server *holder = holder_of(other);

	if (!TAILQ_EMPTY(&other->followers) || !holder)
		return;
	shard_take_turn_back(other);
	server_set_aside(holder);
	if (!atomic_load(&holder->is_busy))
		server_recall(holder);
}

/* How many of its requests are under way, and why there are no more. */
static const char *reason_of(enum share_result refusal)
{
	switch (refusal) {
	case SHARE_CONTAINER_FULL:
		return "as many as in-flight in the limits of its policy allows";
	case SHARE_CONTAINER_HAS_MUCH:
		return "and a container cannot have more than are left for others";
	case SHARE_USER_HAS_MUCH:
		return "and its user cannot have more, in all containers, than are left for others";
	case SHARE_USER_FULL:
	case SHARE_GRANTED:
	default:
		return "and there is no memory, or no thread, for more";
	}
}

/* With the lock held: once for all listeners of a container, and for one container at a tick. */
static void tell_waiting(struct shard *shard)
{
	const struct shard_config *config = &shard->config;
	struct complaint *complaint = &shard->engine->complaint;
	char name[512] = "";

	if (shard->container->is_told || complaint->text[0])
		return;
	shard->container->is_told = true;
	if (config->id)
		snprintf(name, sizeof(name), " of container %s of uid %u", config->id,
			 config->owner);
	complaint->source = log_source(config->owner, config->id ? config->id : "");
	snprintf(complaint->text, sizeof(complaint->text),
		 "calls%s wait: the container has %zu under way, %s; see which processes in it "
		 "wait for a file system, or for memory, that does not answer",
		 name, shard->container->taken, reason_of(shard->refusal));
}

/* With the lock held. */
static void look_at_unserved(struct shard *shard)
{
	if (server_send(shard))
		return;
	shard_wait(shard);
	ask_siblings(shard);
	if (shard->engine->ticks - shard->waiting_since >= PATIENCE_TICKS)
		tell_waiting(shard);
}

/* With the lock held. */
static void look_at_shard(struct shard *shard)
{
	struct server *turn = atomic_load(&shard->turn);

	if (shard_is_unserved(shard)) {
		look_at_unserved(shard);
	} else if (turn == THE_LOOP) {
		shard->is_attended = false;
		TAILQ_REMOVE(&shard->engine->attended, shard, attended);
	} else {
		shard_stop_waiting(shard);
		look_at_holder(shard, turn);
	}
}

/* With the lock held. Those that begin to wait go to the end of the list, and have been looked at then. */
static void look_at_shards(struct engine *engine)
{
	struct shard *last = TAILQ_LAST(&engine->attended, shard_list), *next;

	for (struct shard *shard = TAILQ_FIRST(&engine->attended); shard; shard = next) {
		next = shard == last ? NULL : TAILQ_NEXT(shard, attended);
		look_at_shard(shard);
	}
}

static void tick(void *place)
{
	struct engine *engine = place;

	engine->complaint.text[0] = '\0';
	pthread_mutex_lock(&engine->lock);
	engine->ticks++;
	look_at_shards(engine);
	look_at_those_aside(engine);
	if (!TAILQ_EMPTY(&engine->attended) || !TAILQ_EMPTY(&engine->aside))
		keep_ticking(engine);
	pthread_mutex_unlock(&engine->lock);
	if (engine->complaint.text[0])
		log_limited(engine->complaint.source, LOG_WARNING, "%s", engine->complaint.text);
}

/* Without servers. With the lock held, or when no server is left. */
static void remove_shard(struct engine *engine, struct shard *shard)
{
	shard_stop_waiting(shard);
	if (shard->is_attended)
		TAILQ_REMOVE(&engine->attended, shard, attended);
	TAILQ_REMOVE(&engine->shards, shard, all);
	TAILQ_REMOVE(&shard->container->shards, shard, sibling);
	places_leave(&engine->places, shard->container);
}

/* The shard's closing says what comes then. Return: false: it is closed, and the closing was not needed. */
static bool close_source(struct shard *shard)
{
	struct closer *closer = shard->engine->config.closer;
	bool is_peers = shard->source->calls->is_peers;

	unwatch(shard);
	shard->fd = source_let_go(shard->source);
	if (!closer || !is_peers) {
		fd_close(&shard->fd);
		return false;
	}
	shard->closing.fds = &shard->fd;
	shard->closing.count = 1;
	closer_close(closer, &shard->closing);
	return true;
}

/* Nobody asks when it is closed. */
static void shard_free(struct shard *shard)
{
	shard->closing = (struct closing){ .done = free, .place = shard };
	if (!close_source(shard))
		free(shard);
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

static void stirred(void *place, uint32_t events)
{
	struct engine *engine = place;
	struct shard *shard;
	eventfd_t value;

	(void)events;
	(void)eventfd_read(engine->stir, &value);
	while ((shard = take_ended(engine)) != NULL) {
		if (shard->config.over)
			shard->config.over(shard->config.place);
		/* What hangs in what a monitor has sent is the container's as long as it hangs. */
		shard->closing = (struct closing){ .done = say_ended, .place = shard };
		if (!close_source(shard))
			say_ended(shard);
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

/* The next worker has another one, and walks the requests in hand anew. */
static void forker_lost(void)
{
	log_error("the process that makes helpers has ended: the worker ends, too");
	(void)kill(getpid(), SIGKILL);
}

/* Its children are to have no part in what outlives us. */
static int start_forker(struct engine *engine)
{
	const struct forker_config config = {
		.bodies = { [FORKER_HELPER] = helper_serve, [FORKER_MEMBER] = userns_wait_within },
		.calls = engine->config.calls,
		.lost = forker_lost,
	};

	journal_keep_from_children(engine->config.journal);
	int r = forker_new(&config, &engine->forker);

	if (r < 0)
		log_error("cannot have a process that makes helpers: %s", strerror(-r));
	return r;
}

static void init_lists(struct engine *engine)
{
	TAILQ_INIT(&engine->shards);
	TAILQ_INIT(&engine->servers);
	TAILQ_INIT(&engine->resting);
	TAILQ_INIT(&engine->aside);
	TAILQ_INIT(&engine->attended);
	places_init(&engine->places);
	engine->ticks = 1; /* 0 is none */
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
	engine->is_guarded = guard_find(config->guard);
	engine->tick = (struct loop_timer){ .due = tick, .place = engine };
	engine->stirred = (struct loop_watch){ .fd = -1, .ready = stirred, .place = engine };
	pthread_mutex_init(&engine->lock, NULL);
	pthread_cond_init(&engine->left, NULL);
	init_lists(engine);
	slots_init(&engine->slots, config->journal);
	r = start_forker(engine);
	/* Not what makes helpers: of theirs many may compute. */
	slice_shorten();
	if (r == 0)
		r = changes_new(&engine->changes);
	if (r == 0)
		r = helpers_new(engine->forker, config->procfs, &engine->helpers);
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
	struct reception *reception = NULL;
	unsigned int found = 0;

	while ((reception = slots_next_inherited(&engine->slots, reception)) != NULL) {
		if (reception->slot->source != source)
			continue;
		request_hold(engine->changes, &shard->client, reception);
		found++;
	}
	return found;
}

static int shard_new(struct engine *engine, const struct shard_config *config,
		     struct source *source, struct shard **ret_shard)
{
	struct shard *shard = calloc(1, sizeof(*shard));

	if (!shard)
		return -ENOMEM;
	shard->engine = engine;
	shard->config = *config;
	shard->source = source;
	shard->watch = (struct loop_watch){ source->fd, source_ready, shard };
	TAILQ_INIT(&shard->followers);
	atomic_init(&shard->turn, THE_LOOP);
	client_init(&shard->client, config->policy);
	shard->client.is_alone = config->is_alone;
	shard->client.is_queued = source->calls->is_queued;
	shard->client.holder = (struct share_holder){ config->counters, config->owner };
	if (config->id)
		shard->client.log_source = log_source(config->owner, config->id);
	*ret_shard = shard;
	return 0;
}

/* Return: 0; -ENOMEM. */
static int add_shard(struct engine *engine, struct shard *shard)
{
	const struct shard_config *config = &shard->config;
	uint32_t wanted = config->policy->in_flight;

	pthread_mutex_lock(&engine->lock);
	int r = places_enter(&engine->places, config->counters, config->owner,
			     wanted > 0 ? wanted : CONTAINER_PLACES, &shard->container);

	if (r == 0) {
		config->counters->places = shard->container->most;
		TAILQ_INSERT_HEAD(&engine->shards, shard, all);
		TAILQ_INSERT_HEAD(&shard->container->shards, shard, sibling);
		atomic_store(&shard->inherited, hold_inherited(engine, shard));
		atomic_fetch_add(&engine->inherited, atomic_load(&shard->inherited));
	}
	pthread_mutex_unlock(&engine->lock);
	return r;
}

int engine_serve(struct engine *engine, const struct shard_config *config, struct source *source)
{
	struct shard *shard = NULL;
	int r = shard_new(engine, config, source, &shard);

	if (r == 0)
		r = loop_add(engine->config.loop, &shard->watch, EPOLLIN);
	if (r == 0) {
		shard->is_watched = true;
		r = add_shard(engine, shard);
	}
	if (r < 0) {
		log_error("cannot serve a container: %s", strerror(-r));
		if (shard)
			unwatch(shard);
		free(shard);
		return r;
	}
	return 0;
}

/* With the lock held. */
static bool is_served(const struct engine *engine, int source)
{
	const struct shard *shard;

	TAILQ_FOREACH(shard, &engine->shards, all)
	if (shard->source->fd == source)
		return true;
	return false;
}

/* With the lock held: requests whose source went down with the worker that had received them. */
static void drop_orphans(struct engine *engine)
{
	struct reception *reception = NULL;

	while ((reception = slots_next_inherited(&engine->slots, reception)) != NULL) {
		struct slot *slot = reception->slot;

		if (is_served(engine, slot->source))
			continue;
		if (slot->listener != slot->source)
			fd_close(&slot->listener);
		request_drop(slot);
		slots_release(&engine->slots, reception);
	}
}

bool engine_adopt(struct engine *engine, const struct slot *left)
{
	struct reception *reception = NULL;
	struct shard *shard;

	pthread_mutex_lock(&engine->lock);
	TAILQ_FOREACH(shard, &engine->shards, all)
	if (shard->source->fd == left->source)
		break;
	if (shard)
		reception = slots_adopt(&engine->slots, left);
	if (reception) {
		request_hold(engine->changes, &shard->client, reception);
		atomic_fetch_add(&shard->inherited, 1);
		atomic_fetch_add(&engine->inherited, 1);
	}
	pthread_mutex_unlock(&engine->lock);
	return reception;
}

void engine_settle(struct engine *engine)
{
	struct shard *shard;

	pthread_mutex_lock(&engine->lock);
	drop_orphans(engine);
	journal_set(engine->config.journal, JOURNAL_CLEAR, atomic_load(&engine->inherited) == 0);
	TAILQ_FOREACH(shard, &engine->shards, all)
	if (atomic_load(&shard->inherited) > 0)
		serve_shard(shard);
	pthread_mutex_unlock(&engine->lock);
}

/* With the lock held: no server receives any more. Return: whether any has a shard still. */
static bool call_off(struct engine *engine)
{
	bool is_anyone_out = false;
	struct server *server;
	struct shard *shard;

	TAILQ_FOREACH(shard, &engine->shards, all)
	atomic_store(&shard->turn, THE_LOOP);
	TAILQ_FOREACH(server, &engine->servers, all)
	{
		pthread_cond_signal(&server->called);
		if (!server->shard)
			continue;
		is_anyone_out = true;
		if (!server->is_following)
			server_set_aside(server);
		if (!atomic_load(&server->is_busy))
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
	struct shard *shard;

	pthread_mutex_lock(&engine->lock);
	engine->is_paused = false;
	TAILQ_FOREACH(shard, &engine->shards, all)
	{
		shard_take_turn_back(shard);
		/* Nobody else tells of what a dead worker has left. */
		if (atomic_load(&shard->inherited) > 0)
			serve_shard(shard);
	}
	keep_ticking(engine);
	pthread_mutex_unlock(&engine->lock);
}

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

/* Return: whether all servers have ended. */
static bool end_servers(struct engine *engine)
{
	uint64_t end = clock_milliseconds() + FAREWELL;

	pthread_mutex_lock(&engine->lock);
	engine->is_over = true;
	do {
		(void)call_off(engine);
		if (!TAILQ_EMPTY(&engine->servers))
			await_leaving(engine, TICK_MS);
	} while (!TAILQ_EMPTY(&engine->servers) && clock_milliseconds() < end);
	bool is_empty = TAILQ_EMPTY(&engine->servers);

	pthread_mutex_unlock(&engine->lock);
	return is_empty;
}

void engine_silence(struct engine *engine)
{
	forker_silence(engine->forker);
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
		shard_free(shard);
	}
	if (engine->stirred.fd >= 0)
		loop_remove(engine->config.loop, &engine->stirred);
	fd_close(&engine->stir);
	helpers_free(engine->helpers);
	forker_free(engine->forker);
	changes_free(engine->changes);
	pthread_cond_destroy(&engine->left);
	pthread_mutex_destroy(&engine->lock);
	free(engine);
	return true;
}
