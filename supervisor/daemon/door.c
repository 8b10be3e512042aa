/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/door.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/log.h"
#include "base/peer.h"
#include "base/unix_socket.h"
#include "daemon/refusals.h"

/* When nobody can be let in, it is tried again after so many milliseconds. */
#define REST 100

void guests_enter(struct guests *guests, struct guest *guest, uid_t uid)
{
	guest->uid = uid;
	guest->next = guests->first;
	guests->first = guest;
	guests->count++;
}

void guests_leave(struct guests *guests, struct guest *guest)
{
	for (struct guest **place = &guests->first; *place; place = &(*place)->next) {
		if (*place != guest)
			continue;
		*place = guest->next;
		guests->count--;
		return;
	}
}

/* Whoever has a range of ids is many users: so that root finds a place, they do not get all of them. */
static bool has_room_for(const struct guests *guests, uid_t uid)
{
	const struct config_limits *limits = guests->limits;
	size_t count = 0, users = 0;

	for (const struct guest *guest = guests->first; guest; guest = guest->next) {
		count += guest->uid == uid;
		users += guest->uid != 0;
	}
	return uid == 0 || (count < limits->connections_per_user &&
			    users < limits->connections - limits->connections / 4);
}

static void take_rest(struct door *door)
{
	(void)loop_change(door->loop, &door->watch, 0);
	loop_start_timer(door->loop, &door->rest, REST);
}

static void rested(void *place)
{
	struct door *door = place;

	(void)loop_change(door->loop, &door->watch, EPOLLIN);
}

/*
 * A runtime may have ended when we get to it: what it has sent counts as sent by the uid that it had, for
 * it is not sent again.
 */
static uid_t user_of(const struct door *door, int connection, const struct unix_peer *peer)
{
	if (peer->uid == 0 &&
	    peer_check_administrator(connection, door->procfs, peer->pid) == -EPERM)
		return PEER_NOT_ROOT;
	return peer->uid;
}

static void let_in(struct door *door, int connection)
{
	struct unix_peer peer = { .uid = PEER_NOT_ROOT };
	uid_t uid = PEER_NOT_ROOT;
	bool is_in = false;

	if (unix_socket_peer(connection, &peer) == 0)
		uid = user_of(door, connection, &peer);
	if (has_room_for(door->guests, uid))
		is_in = door->entered(door->place, connection, uid);
	else
		log_limited(uid, LOG_WARNING,
			    "process %d of uid %u is turned away: that user, or all but root "
			    "together, have as many connections as the limits allow",
			    peer.pid, uid);
	if (!is_in)
		refusals_add(door->refusals, connection, uid);
}

static void knocked(void *place, uint32_t events)
{
	struct door *door = place;

	(void)events;
	if (door->guests->count >= door->guests->limits->connections ||
	    refusals_are_many(door->refusals)) {
		take_rest(door);
		return;
	}
	int connection = accept4(door->listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (connection >= 0) {
		let_in(door, connection);
		return;
	}
	if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
		return;
	log_warning("cannot accept a connection: %s", strerror(errno));
	take_rest(door);
}

int door_open(struct door *door)
{
	door->watch = (struct loop_watch){ door->listening, knocked, door };
	door->rest = (struct loop_timer){ .due = rested, .place = door };
	return loop_add(door->loop, &door->watch, EPOLLIN);
}
