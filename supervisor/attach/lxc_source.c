/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * The monitor sends a request and waits for the reply, 30 seconds at most. Then it gives its target
 * ENOSYS and goes on, but what comes later it takes for the reply to the next request, under whatever id.
 * So no reply may come late: when a request takes too long (overdue()), or its call waits no more, the
 * connection is shut down instead. The monitor then gives ENOSYS to that one call, and connects again
 * for the next one.
 *
 * A monitor that tells what is not so (lxc_claim.h) is not served any more.
 */
#include "attach/lxc_source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "base/log.h"
#include "request/notify.h"
#include "request/request.h"

struct lxc_source {
	struct source source; /* first: a struct source is one of these */
	int procfs; /* borrowed */
	struct seccomp_notif_sizes sizes;
	struct lxc_peer peer;
};

/* A request in hand; received.place points to it. */
struct pending {
	struct lxc_request request;
	struct witness witness;
};

static struct lxc_source *lxc_source(struct source *source)
{
	return (struct lxc_source *)source;
}

static void pending_free(struct pending *pending)
{
	lxc_request_done(&pending->request);
	witness_done(&pending->witness);
	free(pending);
}

static void pending_freep(struct pending **pending)
{
	if (*pending)
		pending_free(*pending);
}

#define _cleanup_pending_ __attribute__((cleanup(pending_freep)))

static struct pending *pending_new(void)
{
	struct pending *pending = malloc(sizeof(*pending));

	if (pending)
		*pending = (struct pending){ .request.descriptors = { -1, -1, -1 },
					     .witness = { -1, -1 } };
	return pending;
}

static void shut(const struct lxc_source *lxc)
{
	(void)shutdown(lxc->source.fd, SHUT_RDWR);
}

/* Return: as lxc_receive(), with a message for LXC_REFUSED. */
static int take_request(const struct lxc_source *lxc, struct lxc_request *ret_request)
{
	enum lxc_form form = LXC_WELL_FORMED;
	int r = lxc_receive(lxc->source.fd, 0, &lxc->sizes, ret_request, &form);

	if (r == LXC_REFUSED)
		log_warning("refusing the LXC monitor %d of uid %u: the packet %s", lxc->peer.pid,
			    lxc->peer.uid, lxc_form_text(form));
	return r;
}

static void fill_received(struct pending *pending, struct received *ret_received)
{
	int listener = pending->request.descriptors[LXC_LISTENER];

	/* It is the same for all requests of a filter; asking for it again costs less than to know. */
	if (listener >= 0)
		notify_wake_sync(listener);
	ret_received->listener = listener;
	ret_received->witness = pending->witness.call >= 0 ? &pending->witness : NULL;
	ret_received->place = pending;
	ret_received->notification = pending->request.message.notification;
}

/* Nobody waits for it but the monitor. */
static int dismiss(const struct lxc_source *lxc, const struct lxc_request *request)
{
	const struct outcome outcome = outcome_error(EPERM);
	int r = lxc_reply(lxc->source.fd, &request->message, &outcome, &lxc->sizes);

	return r < 0 ? r : (int)NOTIFY_NONE;
}

static int check_claim(const struct lxc_source *lxc, struct pending *pending)
{
	int r = lxc_claim_check_sender(&pending->request, &lxc->peer, lxc->procfs,
				       &pending->witness);

	return r == LXC_CLAIM_HOLDS ? lxc_claim_check_call(&pending->request, &pending->witness) :
				      r;
}

static int receive(struct source *source, struct received *ret_received)
{
	struct lxc_source *lxc = lxc_source(source);
	_cleanup_pending_ struct pending *pending = pending_new();

	if (!pending)
		return -ENOMEM;
	int r = take_request(lxc, &pending->request);

	if (r == LXC_NOTHING)
		return NOTIFY_NONE;
	if (r == LXC_ENDED)
		return NOTIFY_ENDED;
	if (r != LXC_RECEIVED)
		return r < 0 ? r : -EPROTO;
	r = check_claim(lxc, pending);
	if (r == LXC_CLAIM_GONE)
		return dismiss(lxc, &pending->request);
	if (r == LXC_CLAIM_HOLDS) {
		fill_received(pending, ret_received);
		TAKE_PTR(pending);
		return NOTIFY_RECEIVED;
	}
	if (r < 0)
		return r;
	log_warning("refusing the LXC monitor %d of uid %u: the request %s", lxc->peer.pid,
		    lxc->peer.uid, lxc_claim_text((enum lxc_claim)r));
	return -EPROTO;
}

/*
 * Of a request that a dead worker has left, only what was done is told: the listener has gone with that
 * worker, and nobody knows for how long the monitor has been waiting.
 */
