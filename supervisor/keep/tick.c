/* SPDX-License-Identifier: Apache-2.0 */
#include "keep/tick.h"

#include <stdio.h>

#include "base/log.h"
#include "keep/batch.h"
#include "keep/shard.h"
#include "keep/source.h"
#include "request/notify.h"

/* Ticks without a request until a server is recalled: a second. */
#define IDLE_TICKS 20
/* Ticks without a request until a companion is recalled. */
#define COMPANION_TICKS 2
/* Ticks after which a sender will soon give up by itself: LXC does after 30 s. */
#define LATE_TICKS (20000 / TICK_MS)
/* Servers beside the one that has the turn that a tick looks at, of all shards. */
#define LOOKS 32
/* Ticks for which a shard waits for a place until that is told: a second. */
#define PATIENCE_TICKS 20

/* ---- servers ---- */

/* Has nothing begun since the last look? */
static bool is_unchanged_locked(struct server *server)
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

static unsigned long ticks_unchanged_locked(const struct server *server)
{
	return server->engine->ticks - server->unchanged_since;
}

static bool is_idle(const struct server *server)
{
	return atomic_load(&server->step) == SERVER_IDLE;
}

static void note_stuck(struct shard *shard)
{
	atomic_fetch_add(&shard->config.counters->stuck, 1);
	pace_set_stuck(&shard->pace);
}

static void put_one_beside_locked(struct shard *shard, struct server *server)
{
	note_stuck(shard);
	log_verbose("a request takes long; %u threads wait", shard->server_count);
	atomic_store(&shard->turn, TURN_FREE);
	server_set_aside_locked(server);
	if (!shard_give_turn_locked(shard))
		shard_wait_locked(shard);
}

/* A request may have ended while we look: then its server is disturbed in vain, which does no harm. */
static bool is_abandoned(struct server *server)
{
	return notify_is_abandoned(atomic_load(&server->listener),
				   atomic_load(&server->notification));
}

/* One that has been in the same request since the last look. */
static void look_at_stuck_locked(struct server *server)
{
	struct source *source = server->shard->source;

	if (is_abandoned(server))
		server_recall_locked(server);
	if (server->is_late || ticks_unchanged_locked(server) < LATE_TICKS ||
	    !source->calls->overdue)
		return;
	server->is_late = true;
	atomic_fetch_add(&server->shard->config.counters->late, 1);
	source->calls->overdue(source);
}

/* One whose turn it is. */
static void look_at_holder_locked(struct shard *shard, struct server *server)
{
	bool is_same = is_unchanged_locked(server);

	if (!is_idle(server)) {
		if (is_same)
			put_one_beside_locked(shard, server);
		return;
	}
	bool is_needed = atomic_load(&shard->batch.count) > 0;

	if (is_same && !is_needed && ticks_unchanged_locked(server) >= IDLE_TICKS) {
		shard_take_turn_back_locked(shard);
		server_set_aside_locked(server);
	}
	if (atomic_load(&shard->turn) != server || atomic_load(&shard->is_hung_up) ||
	    (is_needed && (atomic_load(&shard->batch.is_receiving) ||
			   atomic_load(&shard->batch.is_unsubmitted))))
		server_recall_locked(server);
}

static void send_away_locked(struct server *server)
{
	server_set_aside_locked(server);
	if (is_idle(server))
		server_recall_locked(server);
}

/* Not where the loop watches again: no tick would look at it there. */
static bool is_needed_locked(const struct shard *shard, const struct server *server, bool is_same)
{
	if (atomic_load(&shard->turn) == TURN_LOOPS || atomic_load(&shard->is_hung_up))
		return false;
	return !is_same || (is_idle(server) && ticks_unchanged_locked(server) < COMPANION_TICKS);
}

/* One that receives beside the one whose turn it is. */
static void look_at_companion_locked(struct shard *shard, struct server *server)
{
	bool is_same = is_unchanged_locked(server);

	if (atomic_load(&shard->turn) == server) {
		server_enter_locked(server, SERVER_SERVING);
		return;
	}
	if (is_needed_locked(shard, server, is_same))
		return;
	if (is_same && !is_idle(server))
		note_stuck(shard);
	send_away_locked(server);
}

static void look_at_companions_locked(struct shard *shard)
{
	struct server *server, *next;

	for (server = TAILQ_FIRST(&shard->companions); server; server = next) {
		next = TAILQ_NEXT(server, of_state);
		look_at_companion_locked(shard, server);
	}
}

/* One that had lost its turn. Return: whether it has to be looked at again. */
static bool look_at_aside_locked(struct server *server)
{
	if (atomic_load(&server->shard->turn) == server)
		return false;
	if (is_idle(server))
		server_recall_locked(server);
	else if (is_unchanged_locked(server))
		look_at_stuck_locked(server);
	return true;
}

