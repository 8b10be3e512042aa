/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lock is never held while a process is started, ended or asked. A place is taken before its deputy
 * is started, so that no more are started than there may be, and is free when its deputy has ended: one that
 * is stuck in a file system (a FUSE server that never answers) may outlive SIGKILL.
 */
#include "exec/deputies.h"

#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/credential.h"
#include "base/errand.h"
#include "base/fd.h"
#include "exec/deputy.h"

/* How long one that is idle is kept, in milliseconds. */
#define IDLE_MAX 1000

/* A deputy, or where one is being started: then it is busy, and NULL. */
struct deputy_place {
	struct share_holder holder;
	uint64_t userns;
	struct credential credential;
	struct deputy *deputy;
	bool is_busy;
	bool is_stuck; /* and busy: it was to end, and has not */
	uint64_t last_used; /* milliseconds */
};

struct deputies {
	struct forker *forker;
	int procfs;
	pthread_mutex_t lock;
	pthread_cond_t returned;
	struct deputy_place *places[DEPUTIES_MAX]; /* each is large; NULL: free */
};

int deputies_new(struct forker *forker, int procfs, struct deputies **ret_deputies)
{
	struct deputies *deputies = calloc(1, sizeof(*deputies));

	if (!deputies)
		return -ENOMEM;
	deputies->forker = forker;
	deputies->procfs = procfs;
	pthread_mutex_init(&deputies->lock, NULL);
	pthread_cond_init(&deputies->returned, NULL);
	*ret_deputies = deputies;
	return 0;
}

static void place_free(struct deputy_place *place)
{
	if (!place)
		return;
	deputy_free(place->deputy);
	free(place);
}

void deputies_free(struct deputies *deputies)
{
	if (!deputies)
		return;
	for (size_t i = 0; i < DEPUTIES_MAX; i++)
		place_free(deputies->places[i]);
	pthread_cond_destroy(&deputies->returned);
	pthread_mutex_destroy(&deputies->lock);
	free(deputies);
}

struct forker *deputies_forker(const struct deputies *deputies)
{
	return deputies->forker;
}

static bool fits(const struct deputy_place *place, const struct deputy_role *role)
{
	return place->holder.container == role->holder.container && place->userns == role->userns &&
	       credential_equal(&place->credential, role->credential);
}

/* What there is, from one container's point of view. */
struct count {
	struct share_pool at_work;
	struct share_holding holding; /* of those at work */
	size_t own; /* the container's, idle ones too */
	struct deputy_place **fitting; /* idle; NULL: none */
	struct deputy_place **oldest; /* idle, of any container */
	struct deputy_place **oldest_own; /* idle */
	struct deputy_place **empty;
};

static void note_oldest(struct deputy_place ***oldest, struct deputy_place **place)
{
	if (!*oldest || (*place)->last_used < (**oldest)->last_used)
		*oldest = place;
}

/* With the lock held: places of those that have ended at last; nothing is waited for. */
static void remove_ended(struct deputies *deputies)
{
	for (size_t i = 0; i < DEPUTIES_MAX; i++)
		if (deputies->places[i] && deputies->places[i]->is_stuck &&
		    deputy_end(deputies->places[i]->deputy))
			place_free(TAKE_PTR(deputies->places[i]));
}

static void count_busy(struct count *count, const struct deputy_place *place,
		       const struct deputy_role *role)
{
	share_take(&count->at_work, place->holder.user == 0);
	count->holding.container += place->holder.container == role->holder.container;
	count->holding.user += place->holder.user == role->holder.user;
}

/* With the lock held. */
static struct count count_places(struct deputies *deputies, const struct deputy_role *role)
{
	struct count count = {
		.at_work.size = DEPUTIES_MAX,
		.holding = { .is_root = role->holder.user == 0,
			     .container_most = DEPUTIES_OF_CONTAINER_MAX },
	};

	for (struct deputy_place **place = deputies->places;
	     place < deputies->places + DEPUTIES_MAX; place++) {
		if (!*place) {
			count.empty = count.empty ? count.empty : place;
			continue;
		}
		bool is_own = (*place)->holder.container == role->holder.container;

		count.own += is_own;
		if ((*place)->is_busy) {
			count_busy(&count, *place, role);
			continue;
		}
		note_oldest(&count.oldest, place);
		if (is_own)
			note_oldest(&count.oldest_own, place);
		if (fits(*place, role))
			count.fitting = place;
	}
	return count;
}

/*
 * With the lock held: a place for a new deputy, which is busy. @ret_evicted: what had to make room, to be
 * freed without the lock.
 *
 * Return: 0; -EAGAIN: all are busy; -ENOMEM.
 */
static int make_place(struct count *count, const struct deputy_role *role,
		      struct deputy_place **ret_place, struct deputy_place **ret_evicted)
{
	struct deputy_place **room = count->empty;

	if (count->own >= DEPUTIES_OF_CONTAINER_MAX)
		room = count->oldest_own;
	else if (!room)
		room = count->oldest;
	if (!room)
		return -EAGAIN;
	struct deputy_place *place = malloc(sizeof(*place));