static bool may_be_late(const struct received *received)
{
	if (!received->place)
		return atomic_load(&received->effect.step) != EFFECT_MADE;
	return received->listener >= 0 &&
	       !notify_is_valid(received->listener, received->notification.id);
}

static int answer(struct source *source, struct received *received, const struct outcome *outcome)
{
	struct lxc_source *lxc = lxc_source(source);
	_cleanup_pending_ struct pending *pending = received->place;
	const struct lxc_message inherited = { .notification = received->notification };

	if (may_be_late(received)) {
		log_verbose("a call of an LXC container waits no more: closing the connection");
		shut(lxc);
		return 0;
	}
	return lxc_reply(source->fd, pending ? &pending->request.message : &inherited, outcome,
			 &lxc->sizes);
}

static void overdue(struct source *source)
{
	log_warning(
		"a call of an LXC container takes too long: closing the connection of monitor %d, "
		"which answers ENOSYS and connects again",
		lxc_source(source)->peer.pid);
	shut(lxc_source(source));
}

static void done(struct source *source)
{
	fd_close(&source->fd);
	free(lxc_source(source));
}

static const struct source_calls lxc_calls = {
	.receive = receive,
	.answer = answer,
	.overdue = overdue,
	.done = done,
};

/* A server blocks in receive(). */
static int make_blocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) < 0)
		return -errno;
	return 0;
}

int lxc_source_new(int connection, int procfs, struct source **ret_source)
{
	_cleanup_fd_ int fd = connection;
	struct lxc_source lxc = { .source.calls = &lxc_calls, .procfs = procfs };
	int r = make_blocking(fd);

	if (r == 0)
		r = notify_sizes(&lxc.sizes);
	if (r == 0)
		r = lxc_peer_identify(fd, procfs, &lxc.peer);
	if (r < 0)
		return r;
	struct lxc_source *made = malloc(sizeof(*made));

	if (!made)
		return -ENOMEM;
	*made = lxc;
	made->source.fd = TAKE_FD(fd);
	*ret_source = &made->source;
	return 0;
}

/* Return: an enum lxc_greeting_result; -errno. */
static int look(const struct lxc_source *lxc, struct pending *pending,
		char ret_reason[LXC_REASON_SIZE])
{
	enum lxc_form form = LXC_WELL_FORMED;
	int r = lxc_receive(lxc->source.fd, MSG_PEEK | MSG_DONTWAIT, &lxc->sizes, &pending->request,
			    &form);

	switch (r) {
	case LXC_RECEIVED:
		return LXC_GREETED;
	case LXC_NOTHING:
		return LXC_SILENT;
	case LXC_ENDED:
		return LXC_LEFT;
	case LXC_REFUSED:
		snprintf(ret_reason, LXC_REASON_SIZE, "the packet %s", lxc_form_text(form));
		return LXC_UNWELCOME;
	default:
		return r;
	}
}

/* Take the request that was looked at off the queue. */
static int drop(struct lxc_source *lxc)
{
	struct pending *pending = pending_new();

	if (!pending)
		return -ENOMEM;
	int r = take_request(lxc, &pending->request);

	if (r == LXC_RECEIVED)
		r = dismiss(lxc, &pending->request);
	pending_free(pending);
	return r < 0 ? r : (int)LXC_SILENT;
}

int lxc_source_greet(struct source *source, struct lxc_greeting *ret_greeting,
		     char ret_reason[LXC_REASON_SIZE])
{
	struct lxc_source *lxc = lxc_source(source);
	_cleanup_pending_ struct pending *pending = pending_new();

	if (!pending)
		return -ENOMEM;
	int r = look(lxc, pending, ret_reason);

	if (r != LXC_GREETED)
		return r;
	r = lxc_claim_check_sender(&pending->request, &lxc->peer, lxc->procfs, &pending->witness);
	if (r == LXC_CLAIM_GONE)
		return drop(lxc);
	if (r < 0)
		return r;
	if (r != LXC_CLAIM_HOLDS) {
		snprintf(ret_reason, LXC_REASON_SIZE, "the request %s",
			 lxc_claim_text((enum lxc_claim)r));
		return LXC_UNWELCOME;
	}
	ret_greeting->uid = lxc->peer.uid;
	ret_greeting->monitor = lxc->peer.pid;
	snprintf(ret_greeting->policy, sizeof(ret_greeting->policy), "%s",
		 pending->request.message.cookie);
	lxc_container_name(lxc->procfs, &pending->request.message, ret_greeting->container);
	return LXC_GREETED;
}
