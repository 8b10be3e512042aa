/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A monitor may be silent for as long as its container calls nothing, so there is no deadline.
 *
 * The loop sees that a monitor has said something; one of the closer's threads looks what, for that brings
 * descriptors of the monitor's, which are closed there as well.
 */
#include "daemon/lxc_door.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "attach/lxc_source.h"
#include "base/closer.h"
#include "base/log.h"
#include "base/unix_socket.h"
#include "daemon/estate.h"
#include "daemon/refusals.h"

struct lxc_guest {
	struct guest guest;
	struct lxc_door *door;
	struct source *source; /* while it is being heard, the thread's */
	struct loop_watch watch;
	struct chore hearing;
	/* What has come of it. */
	int result;
	struct lxc_greeting greeting;
	char reason[LXC_REASON_SIZE];
	struct closing leaving;
	int connection; /* when it leaves */
	struct lxc_guest *next;
};

static void take_out(struct lxc_guest *guest)
{
	struct lxc_guest **place = &guest->door->first;

	while (*place != guest)
		place = &(*place)->next;
	*place = guest->next;
}

static void left(void *place)
{
	struct lxc_guest *guest = place;

	guests_leave(guest->door->door.guests, &guest->guest);
	free(guest);
}

/* The loop does not look at it. */
static void send_away(struct lxc_guest *guest)
{
	take_out(guest);
	estate_forget(guest->door->estate, guest->watch.fd);
	guest->connection = source_let_go(guest->source);
	guest->leaving = (struct closing){
		.fds = &guest->connection, .count = 1, .done = left, .place = guest
	};
	closer_close(guest->door->door.closer, &guest->leaving);
}

/* Return: whether it is in. */
static bool hand_on(struct lxc_guest *guest)
{
	const struct lxc_door *door = guest->door;

	if (!door->arrived(door->place, &guest->greeting, guest->source))
		return false;
	take_out(guest);
	left(guest);
	return true;
}

static void complain(const struct lxc_guest *guest)
{
	if (guest->result == LXC_UNWELCOME)
		log_limited(guest->guest.uid, LOG_WARNING,
			    "an LXC monitor of uid %u is refused: %s", guest->guest.uid,
			    guest->reason);
	else if (guest->result < 0)
		log_limited(guest->guest.uid, LOG_WARNING,
			    "cannot listen to an LXC monitor of uid %u: %s", guest->guest.uid,
			    strerror(-guest->result));
}

static void listen_to(void *place)
{
	struct lxc_guest *guest = place;

	guest->result = lxc_source_greet(guest->source, &guest->greeting, guest->reason);
}

static void was_heard(void *place)
{
	struct lxc_guest *guest = place;

	if (guest->result == LXC_GREETED && hand_on(guest))
		return;
	if (guest->result == LXC_SILENT &&
	    loop_add(guest->door->door.loop, &guest->watch, EPOLLIN) == 0)
		return;
	complain(guest);
	send_away(guest);
}

static void said(void *place, uint32_t events)
{
	struct lxc_guest *guest = place;
	struct door *door = &guest->door->door;

	(void)events;
	loop_remove(door->loop, &guest->watch);
	guest->hearing = (struct chore){ .work = listen_to, .done = was_heard, .place = guest };
	closer_do(door->closer, &guest->hearing);
}

static int welcome(struct lxc_door *door, int connection, struct lxc_guest **ret_guest)
{
	struct lxc_guest *guest = calloc(1, sizeof(*guest));
	int r = guest ? lxc_source_new(connection, door->door.procfs, &guest->source) : -ENOMEM;

	if (r < 0) {
		free(guest);
		return r;
	}
	guest->door = door;
	guest->watch = (struct loop_watch){ connection, said, guest };
	*ret_guest = guest;
	return 0;
}

/* @is_kept: by a predecessor. Return: whether it is in. */
static bool let_in(struct lxc_door *door, int connection, uid_t uid, bool is_kept)
{
	struct lxc_guest *guest = NULL;
	int r = welcome(door, connection, &guest);

	/* Gone already: a hook that has looked whether we are here. */
	if (r < 0 && r != -ESRCH)
		log_limited(uid, LOG_WARNING, "an LXC monitor of uid %u is refused: %s", uid,
			    r == -EPERM ? "it is in another user namespace" : strerror(-r));
	if (r < 0)
		return false;
	if (!is_kept)
		(void)estate_keep(door->estate, connection, ENTRY_CONNECTION, NULL, 0);
	guest->next = door->first;
	door->first = guest;
	guests_enter(door->door.guests, &guest->guest, uid);
	if (loop_add(door->door.loop, &guest->watch, EPOLLIN) < 0)
		send_away(guest);
	return true;
}

static bool entered(void *place, int connection, uid_t uid)
{
	return let_in(place, connection, uid, false);
}

static void readmit(struct lxc_door *door, int connection)
{
	struct unix_peer peer = { 0 };

	if (unix_socket_peer(connection, &peer) == 0 && let_in(door, connection, peer.uid, true))
		return;
	estate_forget(door->estate, connection);
	refusals_add(door->door.refusals, connection, peer.uid);
}

int lxc_door_open(struct lxc_door *door)
{
	struct entry *kept = NULL;

	door->door.entered = entered;
	door->door.place = door;
	while ((kept = journal_next_entry(door->estate->journal, kept)) != NULL)
		if (atomic_load(&kept->kind) == ENTRY_CONNECTION)
			readmit(door, kept->fd);
	return door_open(&door->door);
}
