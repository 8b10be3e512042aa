/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_KEEP_SERVER_H
#define NSXATTR_KEEP_SERVER_H

/*
 * The two halves of the engine know each other by this: servers, which receive, walk and answer
 * (server.c), and the loop that looks after them (engine.c). Nobody else includes it. How they play
 * together is told at the top of engine.c.
 */

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/closer.h"
#include "base/loop.h"
#include "base/share.h"
#include "keep/engine.h"
#include "keep/pace.h"
#include "keep/places.h"
#include "keep/slots.h"
#include "request/request.h"

/* Whose turn it is, when it is no server's. */
#define NOBODY NULL
#define THE_LOOP (&the_loop)

extern struct server the_loop;

/** struct server - a thread that serves one shard after another */
struct server {
	struct engine *engine;
	struct workspace *workspace;
	struct reception *reception;
	bool has_inherited; /* the slot, with a request in it */
	pthread_t thread;
	pthread_cond_t called; /* a shard, or the end */
	struct shard *shard; /* NULL: it rests */
	TAILQ_ENTRY(server) all;
	TAILQ_ENTRY(server) idle; /* of those that rest, or of those that follow in its shard */
	TAILQ_ENTRY(server) aside; /* of those that are looked at now and then */
	bool is_resting; /* without a shard */
	bool is_following; /* in its shard, until it is its turn */
	bool is_aside;
	atomic_bool is_busy;
	atomic_bool is_answering; /* busy for a moment only: the target may run before we do */
	atomic_bool is_recalled;
	atomic_ulong requests; /* begun so far */
	atomic_int listener; /* of the one under way; -1: none that knows whether the target waits */
	_Atomic(uint64_t) notification; /* of the one under way */
	unsigned long requests_seen; /* at the last look; the loop's, as what follows */
	unsigned long unchanged_since; /* a tick */
	bool is_late; /* which was told */
};

TAILQ_HEAD(server_list, server);

/** struct shard - a source and who serves it */
struct shard {
	struct engine *engine;
	struct shard_config config;
	struct client client;
	struct source *source;
	struct loop_watch watch;
	bool is_watched; /* the watch is in the loop */
	struct pace pace;
	_Atomic(struct server *) turn;
	struct places_container *container;
	unsigned int server_count;
	atomic_uint working; /* of these: those that walk a request */
	struct server_list followers;
	atomic_uint inherited; /* slots of a worker that has died */
	atomic_bool is_hung_up;
	bool is_over;
	int result;
	bool is_waiting; /* for a server to be had */
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

/** struct complaint - what a tick has to say when it holds the lock no more: a log may not be read */
struct complaint {
	char text[1024]; /* "": nothing */
	uint64_t source;
};

/** struct engine - see keep/engine.h */
struct engine {
	struct engine_config config;
	struct loop_timer tick;
	struct loop_watch stirred;
	int stir; /* an eventfd: look at the shards */
	struct changes *changes;
	struct forker *forker;
	struct helpers *helpers;
	bool is_guarded; /* the kernel checks who changes security.* */
	atomic_uint inherited; /* slots that are not answered yet */
	struct shard_list shards; /* the loop's */
	pthread_mutex_t
		lock; /* over all that follows, and over what shards and servers have of each other */
	pthread_cond_t left; /* a server has ended, or has no shard any more */
	struct server_list servers;
	struct server_list resting;
	struct server_list
		aside; /* those that have lost their turn, the one looked at last at the end */
	struct shard_list attended;
	struct places places;
	unsigned long ticks; /* so far */
	struct complaint complaint;
	unsigned int resting_count;
	atomic_bool is_paused;
	bool is_over;
	struct slots slots;
};

/* All that follows is called with engine->lock held. */

/** server_spare() - Return: one without a shard, perhaps a new one; NULL: there can be none. */
struct server *server_spare(struct engine *engine);

/** server_send() - let a server have the turn. Return: whether one will; if not, shard->refusal says why. */
bool server_send(struct shard *shard);

/** server_set_aside() - it has lost its turn: it is looked at now and then, until it leaves, or has it again. */
void server_set_aside(struct server *server);

/** server_is_idle() - does it walk no request? One that answers does so no more. */
bool server_is_idle(struct server *server);

/** server_recall() - have it come out of the system call that it blocks in */
void server_recall(struct server *server);

/** shard_call_followers() - those that follow see that there is nothing left to follow. */
void shard_call_followers(const struct shard *shard);

/** shard_wait() - no server can be had: it is tried again at each tick, and when the container has a place free */
void shard_wait(struct shard *shard);

/** shard_is_unserved() - is it no server's turn, though it should be? */
bool shard_is_unserved(const struct shard *shard);

/** shard_stop_waiting() - there is a server, or no need of one */
void shard_stop_waiting(struct shard *shard);

/** shard_look_for() - the events that the loop looks for; 0: EPOLLHUP alone, which comes unasked */
void shard_look_for(struct shard *shard, uint32_t events);

/** shard_take_turn_back() - nobody receives, the loop looks. */
void shard_take_turn_back(struct shard *shard);

#endif
