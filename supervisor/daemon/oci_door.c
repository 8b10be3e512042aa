/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest is looked at by the loop, and read by the closer's threads: the kernel closes what finds no place when
 * it is received. All that has come along but the listener of a message that is in order is closed by them, too.
 *
 *	a guest is		until
 *	awaited			something is there to read, or its time is over
 *	being read		the thread has read it; one whose time is over meanwhile is shut down
 *	leaving			all of its descriptors are closed
 */
#include "daemon/oci_door.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "attach/oci_receive.h"
#include "base/closer.h"
#include "base/fd.h"
#include "base/log.h"

/* Milliseconds that a message may take; a runtime sends it at once. */
#define DEADLINE 5000

struct oci_guest {
	struct guest guest;
	struct oci_door *door;
	struct oci_receive receive; /* while it is being read, the thread's */
	struct loop_watch watch;
	struct loop_timer deadline;
	struct chore reading;
	bool is_being_read;
	bool is_overdue;
	/* What has come of the reading. */
	int result;
	const char *reason;
	struct oci_message *message;
	int listener;
	struct closing leaving;
	int fds[OCI_RECEIVE_FDS_MAX];
	struct oci_guest *next;
};

static void left(void *place)
{
	struct oci_guest *guest = place;

	guests_leave(guest->door->door.guests, &guest->guest);
	free(guest);
}

/* The loop does not look at it. */
static void send_away(struct oci_guest *guest)
{
	struct oci_door *door = guest->door;
	struct oci_guest **place = &door->first;

	while (*place != guest)
		place = &(*place)->next;
	*place = guest->next;
	loop_stop_timer(door->door.loop, &guest->deadline);
	guest->leaving = (struct closing){
		.fds = guest->fds,
		.count = oci_receive_let_go(&guest->receive, guest->fds),
		.done = left,
		.place = guest,
	};
	closer_close(door->door.closer, &guest->leaving);
}

static void complain(const struct oci_guest *guest, const char *reason)
{
	log_limited(guest->receive.peer.uid, LOG_WARNING,
		    "process %d of uid %u is refused: it has sent a message that %s",
		    guest->receive.peer.pid, guest->receive.peer.uid, reason);
}

/* ---- on a thread of the closer ---- */

static int take(struct oci_guest *guest)
{
	struct oci_message *message = malloc(sizeof(*message));
	int r = message ? oci_receive_take(&guest->receive, message, &guest->listener,
					   &guest->reason) :
			  -ENOMEM;

	if (r == OCI_RECEIVE_COMPLETE)
		guest->message = message;
	else
		free(message);
	return r;
}

static void read_on(void *place)
{
	struct oci_guest *guest = place;

	guest->result = oci_receive_read(&guest->receive, &guest->reason);
	if (guest->result == OCI_RECEIVE_COMPLETE)
		guest->result = take(guest);
}

/* ---- on the loop's ---- */

static void hand_on(const struct oci_guest *guest)
{
	int listener = guest->listener;

	/* A listener of seccomp, which is ours to close. */
	if (guest->is_overdue)
		fd_close(&listener);
	else
		guest->door->arrived(guest->door->place, guest->guest.uid, guest->message,
				     listener);
	oci_message_done(guest->message);
	free(guest->message);
}

static void was_read(void *place)
{
	struct oci_guest *guest = place;

	guest->is_being_read = false;
	if (guest->result == OCI_RECEIVE_MORE && !guest->is_overdue &&
	    loop_add(guest->door->door.loop, &guest->watch, EPOLLIN) == 0)
		return;
	if (guest->result == OCI_RECEIVE_COMPLETE)
		hand_on(guest);
	else if (guest->result == OCI_RECEIVE_REFUSED && !guest->is_overdue)
		complain(guest, guest->reason);
	else if (guest->result < 0)
		log_error("cannot take a listener: %s", strerror(-guest->result));
	send_away(guest);
}

static void said(void *place, uint32_t events)
{
	struct oci_guest *guest = place;
	struct door *door = &guest->door->door;

	(void)events;
	loop_remove(door->loop, &guest->watch);
	guest->is_being_read = true;
	guest->reading = (struct chore){ .work = read_on, .done = was_read, .place = guest };
	closer_do(door->closer, &guest->reading);
}

static void waited_too_long(void *place)
{
	struct oci_guest *guest = place;

	complain(guest, "was not whole within five seconds");
	guest->is_overdue = true;
	if (guest->is_being_read) {
		(void)shutdown(guest->watch.fd, SHUT_RDWR);
		return;
	}
	loop_remove(guest->door->door.loop, &guest->watch);
	send_away(guest);
}

static bool entered(void *place, int connection, uid_t uid)
{
	struct oci_door *door = place;
	struct oci_guest *guest = calloc(1, sizeof(*guest));

	if (!guest || oci_receive_init(&guest->receive, connection) < 0) {
		free(guest);
		return false;
	}
	guest->door = door;
	guest->watch = (struct loop_watch){ connection, said, guest };
	guest->deadline = (struct loop_timer){ .due = waited_too_long, .place = guest };
	guest->next = door->first;
	door->first = guest;
	guests_enter(door->door.guests, &guest->guest, uid);
	loop_start_timer(door->door.loop, &guest->deadline, DEADLINE);
	if (loop_add(door->door.loop, &guest->watch, EPOLLIN) < 0)
		send_away(guest);
	return true;
}

int oci_door_open(struct oci_door *door)
{
	door->door.entered = entered;
	door->door.place = door;
	return door_open(&door->door);
}
