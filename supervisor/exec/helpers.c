/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lock is never held while a process is started, ended or asked. A place is taken before its helper
 * is started, so that no more are started than there may be, and is free when its helper has ended: one that
 * is stuck in a file system (a FUSE server that never answers) may outlive SIGKILL.
 */
#include "exec/helpers.h"

#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/credential.h"
#include "base/errand.h"
#include "base/fd.h"
#include "exec/helper.h"

/* How long one that is idle is kept, in milliseconds. */
#define IDLE_MAX 1000

/* A helper, or where one is being started: then it is busy, and NULL. */
struct place {
	struct share_holder holder;
	uint64_t userns;
	struct credential credential;
	struct helper *helper;
	bool is_busy;
	bool is_stuck; /* and busy: it was to end, and has not */
	uint64_t last_used; /* milliseconds */
};

struct helpers {
	struct forker *forker;
	int procfs;
	pthread_mutex_t lock;
	pthread_cond_t returned;
	struct place *places[HELPERS_MAX]; /* each is large; NULL: free */
};

int helpers_new(struct forker *forker, int procfs, struct helpers **ret_helpers)
{
	struct helpers *helpers = calloc(1, sizeof(*helpers));

	if (!helpers)
		return -ENOMEM;
	helpers->forker = forker;
	helpers->procfs = procfs;
	pthread_mutex_init(&helpers->lock, NULL);
	pthread_cond_init(&helpers->returned, NULL);
	*ret_helpers = helpers;
	return 0;
}

static void place_free(struct place *place)
{
	if (!place)
		return;
	helper_free(place->helper);
	free(place);
}

void helpers_free(struct helpers *helpers)
{
	if (!helpers)
		return;
	for (size_t i = 0; i < HELPERS_MAX; i++)
		place_free(helpers->places[i]);
	pthread_cond_destroy(&helpers->returned);
	pthread_mutex_destroy(&helpers->lock);
	free(helpers);
}

struct forker *helpers_forker(const struct helpers *helpers)
{
	return helpers->forker;
}

static bool fits(const struct place *place, const struct helper_role *role)
{
	return place->holder.container == role->holder.container && place->userns == role->userns &&
	       credential_equal(&place->credential, role->credential);
}

/* What there is, from one container's point of view. */
struct count {
	struct share_pool at_work;
	struct share_claim claim; /* on one more that is at work */
	size_t own; /* the container's, idle ones too */
	struct place **fitting; /* idle; NULL: none */
	struct place **oldest; /* idle, of any container */
	struct place **oldest_own; /* idle */
	struct place **empty;
};

static void note_oldest(struct place ***oldest, struct place **place)
{
	if (!*oldest || (*place)->last_used < (**oldest)->last_used)
		*oldest = place;
}

/* With the lock held: places of those that have ended at last; nothing is waited for. */
static void remove_ended(struct helpers *helpers)
{
	for (size_t i = 0; i < HELPERS_MAX; i++)
		if (helpers->places[i] && helpers->places[i]->is_stuck &&
		    helper_end(helpers->places[i]->helper))
			place_free(TAKE_PTR(helpers->places[i]));
}

static void count_busy(struct count *count, const struct place *place,
		       const struct helper_role *role)
{
	share_take(&count->at_work, place->holder.user == 0);
	count->claim.container += place->holder.container == role->holder.container;
	count->claim.user += place->holder.user == role->holder.user;
}

/* With the lock held. */
static struct count count_places(struct helpers *helpers, const struct helper_role *role)
{
	struct count count = {
		.at_work.size = HELPERS_MAX,
		.claim = { .is_root = role->holder.user == 0,
			   .container_most = HELPERS_OF_CONTAINER_MAX },
	};

