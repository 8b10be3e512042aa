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
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/loop.h"
#include "keep/journal.h"
#include "keep/pace.h"
#include "keep/slots.h"
#include "keep/source.h"
#include "policy.h"
#include "request/notify.h"
#include "request/request.h"

#define TICK_MS 50
/* Ticks without a request until a server is recalled: a second. */
#define IDLE_TICKS 20
/* Ticks after which a sender will soon give up by itself: LXC does after 30 s. */
#define LATE_TICKS (20000 / TICK_MS)
/* Of a shard, where its policy does not say how many. */
#define SHARD_SERVERS 128
#define SERVERS_BESIDE_MAX 1024 /* in all shards together, those that are not the first */
#define SERVERS_RESTING_MAX 4
/* How long engine_free() waits for servers, in seconds. */
#define FAREWELL 2
/* How long a server that has nothing to do keeps itself ready, in seconds. */
#define LINGER 1

#define NOBODY NULL
#define THE_LOOP (&the_loop)

struct server {
	struct engine *engine;
	struct workspace *workspace;
	struct received *slot;
	bool has_inherited; /* the slot, with a request in it */
	pthread_t thread;
	pthread_cond_t called; /* a shard, or the end */
	struct shard *shard; /* NULL: it rests */
	struct server *next; /* of all */
	bool is_following; /* in its shard, until it is its turn */
	atomic_bool is_busy;
	atomic_bool is_answering; /* busy for a moment only: the target may run before we do */
	atomic_bool is_recalled;
	atomic_ulong requests; /* begun so far */
	atomic_int listener; /* of the one under way; -1: none that knows whether the target waits */
	_Atomic(uint64_t) notification; /* of the one under way */
	unsigned long requests_seen; /* at the last tick; the loop's */
	unsigned int ticks; /* since then */
};

struct shard {
	struct engine *engine;
	struct shard_config config;
	struct client client;
	struct source *source;
	struct loop_watch watch;
	bool is_watched; /* the watch is in the loop */
	bool is_waiting; /* for a server to be had */
	struct pace pace;
	_Atomic(struct server *) turn;
	unsigned int server_count;
	unsigned int servers_max;
	atomic_uint inherited; /* slots of a worker that has died */
	atomic_bool is_hung_up;
	bool is_over;
	int result;
	struct shard *next; /* of all */
};

struct engine {
	struct engine_config config;
	struct loop_timer tick;
	struct loop_watch stirred;
	int stir; /* an eventfd: look at the shards */
	struct changes *changes;
	atomic_uint inherited; /* slots that are not answered yet */
	struct shard *shards; /* the loop's */
	pthread_mutex_t
		lock; /* over all that follows, and over what shards and servers have of each other */
	pthread_cond_t left; /* a server has ended */
	struct server *servers;
	unsigned int resting_count;
	unsigned int beside_count;
	bool is_over;
	struct slots slots;
};

static struct server the_loop;

/* ---- what a worker that has died has left ---- */

/* With the lock held: a request of this source's. Return: NULL: there is none. */
static struct received *find_inherited(struct engine *engine, int source)
{
	struct received *slot = slots_next_inherited(&engine->slots, NULL);

	while (slot && slot->source != source)
		slot = slots_next_inherited(&engine->slots, slot);
	return slot;
}

/* A change that may be made holds its inode. Return: how many slots the source has. */
static unsigned int hold_inherited(struct engine *engine, int source)
{
	struct received *slot = NULL;
	unsigned int found = 0;

	while ((slot = slots_next_inherited(&engine->slots, slot)) != NULL) {
		if (slot->source != source)
			continue;
		request_hold(engine->changes, slot);
		found++;
	}
	return found;
}

/* ---- a server's life ---- */

