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
		log_warning("an LXC monitor of uid %u is refused: %s", guest->guest.uid, reason);
	else if (r < 0)
		log_warning("cannot listen to an LXC monitor of uid %u: %s", guest->guest.uid,
			    strerror(-r));
	source_free(see_off(guest));
}

static int welcome(struct lxc_door *door, int connection, struct lxc_guest **ret_guest)
{
	struct source *source;
	int r = lxc_source_new(connection, door->procfs, &source);

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

static void entered(void *place, int connection, uid_t uid)
{
	struct lxc_door *door = place;
	struct lxc_guest *guest = NULL;
	int r = welcome(door, connection, &guest);

	if (r < 0) {
		log_warning("an LXC monitor of uid %u is refused: %s", uid,
			    r == -EPERM ? "it is in another user namespace" : strerror(-r));
		return;
	}
	guest->next = door->first;
	door->first = guest;
	guests_enter(door->door.guests, &guest->guest, uid);
	if (loop_add(door->door.loop, &guest->watch, EPOLLIN) < 0)
		source_free(see_off(guest));
}

int lxc_door_open(struct lxc_door *door)
{
	door->door.entered = entered;
	door->door.place = door;
	return door_open(&door->door);
}

void lxc_door_close(struct lxc_door *door)
{
	door_close(&door->door);
	while (door->first)
		source_free(see_off(door->first));
}
