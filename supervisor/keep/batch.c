/* SPDX-License-Identifier: Apache-2.0 */
#include "keep/batch.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "exec/call_queue.h"
#include "keep/serving.h"
#include "keep/shard.h"
#include "keep/source.h"
#include "request/notify.h"
#include "request/workspace.h"

/* For so long threads of the kernel's that have nothing to do stay with the thread for which they were, in milliseconds. */
#define KERNEL_LINGERS 5500
/* Requests that wait, of all shards, that a tick looks at. */
#define LOOKS 32
/* Where as many wait, so many are received before their calls are begun, together. */
#define MANY_WAIT 32
#define RECEIVED_AT_ONCE 16

/* ---- whether ---- */

static bool wants_batch(const struct shard *shard)
{
	return !shard->client.is_queued && shard->engine->config.executor == EXECUTOR_RING;
}

/* By the server that has the turn; but while it makes the ring, the loop may give the turn to another one. */
static bool has_ring(const struct server *server, struct shard *shard)
{
	struct batch *batch = &shard->batch;
	struct call_queue *none = NULL, *queue;

	if (atomic_load(&batch->queue) || atomic_load(&batch->is_impossible))
		return atomic_load(&batch->queue);
	int r = call_queue_new((unsigned int)shard->config.counters->places,
			       server->workspace->fd_directory, &queue);

	if (r < 0) {
		log_verbose("requests that wait have a thread each, for there is no ring: %s",
			    strerror(-r));
		atomic_store(&batch->is_impossible, true);
	} else if (!atomic_compare_exchange_strong(&batch->queue, &none, queue)) {
		call_queue_free(queue);
	}
	return atomic_load(&batch->queue);
}

static uint64_t *take_license_locked(struct engine *engine)
{
	uint64_t now = clock_milliseconds();

	for (size_t i = 0; i < LICENSES; i++)
		if (engine->licenses[i] <= now) {
			engine->licenses[i] = UINT64_MAX;
			return &engine->licenses[i];
		}
	return NULL;
}

/* May this server begin calls? What it receives has a thread, if not. */
static bool may_begin(struct server *server, struct shard *shard)
{
	if (server->license)
		return true;
	pthread_mutex_lock(&server->engine->lock);
	server->license = take_license_locked(server->engine);
	pthread_mutex_unlock(&server->engine->lock);
	/* If that fails, fewer of its calls wait at a time. */
	if (server->license)
		(void)call_queue_join(atomic_load(&shard->batch.queue));
	return server->license;
}

void batch_leave_locked(struct server *server)
{
	if (server->license)
		*server->license = clock_milliseconds() + KERNEL_LINGERS;
	server->license = NULL;
}

bool batch_is_on(struct server *server, struct shard *shard)
{
	if (atomic_load(&shard->turn) != server)
		return batch_keeps(server, shard);
	if (atomic_load(&shard->batch.count) > 0 || !server->has_place || !server->reception)
		return true;
	return wants_batch(shard) && has_ring(server, shard) && may_begin(server, shard);
}

bool batch_keeps(const struct server *server, const struct shard *shard)
{
	const struct server *turn = atomic_load(&shard->turn);

	return atomic_load(&shard->batch.count) > 0 &&
	       atomic_load(&shard->batch.waiter) == server &&
	       (turn == TURN_FREE || turn == TURN_LOOPS || turn == server);
}

/* ---- places ---- */

/* Those that follow are waited for by no call: the place of one of them serves. */
static bool take_from_follower_locked(struct server *server, const struct shard *shard)
{
	struct server *follower = TAILQ_FIRST(&shard->followers);

	while (follower && !follower->has_place)
		follower = TAILQ_NEXT(follower, of_state);
	if (!follower)
		return false;
	follower->has_place = false;
	server->has_place = true;
	return true;
}

static bool take_place_locked(struct server *server, struct shard *shard)
{
	struct engine *engine = server->engine;

	if (!server->reception)
		server->reception = slots_take(&engine->slots);
	if (!server->has_place && !take_from_follower_locked(server, shard)) {
		shard->refusal = places_take(&engine->places, shard->container);
		server->has_place = shard->refusal == SHARE_GRANTED;
	}
	bool is_ready = server->reception && server->has_place;

	atomic_store(&shard->batch.is_starved, !is_ready);
	return is_ready;
}

/* A place and a slot for what comes next. */
static bool is_ready(struct server *server, struct shard *shard)
{
	if (server->reception && server->has_place)
		return true;
	pthread_mutex_lock(&server->engine->lock);
	bool is_ready = take_place_locked(server, shard);

	if (!is_ready && !shard->is_over)
		shard_wait_locked(shard);
	pthread_mutex_unlock(&server->engine->lock);
	return is_ready;
}

