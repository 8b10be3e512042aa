/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/upgrade.h"

#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/audit_log.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/passing.h"
#include "daemon/attachments.h"
#include "daemon/gate_pins.h"
#include "daemon/judged.h"
#include "keep/engine.h"
#include "keep/journal.h"

/* Milliseconds that the other daemon may take until it asks for what we have. */
#define DEADLINE 60000
/* Milliseconds, and how often, to wait for runtimes whose message has not come in full. */
#define CONNECTIONS_PAUSE 5
#define CONNECTIONS_TRIES 100
/* Milliseconds for the processes of a successor that was killed. */
#define FAREWELL 500

static void end(struct upgrade *upgrade)
{
	loop_stop_timer(upgrade->loop, &upgrade->timer);
	loop_remove(upgrade->loop, &upgrade->watch);
	fd_close(&upgrade->watch.fd);
	fd_close(&upgrade->successor);
}

static void time_is_over(void *place)
{
	log_warning("upgrade failed: the new nsxattrd has not asked for the containers within a "
		    "minute; this one serves on");
	end(place);
}

/* The successor was killed; another process with the connection would have the listeners, too. */
static bool is_process_left(const struct upgrade *upgrade)
{
	struct pollfd polled = { .fd = upgrade->watch.fd };

	return poll(&polled, 1, FAREWELL) == 0;
}

/* This daemon receives nothing until it is decided which of the two serves. */
static void hand_over(struct upgrade *upgrade)
{
	if (!engine_pause(upgrade->engine, HANDOVER_PATIENCE))
		log_verbose("a request hangs: it is left to the new nsxattrd");
	judged_bar_lists(upgrade->attachments->registry, true);
	int r = handover_give(upgrade->watch.fd, upgrade->successor, upgrade->journal);

	if (r == 0) {
		log_notice("upgraded: the new nsxattrd has taken over; exiting");
		/* The keeper closes the connection when no thread of ours can run any code, even if one cannot end. */
		(void)journal_keep(upgrade->journal, upgrade->watch.fd, ENTRY_CONNECTION, NULL, 0,
				   NULL);
		journal_conclude(upgrade->journal, EXIT_SUCCESS);
		(void)audit_log_stop(upgrade->audit_log);
		_exit(EXIT_SUCCESS);
	}
	bool is_left = is_process_left(upgrade);

	gate_pins_remove_unknown(upgrade->pins);
	judged_bar_lists(upgrade->attachments->registry, false);
	engine_resume(upgrade->engine);
	log_warning("upgrade failed: the new nsxattrd has not taken over (%s); this one serves on",
		    strerror(-r));
	if (is_left)
		log_error("processes that the new nsxattrd has started still run, and could "
			  "receive calls of containers: end them");
	end(upgrade);
}

/* A message of a runtime that has not come in full would be lost. */
static void hand_over_soon(void *place)
{
	struct upgrade *upgrade = place;

	if (*upgrade->deliveries > 0 && ++upgrade->tries <= CONNECTIONS_TRIES)
		loop_start_timer(upgrade->loop, &upgrade->timer, CONNECTIONS_PAUSE);
	else
		hand_over(upgrade);
}

static void is_readable(void *place, uint32_t events)
{
	struct upgrade *upgrade = place;
	int r = handover_is_asked(upgrade->watch.fd, &upgrade->successor);

	(void)events;
	if (r < 0)
		end(upgrade);
	if (r <= 0)
		return;
	(void)loop_change(upgrade->loop, &upgrade->watch, 0);
	upgrade->tries = 0;
	upgrade->timer.due = hand_over_soon;
	hand_over_soon(upgrade);
}

void upgrade_begin(struct upgrade *upgrade, int connection)
{
	_cleanup_fd_ int fd = connection;

	if (upgrade->watch.fd >= 0 || passing_ask_senders(fd) < 0 ||
	    handover_tell_start(fd, &upgrade->start) < 0)
		return;
	upgrade->watch = (struct loop_watch){ fd, is_readable, upgrade };
	upgrade->timer = (struct loop_timer){ .due = time_is_over, .place = upgrade };
	if (loop_add(upgrade->loop, &upgrade->watch, EPOLLIN) < 0) {
		upgrade->watch.fd = -1;
		return;
	}
	(void)TAKE_FD(fd);
	loop_start_timer(upgrade->loop, &upgrade->timer, DEADLINE);
}