	for (struct place **place = helpers->places; place < helpers->places + HELPERS_MAX;
	     place++) {
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

/* With the lock held: take an idle one off, to be freed without the lock. */
static struct place *take_off(struct place **place)
{
	return place ? TAKE_PTR(*place) : NULL;
}

/*
 * With the lock held: a place for a new helper, which is busy. @ret_evicted: what had to make room, to be
 * freed without the lock.
 *
 * Return: 0; -EAGAIN: all are busy; -ENOMEM.
 */
static int make_place(struct count *count, const struct helper_role *role, struct place **ret_place,
		      struct place **ret_evicted)
{
	struct place **room = count->empty;

	if (count->own >= HELPERS_OF_CONTAINER_MAX)
		room = count->oldest_own;
	else if (!room)
		room = count->oldest;
	if (!room)
		return -EAGAIN;
	struct place *place = malloc(sizeof(*place));

	if (!place)
		return -ENOMEM;
	*ret_evicted = take_off(room);
	*place = (struct place){ .holder = role->holder, .userns = role->userns, .is_busy = true };
	place->credential = *role->credential;
	*room = place;
	*ret_place = place;
	return 0;
}

/* With the lock held. Return: as make_place(). */
static int find_place(struct helpers *helpers, const struct helper_role *role,
		      struct place **ret_place, struct place **ret_evicted)
{
	remove_ended(helpers);
	struct count count = count_places(helpers, role);

	if (share_judge(&count.at_work, &count.claim) != SHARE_GRANTED)
		return -EAGAIN;
	if (!count.fitting)
		return make_place(&count, role, ret_place, ret_evicted);
	(*count.fitting)->is_busy = true;
	*ret_place = *count.fitting;
	return 0;
}

/* With the lock held: the same, but wait until one is idle. */
static int await_place(struct helpers *helpers, const struct helper_role *role,
		       struct place **ret_place, struct place **ret_evicted)
{
	const struct timespec until = clock_after(ERRAND_DEADLINE_MS);
	bool is_in_time = true;
	int r;

	while ((r = find_place(helpers, role, ret_place, ret_evicted)) == -EAGAIN && is_in_time)
		is_in_time = pthread_cond_clockwait(&helpers->returned, &helpers->lock,
						    CLOCK_MONOTONIC, &until) == 0;
	return r;
}

/* With the lock held. */
static struct place **find_helper(struct helpers *helpers, const struct helper *helper)
{
	for (struct place **place = helpers->places; place < helpers->places + HELPERS_MAX; place++)
		if (*place && (*place)->helper == helper)
			return place;
	return NULL;
}

/* With the lock held. */
static void remove_place(struct helpers *helpers, const struct place *place)
{
	for (size_t i = 0; i < HELPERS_MAX; i++)
		if (helpers->places[i] == place)
			helpers->places[i] = NULL;
	pthread_cond_broadcast(&helpers->returned);
}

static int start(struct helpers *helpers, const struct helper_role *role, struct place *place)
{
	struct helper *helper = NULL;
	int r = helper_new(helpers->forker, helpers->procfs, &role->holder, role->change, &helper);

	pthread_mutex_lock(&helpers->lock);
	if (r == 0)
		place->helper = helper;
	else
		remove_place(helpers, place);
	pthread_mutex_unlock(&helpers->lock);
	if (r < 0)
		free(place);
	return r;
}

int helpers_take(struct helpers *helpers, const struct helper_role *role,
		 struct helper **ret_helper)
{
	struct place *place = NULL, *evicted = NULL;

	pthread_mutex_lock(&helpers->lock);
	int r = await_place(helpers, role, &place, &evicted);

	pthread_mutex_unlock(&helpers->lock);
	place_free(evicted);
	if (r == 0 && !place->helper)
		r = start(helpers, role, place);
	if (r < 0)
		return r;
	*ret_helper = place->helper;
	return 0;
}

void helpers_return(struct helpers *helpers, struct helper *helper, bool is_of_use)
{
	bool has_ended = !is_of_use && helper_end(helper);
	struct place *ended = NULL;

	pthread_mutex_lock(&helpers->lock);
	struct place **place = find_helper(helpers, helper);

	if (has_ended) {
		ended = take_off(place);
	} else {
		(*place)->is_stuck = !is_of_use;
		(*place)->is_busy = !is_of_use;
		(*place)->last_used = clock_milliseconds();
	}
	pthread_cond_broadcast(&helpers->returned);
	pthread_mutex_unlock(&helpers->lock);
	place_free(ended);
}

/* With the lock held. Return: to be freed without the lock; NULL: none. */
static struct place *take_superfluous(struct helpers *helpers, uint64_t now)
{
	for (struct place **place = helpers->places; place < helpers->places + HELPERS_MAX; place++)
		if (*place && !(*place)->is_busy && now - (*place)->last_used >= IDLE_MAX)
			return take_off(place);
	return NULL;
}

void helpers_dismiss(struct helpers *helpers)
{
	uint64_t now = clock_milliseconds();
	struct place *ended;

	do {
		pthread_mutex_lock(&helpers->lock);
		ended = take_superfluous(helpers, now);
		pthread_mutex_unlock(&helpers->lock);
		place_free(ended);
	} while (ended);
}

bool helpers_have(struct helpers *helpers, pid_t process)
{
	bool is_ours = false;

	pthread_mutex_lock(&helpers->lock);
	for (size_t i = 0; i < HELPERS_MAX && !is_ours; i++)
		is_ours = helpers->places[i] && helpers->places[i]->helper &&
			  helper_pid(helpers->places[i]->helper) == process;
	pthread_mutex_unlock(&helpers->lock);
	return is_ours;
}
