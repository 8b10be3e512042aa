/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * One thread, the server, receives and answers. A request can hang in it for as long as somebody
 * else's file system or memory likes, as the call would natively, and the target itself can see to
 * that. So the thread that called shard_serve() keeps an eye on the server: when it has been in one
 * request for a whole tick, a fresh thread with a workspace of its own becomes the server. The old
 * one finishes its request, whenever that is, and ends.
 *
 * A thread that waits for its turn costs memory and descriptors, so there are only so many. When all
 * of them hang, the first that comes free is the server again; until then targets wait.
 *
 * The warden sleeps while nothing happens: a server that begins a request wakes it if need be.
 */
#include "keep/shard.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "request/notify.h"
#include "request/request.h"

#define SERVERS_MAX 32
#define TICK_NS 50000000L

struct server {
	struct shard *shard;
	struct workspace *workspace;
	atomic_bool is_busy;
	atomic_ulong requests; /* begun so far */
	unsigned long requests_seen; /* at the last tick; the warden's */
};

struct shard {
	struct shard_config config;
	int procfs;
	int listener;
	pthread_mutex_t lock; /* over all that follows and is not atomic */
	pthread_cond_t stir;
	atomic_bool is_awake; /* the warden is not asleep */
	_Atomic(struct server *) server; /* whose turn it is; NULL: the next that comes free */
	unsigned int server_count;
	struct server *first; /* made by shard_new(), not yet running */
	bool is_over;
	int result;
};

static void server_free(struct server *server)
{
	if (!server)
		return;
	workspace_free(server->workspace);
	free(server);
}

static int server_new(struct shard *shard, struct server **ret_server)
{
	struct server *server = calloc(1, sizeof(*server));

	if (!server) {
		log_error("out of memory");
		return -ENOMEM;
	}
	server->shard = shard;
	int r = workspace_new(shard->config.policy, shard->listener, shard->procfs,
			      shard->config.standins, &server->workspace);

	if (r < 0) {
		server_free(server);
		return r;
	}
	*ret_server = server;
	return 0;
}

int shard_new(const struct shard_config *config, int procfs, int listener, struct shard **ret_shard)
{
	struct shard *shard;
	int r = notify_check_sizes();

	if (r < 0) {
		log_error("this kernel's seccomp notifications are not those of 5.0 to now: %s",
			  strerror(-r));
		return r;
	}
	shard = calloc(1, sizeof(*shard));
	if (!shard) {
		log_error("out of memory");
		return -ENOMEM;
	}
	shard->config = *config;
	shard->procfs = procfs;
	shard->listener = listener;
	pthread_mutex_init(&shard->lock, NULL);
	pthread_cond_init(&shard->stir, NULL);
	r = server_new(shard, &shard->first);
	if (r < 0) {
		free(shard);
		return r;
	}
	notify_wake_sync(listener);
	*ret_shard = shard;
	return 0;
}

void shard_free(struct shard *shard)
{
	if (!shard)
		return;
	server_free(shard->first);
	pthread_cond_destroy(&shard->stir);
	pthread_mutex_destroy(&shard->lock);
	free(shard);
}

static void wake_warden(struct shard *shard)
{
	if (atomic_load(&shard->is_awake))
		return;
	pthread_mutex_lock(&shard->lock);
	atomic_store(&shard->is_awake, true);
	pthread_cond_signal(&shard->stir);
	pthread_mutex_unlock(&shard->lock);
}

/* Is it still this server's turn? The one that comes free takes a turn that nobody has. */
static bool has_turn(struct server *server)
{
	struct server *none = NULL;

	return atomic_load(&server->shard->server) == server ||
	       atomic_compare_exchange_strong(&server->shard->server, &none, server);
}

static int serve_one(struct server *server, const struct seccomp_notif *notification)
{
	struct shard *shard = server->shard;

	atomic_fetch_add(&server->requests, 1);
	atomic_store(&server->is_busy, true);
	wake_warden(shard);
	struct outcome outcome = request_run(server->workspace, notification);
	int r = notify_answer(shard->listener, notification->id, &outcome);

	atomic_store(&server->is_busy, false);
	return r;
}