/* At so many of them, however many there are; the others have their turn later. */
static void look_at_those_aside_locked(struct engine *engine)
{
	struct server *last = TAILQ_LAST(&engine->aside, server_list), *server = NULL;

	for (unsigned int i = 0; i < LOOKS && server != last; i++) {
		server = TAILQ_FIRST(&engine->aside);
		server_enter_locked(server, SERVER_SERVING);
		if (look_at_aside_locked(server))
			server_enter_locked(server, SERVER_ASIDE);
	}
}

/* ---- shards ---- */

/* Return: the server whose turn it is; NULL: it is no server's. */
static struct server *holder_of(const struct shard *shard)
{
	struct server *turn = atomic_load(&shard->turn);

	return turn == TURN_LOOPS ? NULL : turn;
}

/* Return: one of the same container that has a server to give; NULL: there is none. */
static struct shard *find_rich_sibling_locked(struct shard *shard)
{
	struct places_container *container = shard->container;
	unsigned long now = shard->engine->ticks;
	struct shard *other;

	if (container->poor == now)
		return NULL;
	TAILQ_FOREACH(other, &container->shards, sibling)
	if (other != shard && other->yields != now &&
	    (!TAILQ_EMPTY(&other->followers) || !TAILQ_EMPTY(&other->companions) ||
	     holder_of(other)))
		return other;
	/* However many wait, one of them has looked for all. */
	container->poor = now;
	return NULL;
}

/*
 * The listeners of a container have its places together. One that waits for a place has it from another one of the
 * container, which waits then in its turn.
 */
static void ask_siblings_locked(struct shard *shard)
{
	struct shard *other = shard->container->sources > 1 ? find_rich_sibling_locked(shard) :
							      NULL;

	if (!other)
		return;
	other->yields = shard->engine->ticks;
	shard_call_followers_locked(other);
	struct server *companion = TAILQ_FIRST(&other->companions), *holder = holder_of(other);

	if (!TAILQ_EMPTY(&other->followers) || !(companion || holder))
		return;
	if (!companion)
		shard_take_turn_back_locked(other);
	send_away_locked(companion ? companion : holder);
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

/* Once for all listeners of a container, and for one container at a tick. */
static void complain_locked(struct shard *shard)
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

static void look_at_unserved_locked(struct shard *shard)
{
	if (shard_give_turn_locked(shard))
		return;
	shard_wait_locked(shard);
	ask_siblings_locked(shard);
	if (shard->engine->ticks - shard->waiting_since >= PATIENCE_TICKS)
		complain_locked(shard);
}

/* Its server has no place for what comes next. */
static void look_at_starved_locked(struct shard *shard)
{
	ask_siblings_locked(shard);
	if (shard->is_waiting && shard->engine->ticks - shard->waiting_since >= PATIENCE_TICKS)
		complain_locked(shard);
}

static void look_at_shard_locked(struct shard *shard)
{
	look_at_companions_locked(shard);
	if (shard_is_unserved_locked(shard)) {
		look_at_unserved_locked(shard);
		return;
	}
	/* A free turn may have been taken meanwhile; without the lock none becomes free. */
	struct server *turn = atomic_load(&shard->turn);

	if (turn == TURN_LOOPS) {
		shard->is_attended = false;
		TAILQ_REMOVE(&shard->engine->attended, shard, attended);
	} else {
		if (atomic_load(&shard->batch.is_starved))
			look_at_starved_locked(shard);
		else
			shard_stop_waiting_locked(shard);
		look_at_holder_locked(shard, turn);
	}
}

/* Those that begin to wait go to the end of the list, and have been looked at then. */
static void look_at_shards_locked(struct engine *engine)
{
	struct shard *last = TAILQ_LAST(&engine->attended, shard_list), *next;

	for (struct shard *shard = TAILQ_FIRST(&engine->attended); shard; shard = next) {
		next = shard == last ? NULL : TAILQ_NEXT(shard, attended);
		look_at_shard_locked(shard);
	}
}

/* ---- the tick ---- */

static void tick(void *place)
{
	struct engine *engine = place;

	engine->complaint.text[0] = '\0';
	pthread_mutex_lock(&engine->lock);
	engine->ticks++;
	look_at_shards_locked(engine);
	look_at_those_aside_locked(engine);
	batch_look_locked(engine);
	if (!TAILQ_EMPTY(&engine->attended) || !TAILQ_EMPTY(&engine->aside) ||
	    !TAILQ_EMPTY(&engine->batched))
		shard_go_on_ticking(engine);
	pthread_mutex_unlock(&engine->lock);
	if (engine->complaint.text[0])
		log_limited(engine->complaint.source, LOG_WARNING, "%s", engine->complaint.text);
}

void tick_init(struct engine *engine)
{
	engine->ticks = 1; /* 0 is none */
	engine->tick = (struct loop_timer){ .due = tick, .place = engine };
}
