/* SPDX-License-Identifier: Apache-2.0 */
#include "request/replay.h"

#include <errno.h>
#include <time.h>

#include "base/ending.h"
#include "base/fd.h"
#include "base/log.h"
#include "policy.h"
#include "request/stage.h"
#include "request/target_standin.h"

/* How often we look whether a performer has ended, in nanoseconds. */
#define LOOK 20000000
/* After so many looks that tell nothing the performer counts as ended: a minute. */
#define UNTOLD_MAX 3000

/* The performer may be there for as long as the file system likes. */
static void await_performer(const struct request *request)
{
	const struct timespec rest = { .tv_nsec = LOOK };
	pid_t performer = atomic_load(&request->slot->effect.performer);
	unsigned int untold = 0;

	for (bool is_waiting = false;; is_waiting = true) {
		int ending = ending_of_thread(request->workspace->config.procfs, performer);

		untold += ending < 0;
		if (ending == ENDING_OVER || ending == ENDING_NONE || untold > UNTOLD_MAX)
			return;
		if (!is_waiting) {
			log_verbose("a change waits for the end of thread %d, which is in it",
				    performer);
			stage_begin_to_wait(request);
		}
		(void)nanosleep(&rest, NULL);
	}
}

/* Write down whether the change was made. Return: @is_made. */
static bool conclude(struct request *request, bool is_made)
{
	atomic_store(&request->slot->effect.step, is_made ? EFFECT_MADE : EFFECT_NONE);
	request->outcome = is_made ? outcome_value(0) : outcome_refused(EPERM, REASON_FAILURE);
	return is_made;
}

void replay_conclude(struct request *request)
{
	const struct effect *effect = request->performer.effect;

	if (!effect || atomic_load(&effect->step) != EFFECT_BEGUN)
		return;
	await_performer(request);
	if (!conclude(request, effect_was_made(effect, &request->performer)))
		request->outcome.reason = REASON_DEADLINE;
}

/*
 * Without the inode we make the change again. If it was made before, it fails now with this errno, which then counts
 * as success. That is written down, for the next attempt finds the attribute as this one leaves it.
 */
static void excuse(struct effect *effect)
{
	if (effect->operation == OPERATION_REMOVE && effect->has_existed)
		effect->excused = ENODATA;
	else if (effect->is_create && !effect->has_existed)
		effect->excused = EEXIST;
}

/*
 * The worker that died in the change has left us the inode, and no process of ours has changed it since. Where the
 * root of the namespace makes the calls, we have to find its stand-in first.
 */
static bool look_at_effect(struct request *request)
{
	struct effect *effect = &request->slot->effect;

	request->inode.fd = atomic_load(&effect->fd);
	if (request->inode.fd < 0) {
		excuse(effect);
		return false;
	}
	request->inode.is_opened = effect->is_opened;
	if (request->client->policy->store == STORE_USER &&
	    (!subject_identify(request) || target_standin_choose(request) < 0))
		return false;
	return effect_was_made(effect, &request->performer);
}

bool replay_change(struct request *request)
{
	uint32_t step = atomic_load(&request->slot->effect.step);

	if (step == EFFECT_NONE)
		return true;
	if (step == EFFECT_BEGUN)
		await_performer(request);
	bool is_made = conclude(request, step == EFFECT_MADE || look_at_effect(request));

	request->is_replayed = is_made;
	stage_let_go(request);
	request->inode = (struct pinned){ .fd = -1 };
	request->performer.standin = NULL;
	return !is_made;
}

/* No file system is asked: it may not answer, and all containers wait for the caller. */
void replay_hold(struct changes *changes, const struct client *client, struct reception *reception)
{
	const struct effect *effect = &reception->slot->effect;
	const struct change_key key = stage_change_key(effect, client);

	if (atomic_load(&effect->step) == EFFECT_BEGUN)
		(void)changes_try_enter(changes, &reception->change, &key);
}

void replay_abandon(struct workspace *workspace, struct client *client, struct reception *reception)
{
	const struct request request = {
		.workspace = workspace,
		.client = client,
		.reception = reception,
		.slot = reception->slot,
	};

	if (atomic_load(&reception->slot->effect.step) == EFFECT_BEGUN)
		await_performer(&request);
	changes_leave(workspace->config.changes, &reception->change);
	replay_drop(reception->slot);
}

void replay_drop(struct slot *slot)
{
	int fd = atomic_load(&slot->effect.fd);

	slot->notification.id = 0;
	if (atomic_load(&slot->effect.step) == EFFECT_BEGUN)
		fd_close(&fd);
	effect_clear(&slot->effect);
}