/* With the lock held. */
static void server_free(struct server *server)
{
	if (!server)
		return;
	workspace_free(server->workspace);
	slots_release(&server->engine->slots, server->slot);
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

static bool send_server(struct shard *shard);

static struct outcome walk(struct server *server, struct shard *shard)
{
	struct pace_mark mark;

	pace_begin(&shard->pace, &mark);
	struct outcome outcome = request_run(server->workspace, &shard->client, server->slot);

	if (outcome.error == EINTR && atomic_exchange(&server->is_recalled, false))
		outcome = request_run(server->workspace, &shard->client, server->slot);
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

static struct timespec in_a_while(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	time.tv_sec += LINGER;
	return time;
}

/* With the lock held. */
static bool is_worth_following(const struct shard *shard)
{
	return !shard->is_over && !shard->engine->is_over && !atomic_load(&shard->is_hung_up);
}

/*
 * Another has the turn: stay near for a while, with all that was learnt of the targets.
 *
 * Return: whether it is this server's turn again.
 */
static bool follow(struct server *server, struct shard *shard)
{
	const struct timespec until = in_a_while();
	bool is_in_time = true;

	pthread_mutex_lock(&server->engine->lock);
	server->is_following = true;
	while (is_in_time && is_worth_following(shard) && !has_turn(server, shard))
		is_in_time = await_call(server, &until);
	server->is_following = false;
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
		(void)send_server(shard);
	}
	pthread_mutex_unlock(&engine->lock);
}

static void settle_one(struct server *server)
{
	struct engine *engine = server->engine;

	server->has_inherited = false;
	if (atomic_fetch_sub(&engine->inherited, 1) == 1)
		journal_set_clear(engine->config.journal, true);
}

static int serve_one(struct server *server, struct shard *shard)
{
	struct shard_counters *counters = shard->config.counters;

	atomic_fetch_add(&server->requests, 1);
	atomic_store(&server->listener, server->slot->listener);
	atomic_store(&server->notification, server->slot->notification.id);
	atomic_store(&server->is_busy, true);
	atomic_fetch_add_explicit(&counters->in_flight, 1, memory_order_relaxed);
	if (wants_several(shard))
		pass_turn(server, shard);
	struct outcome outcome = walk(server, shard);

	/* Whoever has the answer may look at the counters. */
	count(counters, &outcome);
	atomic_fetch_sub_explicit(&counters->in_flight, 1, memory_order_relaxed);
	atomic_store(&server->is_answering, true);
	int r = shard->source->calls->answer(shard->source, server->slot, &outcome);

	atomic_store(&server->is_answering, false);
	server->slot->notification.id = 0;
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
	struct received *slot = find_inherited(engine, shard->source->fd);

	if (slot) {
		slots_release(&engine->slots, server->slot);
		slots_take_over(&engine->slots, slot);
		server->slot = slot;
		server->has_inherited = true;
		atomic_fetch_sub(&shard->inherited, 1);
	}
	pthread_mutex_unlock(&engine->lock);
	return slot;
}

/* Return: as source_calls.receive(). */
static int receive(struct server *server, struct shard *shard)
{
	if (take_inherited(server, shard))
		return NOTIFY_RECEIVED;
	effect_clear(&server->slot->effect);
	server->slot->source = shard->source->fd;
	return shard->source->calls->receive(shard->source, server->slot);
}

/* Return: 0 when the turn has passed on for good; NOTIFY_ENDED; -errno of the source. */
static int serve_while_it_lasts(struct server *server, struct shard *shard)
{
	while (has_turn(server, shard) || follow(server, shard)) {
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
static void call_followers(const struct shard *shard)
{
	for (struct server *server = shard->engine->servers; server; server = server->next)
		if (server->shard == shard && server->is_following)
			pthread_cond_signal(&server->called);
}

/* While somebody serves, EPOLLHUP alone is waited for, which comes unasked. */
static void look_for(struct shard *shard, uint32_t events)
{
	if (shard->is_watched)
		(void)loop_change(shard->engine->config.loop, &shard->watch, events);
}

/* With the lock held. */
static void take_turn_back(struct shard *shard)
{
	atomic_store(&shard->turn, THE_LOOP);
	look_for(shard, EPOLLIN);
}

/* With the lock held. */
static void leave_shard(struct server *server, struct shard *shard, int result)
{
	struct server *self = server;

	atomic_compare_exchange_strong(&shard->turn, &self, THE_LOOP);
	atomic_store(&server->is_recalled, false);
	server->shard = NULL;
	shard->server_count--;
	if (shard->server_count > 0)
		server->engine->beside_count--;
	if (atomic_load(&shard->turn) == NOBODY)
		take_turn_back(shard);
	if (result != 0 && !shard->is_over) {
		shard->is_over = true;
		shard->result = result < 0 ? result : 0;
	}
	if (shard->is_over) {
		call_followers(shard);
		(void)eventfd_write(server->engine->stir, 1);
	}
}

/* With the lock held: wait for a shard. Return: it; NULL: the server is to end. */
static struct shard *rest(struct server *server)
{
	struct engine *engine = server->engine;
	const struct timespec until = in_a_while();
	bool is_in_time = true;

	engine->resting_count++;
	while (!server->shard && !engine->is_over && is_in_time)
		is_in_time = await_call(server, &until);
	while (!server->shard && !engine->is_over && engine->resting_count <= SERVERS_RESTING_MAX)
		pthread_cond_wait(&server->called, &engine->lock);
	engine->resting_count--;
	return server->shard;
}

/* With the lock held. */
static void remove_server(struct server *server)
{
	struct engine *engine = server->engine;
	struct server **place = &engine->servers;

	while (*place != server)
		place = &(*place)->next;
	*place = server->next;
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
		pthread_mutex_lock(&engine->lock);
		leave_shard(server, shard, r);
	}
	remove_server(server);
	pthread_mutex_unlock(&engine->lock);
	return NULL;
}

/* ---- the loop's side ---- */

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
	server->slot = slots_take(&engine->slots);
	int r = server->slot ?
			workspace_new(engine->config.procfs, engine->config.standins,
				      engine->config.probe, engine->changes, &server->workspace) :
			-EAGAIN;

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
		log_error("cannot start a thread: %s", strerror(error));
		server_free(server);
		return -error;
	}
	server->next = engine->servers;
	engine->servers = server;
	return 0;
}