/* The server takes on the place and the slot of a request that is over, if it has none. */
static void leave_place(struct server *server, struct shard *shard, struct reception *reception)
{
	struct engine *engine = server->engine;

	pthread_mutex_lock(&engine->lock);
	if (server->reception)
		slots_release(&engine->slots, reception);
	else
		server->reception = reception;
	if (!server->has_place && atomic_load(&shard->turn) == server) {
		server->has_place = true;
		atomic_store(&shard->batch.is_starved, false);
	} else {
		places_give_back(&engine->places, shard->container);
		shard_hand_on_place_locked(shard->container);
	}
	pthread_mutex_unlock(&engine->lock);
}

/* ---- a request ---- */

/* Where the kernel has no memory, it is tried again: by the server that waits, at the next tick. */
static void submit(struct batch *batch)
{
	struct call_queue *queue = atomic_load(&batch->queue);

	atomic_store(&batch->is_unsubmitted, queue && call_queue_submit(queue) < 0);
}

static int finish(struct server *server, struct batched *batched, const struct outcome *outcome)
{
	struct shard *shard = batched->shard;
	struct reception *reception = batched->waiting.reception;
	bool is_servers = reception == server->reception;

	reception->took = clock_microseconds() - reception->began;

	waiting_done(&batched->waiting);
	free(batched);
	int r = serving_answer(server, shard, reception, outcome);

	if (!is_servers)
		leave_place(server, shard, reception);
	return r;
}

static void walk_alone(struct server *server, struct batched *batched, struct outcome *ret_outcome)
{
	struct shard *shard = batched->shard;

	submit(&shard->batch);
	awaited_go_on_alone(&batched->waiting.awaited);
	serving_pass_turn(server, shard);
	(void)request_walk(server->workspace, &shard->client, &batched->waiting, ret_outcome);
	if (serving_was_disturbed(server, ret_outcome))
		(void)request_walk(server->workspace, &shard->client, &batched->waiting,
				   ret_outcome);
}

/* A server that has the turn waits for the answers, too. Where none has it, the one that asks does. */
static void name_waiter_locked(struct server *server, struct shard *shard)
{
	const struct server *turn = atomic_load(&shard->turn);

	if (turn == TURN_FREE || turn == TURN_LOOPS)
		atomic_store(&shard->batch.waiter, server);
}

/*
 * From here on it is of no server, and has the place and the slot with which it was received. The loop takes no turn back
 * while there is such a request, so it is counted before the loop can look again.
 */
static void set_aside(struct server *server, struct batched *batched)
{
	struct engine *engine = server->engine;
	struct shard *shard = batched->shard;

	pthread_mutex_lock(&engine->lock);
	if (server->reception == batched->waiting.reception) {
		server->reception = NULL;
		server->has_place = false;
		(void)take_place_locked(server, shard);
	}
	TAILQ_INSERT_TAIL(&engine->batched, batched, all);
	atomic_fetch_add(&shard->batch.count, 1);
	name_waiter_locked(server, shard);
	pthread_mutex_unlock(&engine->lock);
}

static void take_back(struct server *server, struct batched *batched)
{
	struct engine *engine = server->engine;

	pthread_mutex_lock(&engine->lock);
	TAILQ_REMOVE(&engine->batched, batched, all);
	pthread_mutex_unlock(&engine->lock);
	atomic_fetch_sub(&batched->shard->batch.count, 1);
}

/*
 * Another server may take the answer at once: a request that waits is not this server's any more.
 *
 * Return: whether it waits now; if not, this server has to go on.
 */
static bool wait_for_answer(struct server *server, struct batched *batched)
{
	struct shard *shard = batched->shard;

	set_aside(server, batched);
	serving_set_aside(server, shard);
	if (awaited_enqueue(&batched->waiting.awaited) == 0) {
		/* The next one that waits submits it, if that is not us. */
		if (atomic_load(&shard->turn) != server)
			submit(&shard->batch);
		return true;
	}
	take_back(server, batched);
	serving_go_on(server, shard, batched->waiting.reception);
	return false;
}

static int walk(struct server *server, struct batched *batched)
{
	struct shard *shard = batched->shard;
	struct outcome outcome = outcome_refused(EPERM, REASON_FAILURE);
	enum request_progress progress = REQUEST_WANTS_THREAD;

	if (batched->waiting.awaited.state != AWAITED_THREAD)
		progress = request_walk(server->workspace, &shard->client, &batched->waiting,
					&outcome);
	if (progress == REQUEST_WAITS && !may_begin(server, shard))
		awaited_decline(&batched->waiting.awaited);
	else if (progress == REQUEST_WAITS && wait_for_answer(server, batched))
		return 0;
	if (progress != REQUEST_ENDED)
		walk_alone(server, batched, &outcome);
	return finish(server, batched, &outcome);
}

