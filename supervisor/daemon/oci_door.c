/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/oci_door.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "attach/oci_receive.h"
#include "base/fd.h"
#include "base/log.h"

/* Milliseconds that a message may take; a runtime sends it at once. */
#define DEADLINE 5000

struct oci_guest {
	struct guest guest;
	struct oci_door *door;
	struct oci_receive receive;
	struct loop_watch watch;
	struct loop_timer deadline;
	struct oci_guest *next;
};

static void send_away(struct oci_guest *guest)
{
	struct oci_door *door = guest->door;
	struct oci_guest **place = &door->first;

	while (*place != guest)
		place = &(*place)->next;
	*place = guest->next;
	loop_stop_timer(door->door.loop, &guest->deadline);
	loop_remove(door->door.loop, &guest->watch);
	guests_leave(door->door.guests, &guest->guest);
	oci_receive_done(&guest->receive);
	free(guest);
}

static void complain(const struct oci_guest *guest, const char *reason)
{
	log_limited(guest->receive.peer.uid, LOG_WARNING,
		    "process %d of uid %u is refused: it has sent a message that %s",
		    guest->receive.peer.pid, guest->receive.peer.uid, reason);
}

static void take(struct oci_guest *guest)
{
	struct oci_message *message = malloc(sizeof(*message));
	const char *reason = NULL;
	int listener = -1;
	int r = message ? oci_receive_take(&guest->receive, message, &listener, &reason) : -ENOMEM;

	if (r == OCI_RECEIVE_COMPLETE) {
		guest->door->arrived(guest->door->place, guest->guest.uid, message, listener);
		oci_message_done(message);
	} else if (r == OCI_RECEIVE_REFUSED) {
		complain(guest, reason);
	} else {
		log_error("cannot take a listener: %s", strerror(-r));
	}
	free(message);
}

static void said(void *place, uint32_t events)
{
	struct oci_guest *guest = place;
	const char *reason = NULL;
	int r = oci_receive_read(&guest->receive, &reason);

	(void)events;
	if (r == OCI_RECEIVE_MORE)
		return;
	if (r == OCI_RECEIVE_COMPLETE)
		take(guest);
	else if (r == OCI_RECEIVE_REFUSED)
		complain(guest, reason);
	send_away(guest);
}

static void waited_too_long(void *place)
{
	complain(place, "was not whole within five seconds");
	send_away(place);
}

static void entered(void *place, int connection, uid_t uid)
{
	struct oci_door *door = place;
	struct oci_guest *guest = calloc(1, sizeof(*guest));

	if (!guest) {
		close(connection);
		return;
	}
	if (oci_receive_init(&guest->receive, connection) < 0) {
		free(guest);
		return;
	}
	guest->door = door;
	guest->watch = (struct loop_watch){ guest->receive.connection, said, guest };
	guest->deadline = (struct loop_timer){ .due = waited_too_long, .place = guest };
	guest->next = door->first;
	door->first = guest;
	guests_enter(door->door.guests, &guest->guest, uid);
	loop_start_timer(door->door.loop, &guest->deadline, DEADLINE);
	if (loop_add(door->door.loop, &guest->watch, EPOLLIN) < 0)
		send_away(guest);
}

int oci_door_open(struct oci_door *door)
{
	door->door.entered = entered;
	door->door.place = door;
	return door_open(&door->door);
}

void oci_door_close(struct oci_door *door)
{
	door_close(&door->door);
	while (door->first)
		send_away(door->first);
}
