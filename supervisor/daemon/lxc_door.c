/* SPDX-License-Identifier: Apache-2.0 */
/* A monitor may be silent for as long as its container calls nothing, so there is no deadline. */
#include "daemon/lxc_door.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "attach/lxc_source.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/unix_socket.h"
#include "daemon/estate.h"

struct lxc_guest {
	struct guest guest;
	struct lxc_door *door;
	struct source *source;
	struct loop_watch watch;
	struct lxc_guest *next;
};

/* Return: its source, the caller's. */
static struct source *see_off(struct lxc_guest *guest)
{
	struct lxc_door *door = guest->door;
	struct source *source = guest->source;
	struct lxc_guest **place = &door->first;

	while (*place != guest)
		place = &(*place)->next;
	*place = guest->next;
	loop_remove(door->door.loop, &guest->watch);
	guests_leave(door->door.guests, &guest->guest);
	free(guest);
	return source;
}

static void send_away(struct lxc_guest *guest)
{
	estate_forget(guest->door->estate, guest->source->fd);
	source_free(see_off(guest));
}

static void said(void *place, uint32_t events)
{
	struct lxc_guest *guest = place;
	struct lxc_door *door = guest->door;
	struct lxc_greeting greeting;
	char reason[LXC_REASON_SIZE];
	int r = lxc_source_greet(guest->source, &greeting, reason);

	(void)events;
	if (r == LXC_SILENT)
		return;
	if (r == LXC_GREETED) {
		door->arrived(door->place, &greeting, see_off(guest));
		return;
	}
	if (r == LXC_UNWELCOME)
		log_limited(guest->guest.uid, LOG_WARNING,
			    "an LXC monitor of uid %u is refused: %s", guest->guest.uid, reason);
	else if (r < 0)
		log_limited(guest->guest.uid, LOG_WARNING,
			    "cannot listen to an LXC monitor of uid %u: %s", guest->guest.uid,
			    strerror(-r));
	send_away(guest);
}

static int welcome(struct lxc_door *door, int connection, struct lxc_guest **ret_guest)
{
	struct source *source;
	int r = lxc_source_new(connection, door->door.procfs, &source);

	if (r < 0)
		return r;
	struct lxc_guest *guest = calloc(1, sizeof(*guest));

	if (!guest) {
		source_free(source);
		return -ENOMEM;
	}
	guest->door = door;
	guest->source = source;
	guest->watch = (struct loop_watch){ source->fd, said, guest };
	*ret_guest = guest;
	return 0;
}

/* @is_kept: by a predecessor. */
static void let_in(struct lxc_door *door, int connection, uid_t uid, bool is_kept)
{
	struct lxc_guest *guest = NULL;
	int r = welcome(door, connection, &guest);

	/* Gone already: a hook that has looked whether we are here. */
	if (r == -ESRCH)
		return;
	if (r < 0) {
		log_limited(uid, LOG_WARNING, "an LXC monitor of uid %u is refused: %s", uid,
			    r == -EPERM ? "it is in another user namespace" : strerror(-r));
		estate_forget(door->estate, connection);
		return;
	}
	if (!is_kept)
		(void)estate_keep(door->estate, connection, KEPT_GUEST, NULL, 0);
	guest->next = door->first;
	door->first = guest;
	guests_enter(door->door.guests, &guest->guest, uid);
	if (loop_add(door->door.loop, &guest->watch, EPOLLIN) < 0)
		send_away(guest);
}

static void entered(void *place, int connection, uid_t uid)
{
	let_in(place, connection, uid, false);
}

static void readmit(struct lxc_door *door, int connection)
{
	struct unix_peer peer;

	if (unix_socket_peer(connection, &peer) == 0)
		let_in(door, connection, peer.uid, true);
}

int lxc_door_open(struct lxc_door *door)
{
	struct kept *kept = NULL;

	door->door.entered = entered;
	door->door.place = door;
	while ((kept = journal_next_kept(door->estate->journal, kept)) != NULL)
		if (atomic_load(&kept->kind) == KEPT_GUEST)
			readmit(door, kept->fd);
	return door_open(&door->door);
}

void lxc_door_close(struct lxc_door *door)
{
	door_close(&door->door);
	while (door->first)
		send_away(door->first);
}
