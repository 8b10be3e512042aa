/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * Events are taken one at a time: so there is none in hand whose watch a callback could have removed.
 * The kernel's ready list goes round, so that none is passed over. Timers are few (ticks, deadlines of
 * peers), and stand in a list by the moment when they are due.
 */
#include "base/loop.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "base/clock.h"
#include "base/fd.h"

struct loop {
	int epoll;
	struct loop_timer *first;
	bool is_over;
	int result;
};

int loop_new(struct loop **ret_loop)
{
	_cleanup_free_ struct loop *loop = calloc(1, sizeof(*loop));

	if (!loop)
		return -ENOMEM;
	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll < 0)
		return -errno;
	*ret_loop = TAKE_PTR(loop);
	return 0;
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	fd_close(&loop->epoll);
	free(loop);
}

static int control(struct loop *loop, int what, struct loop_watch *watch, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = watch };

	return epoll_ctl(loop->epoll, what, watch->fd, &event) < 0 ? -errno : 0;
}

int loop_add(struct loop *loop, struct loop_watch *watch, uint32_t events)
{
	return control(loop, EPOLL_CTL_ADD, watch, events);
}

int loop_change(struct loop *loop, struct loop_watch *watch, uint32_t events)
{
	return control(loop, EPOLL_CTL_MOD, watch, events);
}

void loop_remove(struct loop *loop, struct loop_watch *watch)
{
	(void)control(loop, EPOLL_CTL_DEL, watch, 0);
}

void loop_stop_timer(struct loop *loop, struct loop_timer *timer)
{
	for (struct loop_timer **link = &loop->first; *link; link = &(*link)->next) {
		if (*link != timer)
			continue;
		*link = timer->next;
		return;
	}
}

void loop_start_timer(struct loop *loop, struct loop_timer *timer, unsigned int milliseconds)
{
	struct loop_timer **link = &loop->first;

	loop_stop_timer(loop, timer);
	timer->at = clock_milliseconds() + milliseconds;
	while (*link && (*link)->at <= timer->at)
		link = &(*link)->next;
	timer->next = *link;
	*link = timer;
}

/* Milliseconds until the first timer is due; -1: there is none. */
static int patience(const struct loop *loop)
{
	if (!loop->first)
		return -1;
	uint64_t moment = clock_milliseconds();

	return loop->first->at > moment ? (int)(loop->first->at - moment) : 0;
}

static void call_due(struct loop *loop)
{
	struct loop_timer *timer = loop->first;

	if (!timer || timer->at > clock_milliseconds())
		return;
	loop->first = timer->next;
	timer->due(timer->place);
}

static int wait_once(struct loop *loop)
{
	struct epoll_event event;
	int count = epoll_wait(loop->epoll, &event, 1, patience(loop));

	if (count < 0)
		return errno == EINTR ? 0 : -errno;
	if (count > 0) {
		const struct loop_watch *watch = event.data.ptr;

		watch->ready(watch->place, event.events);
	}
	return 0;
}

int loop_run(struct loop *loop)
{
	loop->is_over = false;
	while (!loop->is_over) {
		int r = wait_once(loop);

		if (r < 0)
			return r;
		if (!loop->is_over)
			call_due(loop);
	}
	return loop->result;
}

void loop_end(struct loop *loop, int result)
{
	loop->is_over = true;
	loop->result = result;
}
