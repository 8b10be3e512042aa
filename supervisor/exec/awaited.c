/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/awaited.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "exec/attribute_call.h"
#include "exec/call_queue.h"
#include "exec/standin.h"

void awaited_init(struct awaited *awaited, struct call_queue *queue)
{
	awaited->queue = queue;
	awaited->state = AWAITED_NOTHING;
	awaited->inode = (struct pinned){ .fd = -1 };
	awaited->asked = 0;
	awaited->answered = 0;
	awaited->buffer = NULL;
	awaited->is_opening = false;
	awaited->open = (struct awaited_open){ .base = -1 };
}

void awaited_done(struct awaited *awaited)
{
	fd_close(&awaited->inode.fd);
	fd_close(&awaited->open.base);
	free(TAKE_PTR(awaited->open.path));
	free(TAKE_PTR(awaited->buffer));
}

void awaited_begin_walk(struct awaited *awaited)
{
	awaited->asked = 0;
}

void awaited_go_on_alone(struct awaited *awaited)
{
	awaited->state = AWAITED_NO_MORE;
}

/* It was cancelled, or the thread that had begun it ended before it was made. */
static bool is_no_answer(int result)
{
	return result == -ECANCELED || result == -EINTR;
}

/* What is no success is searched by component, on a thread. */
static bool take_opened(struct awaited *awaited, int result)
{
	bool goes_on = result >= 0 && !awaited->open.is_for_thread;

	fd_close(&awaited->open.base);
	awaited->is_opening = result >= 0;
	awaited->state = goes_on ? AWAITED_NOTHING : AWAITED_THREAD;
	awaited->inode = (struct pinned){ .fd = result >= 0 ? result : -1 };
	return !is_no_answer(result);
}

bool awaited_take(struct awaited *awaited, int result)
{
	if (awaited->is_opening)
		return take_opened(awaited, result);
	if (is_no_answer(result)) {
		awaited->state = AWAITED_THREAD;
		return false;
	}
	awaited->gets[awaited->answered++].result = result;
	awaited->state = AWAITED_NOTHING;
	return true;
}

int awaited_want_thread(struct awaited *awaited)
{
	if (awaited->state == AWAITED_NOTHING)
		awaited->state = AWAITED_THREAD;
	return -EINPROGRESS;
}

static bool is_same(const struct awaited_get *get, const struct attribute_call *call)
{
	return call->operation == OPERATION_GET && get->size == call->size &&
	       strcmp(get->name, call->name) == 0;
}

/* Of the last one only there is a value: what comes before was not there. */
static ssize_t answer(const struct awaited *awaited, const struct awaited_get *get,
		      const struct attribute_call *call)
{
	if (get->result > 0 && call->size > 0)
		memcpy(call->buffer, awaited->buffer, (size_t)get->result);
	return get->result;
}

static int put_open(struct awaited *awaited)
{
	struct awaited_open *open = &awaited->open;

	return call_queue_open(awaited->queue, open->personality, open->base, open->path,
			       &open->how, awaited);
}

static int put_get(struct awaited *awaited)
{
	const struct awaited_get *get = &awaited->gets[awaited->answered];
	const struct attribute_call call = {
		.operation = OPERATION_GET,
		.fd = awaited->inode.fd,
		.is_opened = awaited->inode.is_opened,
		.name = get->name,
		.buffer = awaited->buffer,
		.size = get->size,
	};

	return call_queue_get(awaited->queue, &call, awaited);
}

void awaited_decline(struct awaited *awaited)
{
	awaited->state = AWAITED_THREAD;
	awaited->is_opening = false;
}

int awaited_enqueue(struct awaited *awaited)
{
	int (*put)(struct awaited * awaited) = awaited->is_opening ? put_open : put_get;
	int r = put(awaited);

	if (r == -EBUSY && call_queue_submit(awaited->queue) == 0)
		r = put(awaited);
	if (r < 0)
		awaited_decline(awaited);
	return r;
}

int awaited_open(struct awaited *awaited, const struct standin *standin, int base, const char *path,
		 const struct open_how *how)
{
	struct awaited_open *open = &awaited->open;
	int personality = standin_personality(standin, awaited->queue);

	if (personality < 0 || open->path)
		return awaited_want_thread(awaited);
	open->personality = personality;
	open->base = fcntl(base, F_DUPFD_CLOEXEC, 0);
	open->path = strdup(path);
	open->how = *how;
	if (open->base < 0 || !open->path)
		return awaited_want_thread(awaited);
	awaited->is_opening = true;
	awaited->state = AWAITED_ANSWER;
	return -EINPROGRESS;
}

/* Return: whether the queue can make it. */
static bool ask(struct awaited *awaited, const struct attribute_call *call)
{
	if (awaited->answered == AWAITED_MAX || call->operation != OPERATION_GET)
		return false;
	struct awaited_get *get = &awaited->gets[awaited->answered];

	free(TAKE_PTR(awaited->buffer));
	awaited->buffer = call->size > 0 ? malloc(call->size) : NULL;
	get->size = call->size;
	strncpy(get->name, call->name, sizeof(get->name) - 1);
	get->name[sizeof(get->name) - 1] = '\0';
	return call->size == 0 || awaited->buffer;
}

/* The buffer is that of the last get. */
static bool is_at_hand(const struct awaited *awaited, const struct attribute_call *call)
{
	const struct awaited_get *get = &awaited->gets[awaited->asked];

	return awaited->asked < awaited->answered && is_same(get, call) &&
	       (get->size == 0 || get->result <= 0 || awaited->asked + 1 == awaited->answered);
}

bool awaited_call(struct awaited *awaited, const struct attribute_call *call, bool is_ours,
		  ssize_t *ret_result)
{
	*ret_result = -EINPROGRESS;
	if (awaited_is_waiting(awaited))
		return true;
	if (is_ours && is_at_hand(awaited, call)) {
		*ret_result = answer(awaited, &awaited->gets[awaited->asked++], call);
		return true;
	}
	if (awaited->state == AWAITED_NO_MORE)
		return false;
	bool is_asked = is_ours && awaited->asked == awaited->answered && ask(awaited, call);

	awaited->state = is_asked ? AWAITED_ANSWER : AWAITED_THREAD;
	return true;
}
