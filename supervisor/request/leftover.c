/* SPDX-License-Identifier: Apache-2.0 */
#include "request/leftover.h"

#include <errno.h>
#include <time.h>

#include "base/ending.h"
#include "base/fd.h"
#include "base/log.h"
#include "exec/effect.h"
#include "policy.h"
#include "request/natively.h"
#include "request/stage.h"
#include "request/subject.h"

/* How often it is looked whether a performer has ended, in nanoseconds. */
#define LOOK 20000000
/* For how many looks one of which nothing can be told is believed to be there: a minute. */
#define UNTOLD_MAX 3000

/* It may be there for as long as the file system likes; that of which nothing can be told, for a minute. */
static void await_performer(const struct request *request)
{
	const struct timespec rest = { .tv_nsec = LOOK };
	pid_t performer = atomic_load(&request->slot->effect.performer);
	unsigned int untold = 0;

	for (bool is_waiting = false;; is_waiting = true) {
		int ending = ending_of_thread(request->workspace->procfs, performer);

		untold += ending < 0;
		if (ending == ENDING_OVER || ending == ENDING_NONE || untold > UNTOLD_MAX)
			return;
		if (!is_waiting) {
			log_verbose("a change waits for the end of thread %d, which is in it",
				    performer);
			natively_begin_to_wait(request);
		}
		(void)nanosleep(&rest, NULL);
	}
}

/* When the inode is lost too, the change is made, again perhaps: how it would fail because of itself. */
static int excuse(const struct effect *effect)
{
	if (effect->operation == OPERATION_REMOVE)
		return effect->has_existed ? ENODATA : 0;
	return effect->is_create && !effect->has_existed ? EEXIST : 0;
}

/*
 * A process that has died in the middle of a change has left the inode to us, and nobody has changed it
 * since. Where the root of the namespace makes the calls, it has to be found first.
 */
static bool look_at_effect(struct request *request)
{
	const struct effect *effect = &request->slot->effect;

	request->inode.fd = atomic_load(&effect->fd);
	if (request->inode.fd < 0) {
		request->excused = excuse(effect);
		return false;
	}
	request->inode.is_opened = effect->is_opened;
	if (request->client->policy->store == STORE_USER &&
	    (!subject_identify(request) || subject_choose_performer(request) < 0))
		return false;
	return effect_was_made(effect, &request->performer);
}

/* Was the change of this request made by a process that has died before it could say so? */
static bool was_made(struct request *request)
{
	struct effect *effect = &request->slot->effect;
	uint32_t step = atomic_load(&effect->step);

	if (step == EFFECT_BEGUN)
		await_performer(request);
	bool is_made = step == EFFECT_MADE || (step == EFFECT_BEGUN && look_at_effect(request));

	atomic_store(&effect->step, is_made ? EFFECT_MADE : EFFECT_NONE);
	stage_let_go(request);
	request->inode = (struct pinned){ .fd = -1 };
	request->performer.standin = NULL;
	request->outcome = is_made ? outcome_value(0) : outcome_error(EPERM);
	return is_made;
}

bool leftover_go_on(struct request *request)
{
	if (atomic_load(&request->slot->effect.step) == EFFECT_NONE)
		return true;
	return !was_made(request);
}

void leftover_settle(struct request *request)
{
	struct effect *effect = request->performer.effect;

	if (!effect || atomic_load(&effect->step) != EFFECT_BEGUN)
		return;
	await_performer(request);
	bool is_made = effect_was_made(effect, &request->performer);

	atomic_store(&effect->step, is_made ? EFFECT_MADE : EFFECT_NONE);
	request->outcome = is_made ? outcome_value(0) : outcome_error(EPERM);
}

void request_abandon(struct workspace *workspace, struct client *client,
		     struct reception *reception)
{
	const struct request request = {
		.workspace = workspace,
		.client = client,
		.reception = reception,
		.slot = reception->slot,
	};

	if (atomic_load(&reception->slot->effect.step) == EFFECT_BEGUN)
		await_performer(&request);
	changes_leave(workspace->changes, &reception->change);
	request_drop(reception->slot);
}

void request_drop(struct slot *slot)
{
	int fd = atomic_load(&slot->effect.fd);

	slot->notification.id = 0;
	if (atomic_load(&slot->effect.step) == EFFECT_BEGUN)
		fd_close(&fd);
	effect_clear(&slot->effect);
}