	if (!place)
		return -ENOMEM;
	*ret_evicted = *room;
	*place = (struct deputy_place){ .holder = role->holder,
					.userns = role->userns,
					.is_busy = true };
	place->credential = *role->credential;
	*room = place;
	*ret_place = place;
	return 0;
}

/* With the lock held. Return: as make_place(). */
static int find_place(struct deputies *deputies, const struct deputy_role *role,
		      struct deputy_place **ret_place, struct deputy_place **ret_evicted)
{
	remove_ended(deputies);
	struct count count = count_places(deputies, role);

	if (share_judge(&count.at_work, &count.holding) != SHARE_GRANTED)
		return -EAGAIN;
	if (!count.fitting)
		return make_place(&count, role, ret_place, ret_evicted);
	(*count.fitting)->is_busy = true;
	*ret_place = *count.fitting;
	return 0;
}

/* With the lock held: the same, but wait until one is idle. */
static int await_place(struct deputies *deputies, const struct deputy_role *role,
		       struct deputy_place **ret_place, struct deputy_place **ret_evicted)
{
	const struct timespec until = clock_after(ERRAND_DEADLINE_MS);
	bool is_in_time = true;
	int r;

	while ((r = find_place(deputies, role, ret_place, ret_evicted)) == -EAGAIN && is_in_time)
		is_in_time = pthread_cond_clockwait(&deputies->returned, &deputies->lock,
						    CLOCK_MONOTONIC, &until) == 0;
	return r;
}

/* With the lock held. */
static struct deputy_place **find_deputy(struct deputies *deputies, const struct deputy *deputy)
{
	for (struct deputy_place **place = deputies->places;
	     place < deputies->places + DEPUTIES_MAX; place++)
		if (*place && (*place)->deputy == deputy)
			return place;
	return NULL;
}

/* With the lock held. */
static void remove_place(struct deputies *deputies, const struct deputy_place *place)
{
	for (size_t i = 0; i < DEPUTIES_MAX; i++)
		if (deputies->places[i] == place)
			deputies->places[i] = NULL;
	pthread_cond_broadcast(&deputies->returned);
}

static int start(struct deputies *deputies, const struct deputy_role *role,
		 struct deputy_place *place)
{
	struct deputy *deputy = NULL;
	int r = deputy_new(deputies->forker, deputies->procfs, &role->holder, role->change,
			   &deputy);

	pthread_mutex_lock(&deputies->lock);
	if (r == 0)
		place->deputy = deputy;
	else
		remove_place(deputies, place);
	pthread_mutex_unlock(&deputies->lock);
	if (r < 0)
		free(place);
	return r;
}

int deputies_take(struct deputies *deputies, const struct deputy_role *role,
		  struct deputy **ret_deputy)
{
	struct deputy_place *place = NULL, *evicted = NULL;

	pthread_mutex_lock(&deputies->lock);
	int r = await_place(deputies, role, &place, &evicted);

	pthread_mutex_unlock(&deputies->lock);
	place_free(evicted);
	if (r == 0 && !place->deputy)
		r = start(deputies, role, place);
	if (r < 0)
		return r;
	*ret_deputy = place->deputy;
	return 0;
}

void deputies_return(struct deputies *deputies, struct deputy *deputy, bool is_of_use)
{
	bool has_ended = !is_of_use && deputy_end(deputy);
	struct deputy_place *ended = NULL;

	pthread_mutex_lock(&deputies->lock);
	struct deputy_place **place = find_deputy(deputies, deputy);

	if (has_ended) {
		ended = TAKE_PTR(*place);
	} else {
		(*place)->is_stuck = !is_of_use;
		(*place)->is_busy = !is_of_use;
		(*place)->last_used = clock_milliseconds();
	}
	pthread_cond_broadcast(&deputies->returned);
	pthread_mutex_unlock(&deputies->lock);
	place_free(ended);
}

/* With the lock held. Return: to be freed without the lock; NULL: none. */
static struct deputy_place *take_superfluous(struct deputies *deputies, uint64_t now)
{
	for (struct deputy_place **place = deputies->places;
	     place < deputies->places + DEPUTIES_MAX; place++)
		if (*place && !(*place)->is_busy && now - (*place)->last_used >= IDLE_MAX)
			return TAKE_PTR(*place);
	return NULL;
}

void deputies_dismiss(struct deputies *deputies)
{
	uint64_t now = clock_milliseconds();
	struct deputy_place *ended;

	do {
		pthread_mutex_lock(&deputies->lock);
		ended = take_superfluous(deputies, now);
		pthread_mutex_unlock(&deputies->lock);
		place_free(ended);
	} while (ended);
}

bool deputies_have(struct deputies *deputies, pid_t process)
{
	bool is_ours = false;

	pthread_mutex_lock(&deputies->lock);
	for (size_t i = 0; i < DEPUTIES_MAX && !is_ours; i++)
		is_ours = deputies->places[i] && deputies->places[i]->deputy &&
			  deputy_pid(deputies->places[i]->deputy) == process;
	pthread_mutex_unlock(&deputies->lock);
	return is_ours;
}
