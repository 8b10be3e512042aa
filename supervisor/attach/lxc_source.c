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
 * A request stays in the socket until it is in the journal. One that a worker, which has died, has left is
 * known there by its listener, and by whether the reply may have been sent: a second one would be one too
 * many. When a reply was sent the call soon waits no more; while it lies in the monitor's queue the socket
 * tells.
 *
 * A monitor that tells what is not so (lxc_verify.h) is not served any more.
 */
#include "attach/lxc_source.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "request/notify.h"
#include "request/request.h"

/* Milliseconds: for how long a monitor surely waits; and in which it has surely seen a reply. */
#define SURE_TO_WAIT 20000
#define SURE_TO_HAVE_SEEN 1000

struct lxc_source {
	struct source source; /* first: a struct source is one of these */
	int procfs; /* borrowed */
	struct seccomp_notif_sizes sizes;
	struct lxc_peer peer;
	pthread_mutex_t lock; /* from looking at a request until it is off the queue */
};

/* A request in hand; reception.place points to it. */
struct pending {
	struct lxc_request request;
	struct witness witness;
};

static struct lxc_source *lxc_source(struct source *source)
{
	return (struct lxc_source *)source;
}

static void pending_freep(struct pending **pending)
{
	if (!*pending)
		return;
	lxc_request_done(&(*pending)->request);
	witness_done(&(*pending)->witness);
	free(*pending);
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

/* A container of root's is told apart by its monitor. */
static uint64_t log_source_of(const struct lxc_source *lxc)
{
	char monitor[16];

	snprintf(monitor, sizeof(monitor), "%d", lxc->peer.pid);
	return log_source(lxc->peer.uid, monitor);
}

static void shut(const struct lxc_source *lxc)
{
	(void)shutdown(lxc->source.fd, SHUT_RDWR);
}

/* Return: as lxc_receive(); LXC_REFUSED: the reason says why. The request stays where it is. */
static int look_at_request(const struct lxc_source *lxc, struct lxc_request *ret_request,
			   char ret_reason[LXC_REASON_SIZE])
{
	enum lxc_form form = LXC_WELL_FORMED;
	int r = lxc_receive(lxc->source.fd, MSG_PEEK | MSG_DONTWAIT, &lxc->sizes, ret_request,
			    &form);

	if (r == LXC_REFUSED)
		snprintf(ret_reason, LXC_REASON_SIZE, "the packet %s", lxc_form_text(form));
	return r;
}

static int refuse(const struct lxc_source *lxc, const char *what, const char *reason)
{
	log_limited(log_source_of(lxc), LOG_WARNING, "refusing the LXC monitor %d of uid %u: %s%s",
		    lxc->peer.pid, lxc->peer.uid, what, reason);
	return -EPROTO;
}

/* Off the queue with it; its descriptors, of which there are duplicates, go too. */
static void take_off(const struct lxc_source *lxc)
{
	char byte;

	(void)recv(lxc->source.fd, &byte, sizeof(byte), MSG_DONTWAIT);
}

static void attach(struct pending *pending, struct reception *reception)
{
	int listener = pending->request.descriptors[LXC_LISTENER];

	/* It is the same for all requests of a filter; asking for it again costs less than to know. */
	if (listener >= 0)
		notify_wake_sync(listener);
	reception->slot->listener = listener;
	reception->witness = pending->witness.call >= 0 ? &pending->witness : NULL;
	reception->place = pending;
}

/* The id last: with it the request is in the journal. */
static void write_down(struct pending *pending, struct reception *ret_reception)
{
	const struct seccomp_notif *notification = &pending->request.message.notification;
	struct slot *slot = ret_reception->slot;

	attach(pending, ret_reception);
	slot->received_at = clock_milliseconds();
	atomic_store(&slot->is_answered, false);
	slot->notification = *notification;
	slot->notification.id = 0;
	atomic_signal_fence(memory_order_release);
	slot->notification.id = notification->id;
}

/* Only the monitor waits for it. */
static int dismiss(const struct lxc_source *lxc, const struct lxc_request *request)
{
	const struct outcome outcome = outcome_refused(EPERM, REASON_FAILURE);
	int r = lxc_reply(lxc->source.fd, &request->message, &outcome, &lxc->sizes);

	return r < 0 ? r : (int)NOTIFY_NONE;
}

static int verify(const struct lxc_source *lxc, struct pending *pending)
{
	int r = lxc_verify_sender(&pending->request, &lxc->peer, lxc->procfs, &pending->witness);

	return r == LXC_VERDICT_HOLDS ? lxc_verify_call(&pending->request, &pending->witness) : r;
}

/*
 * With the lock held. @pending: what is left of it when nothing was received is the caller's to release, without
 * the lock: to close descriptors of the monitor's can take as long as that likes.
 *
 * Return: as source_calls.receive().
 */
static int receive_one(const struct lxc_source *lxc, struct pending **pending_place,
		       struct reception *ret_reception)
{
	struct pending *pending = *pending_place;
	char reason[LXC_REASON_SIZE];
	int r = look_at_request(lxc, &pending->request, reason);

	if (r == LXC_NOTHING)
		return NOTIFY_NONE;
	if (r == LXC_ENDED)
		return NOTIFY_ENDED;
	if (r != LXC_RECEIVED)
		return r < 0 ? r : refuse(lxc, "", reason);
	r = verify(lxc, pending);
	if (r == LXC_VERDICT_HOLDS)
		write_down(TAKE_PTR(*pending_place), ret_reception);
	take_off(lxc);
	if (r == LXC_VERDICT_HOLDS)
		return NOTIFY_RECEIVED;
	if (r == LXC_VERDICT_GONE)
		return dismiss(lxc, &pending->request);
	return r < 0 ? r : refuse(lxc, "the request ", lxc_verdict_text((enum lxc_verdict)r));
}

/* Return: whether there may be something to look at; a signal ends the wait. */
static bool await_request(const struct lxc_source *lxc)
{
	char byte;

	return recv(lxc->source.fd, &byte, sizeof(byte), MSG_PEEK) >= 0 || errno != EINTR;
}

static int receive(struct source *source, struct reception *ret_reception)
{
	struct lxc_source *lxc = lxc_source(source);

	if (!await_request(lxc))
		return NOTIFY_NONE;
	_cleanup_pending_ struct pending *pending = pending_new();

	if (!pending)
		return -ENOMEM;
	pthread_mutex_lock(&lxc->lock);
	int r = receive_one(lxc, &pending, ret_reception);

	pthread_mutex_unlock(&lxc->lock);
	return r;
}

/* ---- what another process has left ---- */

/* It may not have come so far as to take the request off the queue. */
static int forget_request(struct lxc_source *lxc, uint64_t id)
{
	_cleanup_pending_ struct pending *pending = pending_new();
	char reason[LXC_REASON_SIZE];

	if (!pending)
		return -ENOMEM;
	pthread_mutex_lock(&lxc->lock);
	if (look_at_request(lxc, &pending->request, reason) == LXC_RECEIVED &&
	    pending->request.message.notification.id == id)
		take_off(lxc);
	pthread_mutex_unlock(&lxc->lock);
	return 0;
}

/* Does the reply that may have been sent lie in the monitor's queue? */
static bool is_unread(const struct lxc_source *lxc)
{
	int bytes = 0;

	return ioctl(lxc->source.fd, SIOCOUTQ, &bytes) == 0 && bytes > 0;
}

/* Was the reply sent that was about to be? */
static bool has_replied(const struct lxc_source *lxc, const struct slot *slot)
{
	uint64_t end = clock_milliseconds() + SURE_TO_HAVE_SEEN;

	if (!atomic_load(&slot->is_answered))
		return false;
	while (notify_is_valid(slot->listener, slot->notification.id)) {
		if (is_unread(lxc))
			return true;
		if (clock_milliseconds() >= end)
			return false;
		(void)poll(NULL, 0, 1);
	}
	return true;
}

/* The call waits no more. Return: as source_calls.restore(). */
static int dismiss_left(const struct lxc_source *lxc, const struct pending *pending,
			const struct slot *slot)
{
	if (clock_milliseconds() - slot->received_at < SURE_TO_WAIT)
		return dismiss(lxc, &pending->request);
	shut(lxc);
	return NOTIFY_NONE;
}

/* The worker that has died believed the monitor; this one looks at it once more. */
static int restore(struct source *source, struct reception *reception)
{
	const struct slot *slot = reception->slot;
	struct lxc_source *lxc = lxc_source(source);
	_cleanup_pending_ struct pending *pending = pending_new();

	if (!pending)
		return -ENOMEM;
	pending->request.message.notification = slot->notification;
	pending->request.message.has_listener = slot->listener >= 0;
	pending->request.descriptors[LXC_LISTENER] = slot->listener;
	int r = forget_request(lxc, slot->notification.id);

	/* LXC before 4.0.5: see may_be_late(). */
	if (r < 0 || slot->listener < 0)
		return r < 0 ? r : (int)NOTIFY_RECEIVED;
	if (has_replied(lxc, slot))
		return NOTIFY_NONE;
	r = verify(lxc, pending);
	if (r == LXC_VERDICT_GONE)
		return dismiss_left(lxc, pending, slot);
	if (r != LXC_VERDICT_HOLDS)
		return r < 0 ? r : -EPROTO;
	attach(TAKE_PTR(pending), reception);
	return NOTIFY_RECEIVED;
}

/*
 * Without a listener we do not know whether the monitor still waits. So of a request that a dead worker has left we
 * only tell what was done.
 */
static bool may_be_late(const struct reception *reception)
{
	const struct slot *slot = reception->slot;

	if (!reception->place)
		return atomic_load(&slot->effect.step) != EFFECT_MADE;
	return notify_is_abandoned(slot->listener, slot->notification.id);
}

static int answer(struct source *source, struct reception *reception, const struct outcome *outcome)
{
	struct slot *slot = reception->slot;
	struct lxc_source *lxc = lxc_source(source);
	_cleanup_pending_ struct pending *pending = reception->place;
	const struct lxc_message inherited = { .notification = slot->notification };

	if (may_be_late(reception)) {
		log_verbose("a call of an LXC container waits no more: closing the connection");
		shut(lxc);
		return 0;
	}
	atomic_store(&slot->is_answered, true);
	return lxc_reply(source->fd, pending ? &pending->request.message : &inherited, outcome,
			 &lxc->sizes);
}

static void overdue(struct source *source)
{
	log_limited(
		log_source_of(lxc_source(source)), LOG_WARNING,
		"a call of an LXC container takes too long: closing the connection of monitor %d, "
		"which answers ENOSYS and connects again",
		lxc_source(source)->peer.pid);
	shut(lxc_source(source));
}

static void done(struct source *source)
{
	fd_close(&source->fd);
	pthread_mutex_destroy(&lxc_source(source)->lock);
	free(lxc_source(source));
}

static const struct source_calls lxc_calls = {
	.is_peers = true,
	.is_queued = true,
	.receive = receive,
	.restore = restore,
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
	struct lxc_source lxc = { .source.calls = &lxc_calls, .procfs = procfs };
	int r = make_blocking(connection);

	if (r == 0)
		r = notify_sizes(&lxc.sizes);
	if (r == 0)
		r = lxc_peer_identify(connection, procfs, &lxc.peer);
	if (r < 0)
		return r;
	struct lxc_source *made = malloc(sizeof(*made));

	if (!made)
		return -ENOMEM;
	*made = lxc;
	made->source.fd = connection;
	pthread_mutex_init(&made->lock, NULL);
	*ret_source = &made->source;
	return 0;
}

int lxc_source_greet(struct source *source, struct lxc_greeting *ret_greeting,
		     char ret_reason[LXC_REASON_SIZE])
{
	struct lxc_source *lxc = lxc_source(source);
	_cleanup_pending_ struct pending *pending = pending_new();

	if (!pending)
		return -ENOMEM;
	int r = look_at_request(lxc, &pending->request, ret_reason);

	if (r != LXC_RECEIVED)
		return r;
	r = lxc_verify_sender(&pending->request, &lxc->peer, lxc->procfs, &pending->witness);
	if (r == LXC_VERDICT_GONE) {
		take_off(lxc);
		r = dismiss(lxc, &pending->request);
		return r < 0 ? r : (int)LXC_NOTHING;
	}
	if (r < 0)
		return r;
	if (r != LXC_VERDICT_HOLDS) {
		snprintf(ret_reason, LXC_REASON_SIZE, "the request %s",
			 lxc_verdict_text((enum lxc_verdict)r));
		return LXC_REFUSED;
	}
	ret_greeting->uid = lxc->peer.uid;
	/* The thread may be in a namespace further in; but which one is the init is the peer's word. */
	ret_greeting->process = lxc->peer.is_trusted ?
					pending->request.message.init :
					(pid_t)pending->request.message.notification.pid;
	ret_greeting->init = pending->request.message.init;
	ret_greeting->life = lxc_verify_init(&pending->request, &lxc->peer, lxc->procfs);
	snprintf(ret_greeting->policy, sizeof(ret_greeting->policy), "%s",
		 pending->request.message.cookie);
	lxc_container_name(lxc->procfs, &pending->request.message, ret_greeting->container);
	return LXC_RECEIVED;
}