/* With the lock held. */
static struct server *resting_server(const struct engine *engine)
{
	struct server *server = engine->servers;

	while (server && server->shard)
		server = server->next;
	return server;
}

/* With the lock held. Return: one without a shard; NULL: there can be none. */
static struct server *spare_server(struct engine *engine)
{
	struct server *server = resting_server(engine);

	if (server)
		return server;
	if (server_new(engine, &server) < 0 || start_server(engine, server) < 0)
		return NULL;
	return server;
}

/* With the lock held. */
static struct server *find_follower(const struct shard *shard)
{
	struct server *server = shard->engine->servers;

	while (server && !(server->shard == shard && server->is_following))
		server = server->next;
	return server;
}

/* With the lock held. Return: whether one has the turn now. */
static bool call_follower(struct shard *shard)
{
	struct server *follower = find_follower(shard);

	if (!follower)
		return false;
	/* It is called once: until it has woken up, nobody else may believe that it is to be had. */
	follower->is_following = false;
	follower->ticks = 0;
	atomic_store(&shard->turn, follower);
	pthread_cond_signal(&follower->called);
	return true;
}

static bool is_idle(struct server *server)
{
	return !atomic_load(&server->is_busy) || atomic_load(&server->is_answering);
}

/* With the lock held: one that has just answered looks for the turn by itself. Return: whether there is. */
static bool leave_to_idle(struct shard *shard)
{
	const struct server *holder = atomic_load(&shard->turn);
	struct server *server = shard->engine->servers;

	while (server && (server->shard != shard || server == holder || !is_idle(server)))
		server = server->next;
	if (server)
		atomic_store(&shard->turn, NOBODY);
	return server;
}

