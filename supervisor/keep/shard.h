/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_KEEP_SHARD_H
#define NSXATTR_KEEP_SHARD_H

/*
 * What the parts of the engine know of each other: the engine, its shards, and their servers; and whose turn it is.
 * Only these parts, and tests, include it. How they play together is told at the top of engine.c.
 *
 *	engine.c		its beginning and end; sources come and end
 *	engine_inherit.c	requests of a dead worker, or of another program; the pause
 *	tick.c			the loop looks at servers, and at shards that wait for one
 *	server.c		the life of a server's thread
 *	serving.c		what it does with a request
 *	companion.c		how many servers receive side by side
 *	batch.c			requests that wait without a server
 *
 * A function whose name ends in _locked is called with engine->lock held, in all of them.
 */

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/closer.h"
#include "base/loop.h"
#include "base/share.h"
#include "keep/engine_config.h"
#include "keep/pace.h"
#include "keep/places.h"
#include "keep/slots.h"
#include "request/request.h"
#include "request/waiting.h"

/* Whose turn it is, when it is no server's. */
#define TURN_FREE NULL /* the first server of the shard that has answered may take it */
#define TURN_LOOPS (&the_loop) /* the loop watches the source, or no server can be had */

extern struct server the_loop;

#define TICK_MS 50

/*
 * So many servers, of all shards, may begin calls of batches: each has threads of the kernel's, as many as its calls have
 * waited at a time.
 */
#define LICENSES 8

/** enum server_state - what a server is to its engine, under the lock; each state but two has a list */
enum server_state {
	SERVER_ABSENT, /* no list: it has no thread yet, or no more */
	SERVER_RESTING, /* engine->resting: it has no shard */
	SERVER_SERVING, /* no list: it has the turn of its shard, or has just been given it */
	SERVER_ASIDE, /* engine->aside: it has lost the turn, and is looked at until it leaves or has it again */
	SERVER_FOLLOWING, /* shard->followers: it waits for the turn */
	SERVER_COMPANION, /* shard->companions: it receives beside the one that has the turn */
};

/** enum server_step - how far a server is with a request; its own */
enum server_step {
	SERVER_IDLE, /* it has none */
	SERVER_WALKING,
	SERVER_ANSWERING, /* for a moment only: the target may run before the server does */
};

/** struct server - a thread that serves one shard after another */
struct server {
	struct engine *engine;
	struct workspace *workspace;
	struct reception *reception; /* NULL: its last request waits in a batch, and took it along */
	bool has_place; /* in the shard's container */
	uint64_t *license; /* the engine's: it may begin calls of its shard's batch; NULL: it may not */
	bool has_inherited; /* the reception is of a request that a dead worker has left */
	pthread_t thread;
	pthread_cond_t called; /* it has a shard, or the turn, or is to end */
	struct shard *shard; /* NULL: none */
	enum server_state state;
	TAILQ_ENTRY(server) all;
	TAILQ_ENTRY(server) of_state;
	_Atomic(enum server_step) step;
	atomic_bool is_recalled;
	atomic_bool is_companion; /* as its state says */
	unsigned int received; /* as what follows, its own; see keep/companion.h */
	unsigned int queues_seen;
	unsigned int spared;
	bool has_cpu; /* of its own, while it receives beside others; changed under the lock */
	unsigned int cpu; /* that one */
	cpu_set_t cpus; /* on which it may run else */
	atomic_ulong requests; /* begun so far */
	atomic_int listener; /* of the one under way; -1: none that knows whether the target waits */
	_Atomic(uint64_t) notification; /* of the one under way */
	unsigned long requests_seen; /* at the last look; the loop's, as what follows */
	unsigned long unchanged_since; /* a tick */
	bool is_late; /* which was told */
};

TAILQ_HEAD(server_list, server);

/** struct batched - a request that a batch has received */
struct batched {
	struct waiting waiting; /* the first: answers come to its address */
	struct shard *shard;
	TAILQ_ENTRY(batched) all;
};

TAILQ_HEAD(batched_list, batched);

/** struct batch - the requests of a shard that wait without a server, see keep/batch.h; zeroes at first */
struct batch {
	_Atomic(struct call_queue *) queue; /* NULL: there is none, or none can be had */
	atomic_bool is_impossible; /* none can be had */
	atomic_uint count; /* of the requests that wait */
	_Atomic(struct server *) waiter; /* the one that waited for answers last; compared only */
	atomic_bool is_receiving; /* a server is about to receive, and should not block in it */
	atomic_bool
		is_unsubmitted; /* calls in the queue that did not begin, and are to be tried again */
	atomic_bool is_starved; /* it has no place for what comes next */
};