static bool is_abandoned(const struct batched *batched)
{
	const struct slot *slot = batched->waiting.reception->slot;

	return notify_is_abandoned(slot->listener, slot->notification.id);
}

/* An answer has come. */
static int go_on(struct server *server, struct batched *batched, int result)
{
	struct shard *shard = batched->shard;
	const struct outcome outcome = outcome_refused(EPERM, REASON_GONE);

	take_back(server, batched);
	serving_go_on(server, shard, batched->waiting.reception);
	if (!awaited_take(&batched->waiting.awaited, result) && is_abandoned(batched))
		return finish(server, batched, &outcome);
	return walk(server, batched);
}

static int begin(struct server *server, struct shard *shard)
{
	bool is_for_batch = wants_batch(shard) && atomic_load(&shard->batch.queue) &&
			    !serving_is_judged(shard, server->reception) &&
			    may_begin(server, shard);
	struct batched *batched = is_for_batch ? calloc(1, sizeof(*batched)) : NULL;

	if (!batched)
		return serving_walk_to_end(server, shard);
	serving_begin(server, shard);
	batched->shard = shard;
	batched->waiting.reception = server->reception;
	server->reception->began = clock_microseconds();
	awaited_init(&batched->waiting.awaited, atomic_load(&shard->batch.queue));
	return walk(server, batched);
}

/* ---- waiting ---- */

/* It was readable; only a server that had received beside us could have taken what was there: see look_at_holder(). */
static int receive(struct server *server, struct shard *shard)
{
	atomic_store(&shard->batch.is_receiving, true);
	int r = serving_receive(server, shard);

	atomic_store(&shard->batch.is_receiving, false);
	if (r == NOTIFY_RECEIVED)
		return begin(server, shard);
	return r == NOTIFY_NONE ? 0 : r;
}

static int go_on_with_answers(struct server *server, struct shard *shard)
{
	struct call_answer answer;
	int r = 0;

	while (r == 0 && call_queue_take(atomic_load(&shard->batch.queue), &answer))
		r = go_on(server, answer.place, answer.result);
	return r;
}

static bool may_receive(struct server *server, struct shard *shard)
{
	return !atomic_load(&shard->is_hung_up) && atomic_load(&shard->turn) == server &&
	       is_ready(server, shard);
}

/* To begin many calls at once costs less, but the first of them waits for the last. */
static int receive_some(struct server *server, struct shard *shard)
{
	unsigned int most = atomic_load(&shard->batch.count) < MANY_WAIT ? 1 : RECEIVED_AT_ONCE;
	int r = 0;

	for (unsigned int i = 0; r == 0 && i < most && may_receive(server, shard); i++) {
		if (i > 0 && !source_has_more(shard->source))
			break;
		r = receive(server, shard);
	}
	return r;
}

int batch_serve(struct server *server, struct shard *shard)
{
	bool is_receiver = may_receive(server, shard);
	struct call_queue *queue = atomic_load(&shard->batch.queue);
	struct pollfd fds[] = {
		{ .fd = queue ? call_queue_fd(queue) : -1, .events = POLLIN },
		{ .fd = is_receiver ? shard->source->fd : -1, .events = POLLIN },
	};

	atomic_store(&shard->batch.waiter, server);
	submit(&shard->batch);
	bool is_patient = is_receiver && atomic_load(&shard->inherited) == 0 &&
			  !atomic_load(&shard->batch.is_unsubmitted);

	if (poll(fds, 2, is_patient ? -1 : TICK_MS) <= 0)
		return 0;
	int r = fds[0].revents ? go_on_with_answers(server, shard) : 0;

	return r == 0 && fds[1].revents ? receive_some(server, shard) : r;
}

/* ---- for the loop ---- */

void batch_look_locked(struct engine *engine)
{
	struct batched *last = TAILQ_LAST(&engine->batched, batched_list), *batched = NULL;

	for (unsigned int i = 0; i < LOOKS && batched != last; i++) {
		batched = TAILQ_FIRST(&engine->batched);
		TAILQ_REMOVE(&engine->batched, batched, all);
		TAILQ_INSERT_TAIL(&engine->batched, batched, all);
		if (is_abandoned(batched))
			call_queue_cancel(atomic_load(&batched->shard->batch.queue), batched);
	}
}

struct call_queue *batch_take_queue_locked(struct shard *shard)
{
	struct call_queue *queue = atomic_load(&shard->batch.queue);

	if (shard->server_count > 0 || atomic_load(&shard->batch.count) > 0)
		return NULL;
	atomic_store(&shard->batch.queue, NULL);
	return queue;
}