/* With the lock held: let a server have the turn. Return: whether one will. */
static bool send_server(struct shard *shard)
{
	struct engine *engine = shard->engine;
	bool is_beside = shard->server_count > 0;

	if (call_follower(shard) || leave_to_idle(shard))
		return true;
	if (shard->server_count >= shard->servers_max ||
	    (is_beside && engine->beside_count >= SERVERS_BESIDE_MAX))
		return false;
	struct server *server = spare_server(engine);

	if (!server)
		return false;
	engine->beside_count += is_beside;
	shard->server_count++;
	server->shard = shard;
	server->ticks = 0;
	server->requests_seen = atomic_load(&server->requests);
	atomic_store(&shard->turn, server);
	pthread_cond_signal(&server->called);
	return true;
}

static void keep_ticking(struct engine *engine)
{
	loop_start_timer(engine->config.loop, &engine->tick, TICK_MS);
}

/* With the lock held. */
static void serve_shard(struct shard *shard)
{
	bool was_waiting = shard->is_waiting;

	look_for(shard, 0);
	shard->is_waiting = !send_server(shard);
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
		call_followers(shard);
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
	atomic_store(&shard->turn, NOBODY);
	(void)send_server(shard);
}

/* With the lock held. A recall can come just before the server blocks, so it is said at each tick. */
static void recall(struct server *server)
{
	atomic_store(&server->is_recalled, true);
	(void)pthread_kill(server->thread, SIGRTMIN);
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
			recall(server);
		if (server->ticks == LATE_TICKS && shard->source->calls->overdue) {
			atomic_fetch_add(&shard->config.counters->late, 1);
			shard->source->calls->overdue(shard->source);
		}
		return;
	}
	if (is_same && is_its_turn && server->ticks >= IDLE_TICKS) {
		take_turn_back(shard);
		is_its_turn = false;
	}
	if (!is_its_turn || atomic_load(&shard->is_hung_up))
		recall(server);
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
			(void)send_server(shard);
	pthread_mutex_unlock(&engine->lock);
}

static void shard_free(struct shard *shard)
{
	unwatch(shard);
	journal_forget(shard->engine->config.journal, shard->source->fd);
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
	struct server *server = spare_server(engine);

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
	shard->next = engine->shards;
	engine->shards = shard;
	atomic_store(&shard->inherited, hold_inherited(engine, source->fd));
	atomic_fetch_add(&engine->inherited, atomic_load(&shard->inherited));
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
	struct received *slot = NULL;

	while ((slot = slots_next_inherited(&engine->slots, slot)) != NULL) {
		if (is_served(engine, slot->source))
			continue;
		request_drop(slot);
		slots_release(&engine->slots, slot);
	}
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

/* With the lock held: tell all servers that it is over. */
static void call_home(struct engine *engine)
{
	engine->is_over = true;
	for (struct shard *shard = engine->shards; shard; shard = shard->next)
		atomic_store(&shard->turn, THE_LOOP);
	for (struct server *server = engine->servers; server; server = server->next) {
		pthread_cond_signal(&server->called);
		if (server->shard && !atomic_load(&server->is_busy))
			recall(server);
	}
}

/* Return: whether all servers have ended. */
static bool end_servers(struct engine *engine)
{
	struct timespec until, now;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += FAREWELL;
	pthread_mutex_lock(&engine->lock);
	do {
		call_home(engine);
		clock_gettime(CLOCK_REALTIME, &now);
		struct timespec soon = { now.tv_sec, now.tv_nsec + TICK_MS * 1000000L };

		soon.tv_sec += soon.tv_nsec / 1000000000L;
		soon.tv_nsec %= 1000000000L;
		if (engine->servers)
			pthread_cond_timedwait(&engine->left, &engine->lock, &soon);
	} while (engine->servers && now.tv_sec < until.tv_sec);
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
	changes_free(engine->changes);
	pthread_cond_destroy(&engine->left);
	pthread_mutex_destroy(&engine->lock);
	free(engine);
	return true;
}