/** struct shard - a source and its servers */
struct shard {
	struct engine *engine;
	struct shard_config config;
	struct client client;
	struct source *source;
	struct loop_watch watch;
	bool is_watched; /* the watch is in the loop */
	struct pace pace;
	struct batch batch;
	_Atomic(struct server *) turn;
	struct places_container *container;
	unsigned int server_count;
	atomic_uint working; /* of these: those that walk a request */
	struct server_list followers;
	struct server_list companions;
	atomic_uint companion_count;
	atomic_uint inherited; /* slots of a dead worker that no server has taken yet */
	atomic_bool is_hung_up;
	bool is_over;
	int result;
	bool is_waiting; /* for a server */
	enum share_result refusal; /* then: why there is none */
	unsigned long waiting_since; /* a tick */
	unsigned long
		yields; /* a tick: the servers that follow leave, for another shard of the container */
	TAILQ_ENTRY(shard) all;
	TAILQ_ENTRY(shard) sibling; /* of those of the same container */
	TAILQ_ENTRY(shard) attended; /* of those that each tick looks at */
	bool is_attended;
	struct closing closing; /* of its source, when it is over */
	int fd;
};

TAILQ_HEAD(shard_list, shard);

/** struct complaint - what a tick logs when it does not hold the lock any more, for that can wait for a reader */
struct complaint {
	char text[1024]; /* "": nothing */
	uint64_t source;
};

/** struct engine - see keep/engine.h */
struct engine {
	struct engine_config config;
	struct server *(*spare_locked)(struct engine *engine); /* server_spare_locked() */
	struct loop_timer tick;
	struct loop_watch woken;
	int wake; /* an eventfd: look at the shards that are over */
	struct changes *changes;
	struct forker *forker;
	struct deputies *deputies;
	bool is_guarded; /* the kernel checks who changes security.* */
	atomic_uint inherited; /* slots that are not answered yet */
	struct shard_list shards; /* the loop's */
	pthread_mutex_t lock; /* over what follows, and what shards and servers have of each other */
	pthread_cond_t left; /* a server has ended, or has no shard any more */
	struct server_list servers;
	struct server_list resting;
	struct server_list aside; /* the one looked at last at the end */
	struct shard_list attended;
	struct batched_list
		batched; /* requests that wait without a server; the one looked at last at the end */
	uint64_t licenses[LICENSES]; /* each: from when on a server can take it, in milliseconds */
	struct places places;
	unsigned long ticks; /* so far */
	unsigned int cpus; /* on which servers can run */
	unsigned short receivers[CPU_SETSIZE]; /* servers that have this CPU of their own */
	struct complaint complaint;
	unsigned int resting_count;
	atomic_bool is_paused;
	bool is_over;
	struct slots slots;
};

/* ---- servers ---- */

/** server_enter_locked() - it leaves the list of its state for that of another one */
void server_enter_locked(struct server *server, enum server_state state);

/** server_set_aside_locked() - it may not receive any more, if it might */
void server_set_aside_locked(struct server *server);

/**
 * server_recall_locked() - have it come out of the system call that it blocks in
 *
 * That can come just before the server blocks, so the loop does it again at each tick.
 */
void server_recall_locked(struct server *server);

/* ---- shards ---- */

/** shard_attend_locked() - each tick looks at it, until its turn is the loop's */
void shard_attend_locked(struct shard *shard);

/**
 * shard_wait_locked() - no server can be had: behind the shards that wait already
 *
 * It is tried again at each tick, and when the container has a place free.
 */
void shard_wait_locked(struct shard *shard);

/** shard_stop_waiting_locked() - there is a server, or no need of one */
void shard_stop_waiting_locked(struct shard *shard);

/** shard_is_unserved_locked() - is it no server's turn, though it should be? */
bool shard_is_unserved_locked(const struct shard *shard);

/** shard_look_for() - the events that the loop waits for; 0: EPOLLHUP alone, which comes unasked */
void shard_look_for(struct shard *shard, uint32_t events);

/** shard_take_turn_back_locked() - no server receives, the loop looks. */
void shard_take_turn_back_locked(struct shard *shard);

/** shard_call_followers_locked() - they see that there is nothing left to follow. */
void shard_call_followers_locked(const struct shard *shard);

/**
 * shard_give_turn_locked() - let a server have the turn: one that follows, one that is about to come free, or one more
 *
 * Return: whether one will have it; if not, shard->refusal says why.
 */
bool shard_give_turn_locked(struct shard *shard);

/** shard_send_companion_locked() - one more server receives, if there are CPUs and a place for it */
void shard_send_companion_locked(struct shard *shard);

/** shard_hand_on_place_locked() - a place is free: the shard of the container that waits longest has it */
void shard_hand_on_place_locked(const struct places_container *container);

/** shard_serve_locked() - there is something to receive */
void shard_serve_locked(struct shard *shard);

/* ---- all shards of an engine ---- */

/** shard_go_on_ticking() - have the next tick come, if it is not due already; by the thread of the loop */
void shard_go_on_ticking(struct engine *engine);

/** shard_call_off_all_locked() - no server receives any more. Return: whether any has a shard still. */
bool shard_call_off_all_locked(struct engine *engine);

/** shard_await_leaving_locked() - wait for a server that leaves, for a moment, since a recall can come too early */
void shard_await_leaving_locked(struct engine *engine, unsigned int milliseconds);

#endif