/* Return: 0 when the turn has passed on; NOTIFY_ENDED; -errno of the listener. */
static int serve_while_it_lasts(struct server *server)
{
	struct seccomp_notif notification;

	while (has_turn(server)) {
		int r = notify_receive(server->shard->listener, &notification);

		if (r == NOTIFY_RECEIVED)
			r = serve_one(server, &notification);
		else if (r == NOTIFY_NONE)
			r = 0;
		if (r != 0)
			return r;
	}
	return 0;
}

static void *run_server(void *place)
{
	struct server *server = place;
	struct shard *shard = server->shard;
	struct server *self = server;
	int r = serve_while_it_lasts(server);

	pthread_mutex_lock(&shard->lock);
	/* The warden looks at the server whose turn it is, with the lock held. */
	atomic_compare_exchange_strong(&shard->server, &self, NULL);
	server_free(server);
	shard->server_count--;
	if (r != 0) {
		shard->is_over = true;
		shard->result = r < 0 ? r : 0;
	}
	pthread_cond_signal(&shard->stir);
	pthread_mutex_unlock(&shard->lock);
	return NULL;
}

/* With the lock held. Takes the server over, also on failure. */
static int start_server(struct shard *shard, struct server *server)
{
	pthread_attr_t attributes;
	pthread_t thread;

	atomic_store(&shard->server, server);
	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	int error = pthread_create(&thread, &attributes, run_server, server);

	pthread_attr_destroy(&attributes);
	if (error) {
		log_error("cannot start a thread: %s", strerror(error));
		server_free(server);
		return -error;
	}
	shard->server_count++;
	return 0;
}

/* With the lock held: has the server been in the same request since the last tick? */
static bool is_stuck(struct shard *shard)
{
	struct server *server = atomic_load(&shard->server);

	if (!server)
		return false;
	unsigned long requests = atomic_load(&server->requests);
	bool is_same = requests == server->requests_seen;

	server->requests_seen = requests;
	return is_same && atomic_load(&server->is_busy);
}

/* With the lock held. */
static void replace_server(struct shard *shard)
{
	struct server *fresh = NULL;

	log_verbose("a request takes long; %u threads wait", shard->server_count);
	if (shard->server_count < SERVERS_MAX && server_new(shard, &fresh) == 0 &&
	    start_server(shard, fresh) == 0)
		return;
	atomic_store(&shard->server, NULL);
}

/*
 * With the lock held: nothing happens. The server is looked up each time: while we sleep, without the
 * lock, it may have ended.
 */
static bool is_idle(struct shard *shard)
{
	struct server *server = atomic_load(&shard->server);

	return server && !atomic_load(&server->is_busy) && !shard->is_over &&
	       !atomic_load(&shard->is_awake);
}

/* With the lock held: sleep while nothing happens, then for a tick. */
static void wait_tick(struct shard *shard)
{
	struct timespec until;

	/* A server is busy first and wakes us then; so we are asleep first and look at it then. */
	atomic_store(&shard->is_awake, false);
	while (is_idle(shard))
		pthread_cond_wait(&shard->stir, &shard->lock);
	atomic_store(&shard->is_awake, true);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += TICK_NS;
	until.tv_sec += until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	if (!shard->is_over)
		pthread_cond_timedwait(&shard->stir, &shard->lock, &until);
}

int shard_serve(struct shard *shard)
{
	struct server *first = shard->first;

	shard->first = NULL;
	pthread_mutex_lock(&shard->lock);
	int r = start_server(shard, first);

	while (r == 0 && !shard->is_over) {
		wait_tick(shard);
		if (!shard->is_over && is_stuck(shard))
			replace_server(shard);
	}
	if (r == 0)
		r = shard->result;
	pthread_mutex_unlock(&shard->lock);
	return r;
}
