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

#include "base/loop.h"
#include "keep/engine.h"
#include "keep/pace.h"
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
	struct reception *slot;
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

/** struct shard - a source and who serves it */
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

/** struct engine - see keep/engine.h */
struct engine {
	struct engine_config config;
	struct loop_timer tick;
	struct loop_watch stirred;
	int stir; /* an eventfd: look at the shards */
	struct changes *changes;
	struct helpers *helpers;
	atomic_uint inherited; /* slots that are not answered yet */
	struct shard *shards; /* the loop's */
	pthread_mutex_t
		lock; /* over all that follows, and over what shards and servers have of each other */
	pthread_cond_t left; /* a server has ended, or has no shard any more */
	struct server *servers;
	unsigned int resting_count;
	unsigned int beside_count;
	bool is_paused;
	bool is_over;
	struct slots slots;
};

/* All that follows is called with engine->lock held. */

/** server_spare() - Return: one without a shard, perhaps a new one; NULL: there can be none. */
struct server *server_spare(struct engine *engine);

/** server_send() - let a server have the turn. Return: whether one will. */
bool server_send(struct shard *shard);

/** server_recall() - have it come out of the system call that it blocks in */
void server_recall(struct server *server);

/** shard_call_followers() - those that follow see that there is nothing left to follow. */
void shard_call_followers(const struct shard *shard);

/** shard_look_for() - the events that the loop looks for; 0: EPOLLHUP alone, which comes unasked */
void shard_look_for(struct shard *shard, uint32_t events);

/** shard_take_turn_back() - nobody receives, the loop looks. */
void shard_take_turn_back(struct shard *shard);

#endif
