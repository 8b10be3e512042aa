/* SPDX-License-Identifier: Apache-2.0 */
#include "keep/source.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "base/fd.h"
#include "request/notify.h"
#include "request/request.h"

static int receive(struct source *source, struct reception *ret_reception)
{
	ret_reception->slot->listener = source->fd;
	ret_reception->witness = NULL;
	ret_reception->place = NULL;
	return notify_receive(source->fd, &ret_reception->slot->notification);
}

static int answer(struct source *source, struct reception *reception, const struct outcome *outcome)
{
	return notify_answer(source->fd, reception->slot->notification.id, outcome);
}

static void done(struct source *source)
{
	fd_close(&source->fd);
	free(source);
}

static const struct source_calls listener_calls = {
	.receive = receive,
	.answer = answer,
	.done = done,
};

int source_new_listener(int listener, struct source **ret_source)
{
	struct source *source = malloc(sizeof(*source));

	if (!source)
		return -ENOMEM;
	*source = (struct source){ .calls = &listener_calls, .fd = listener };
	notify_wake_sync(source->fd);
	*ret_source = source;
	return 0;
}

/* ---- a process ---- */

static int await_end(struct source *source, struct reception *ret_reception)
{
	struct pollfd pollfd = { .fd = source->fd, .events = POLLIN };

	(void)ret_reception;
	if (poll(&pollfd, 1, -1) < 0)
		return errno == EINTR ? (int)NOTIFY_NONE : -errno;
	return NOTIFY_ENDED;
}

/* Nothing is ever received from it. */
static int answer_none(struct source *source, struct reception *reception,
		       const struct outcome *outcome)
{
	(void)source, (void)reception, (void)outcome;
	return 0;
}

static const struct source_calls process_calls = {
	.receive = await_end,
	.answer = answer_none,
	.done = done,
};

int source_new_process(int pidfd, struct source **ret_source)
{
	struct source *source = malloc(sizeof(*source));

	if (!source)
		return -ENOMEM;
	*source = (struct source){ .calls = &process_calls, .fd = pidfd };
	*ret_source = source;
	return 0;
}

/* ---- any ---- */

bool source_has_more(const struct source *source)
{
	struct pollfd pollfd = { .fd = source->fd, .events = POLLIN };

	return poll(&pollfd, 1, 0) > 0 && (pollfd.revents & POLLIN);
}

void source_free(struct source *source)
{
	if (source)
		source->calls->done(source);
}

int source_let_go(struct source *source)
{
	int fd = TAKE_FD(source->fd);

	source_free(source);
	return fd;
}
