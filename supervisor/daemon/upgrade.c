/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/upgrade.h"

#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/passing.h"
#include "keep/engine.h"
#include "keep/journal.h"

/* Milliseconds that the other daemon may take until it asks for what we have. */
#define DEADLINE 60000
/* Milliseconds, and how often, to wait for runtimes that are just handing something over to us. */
#define CONNECTIONS_PAUSE 5
#define CONNECTIONS_TRIES 100
/* Milliseconds for what a successor that was killed leaves behind. */
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
	log_warning("the nsxattrd that was to take over has not asked for it; this one goes on");
	end(place);
}

/* The successor was killed; who else has the connection has the listeners, too. */
static bool is_anybody_left(const struct upgrade *upgrade)
{
	struct pollfd polled = { .fd = upgrade->watch.fd };

	return poll(&polled, 1, FAREWELL) == 0;
}

/* Nobody serves from here on, until either of us does. */
static void hand_over(struct upgrade *upgrade)
{
	if (!engine_pause(upgrade->engine, HANDOVER_PATIENCE))
		log_verbose("a request hangs: it is left to the other nsxattrd");
	int r = handover_give(upgrade->watch.fd, upgrade->successor, upgrade->journal);

	if (r == 0) {
		log_notice("another nsxattrd has taken over");
		/* The keeper closes it when no thread of ours can run any code, even if one cannot end. */
		(void)journal_keep(upgrade->journal, upgrade->watch.fd, ENTRY_CONNECTION, NULL, 0,
				   NULL);
		journal_conclude(upgrade->journal, EXIT_SUCCESS);
		_exit(EXIT_SUCCESS);
	}
	bool is_left = is_anybody_left(upgrade);

	engine_resume(upgrade->engine);
	log_warning("the other nsxattrd has not taken over (%s); this one goes on", strerror(-r));
	if (is_left)
		log_error("processes that it has started are left, which could receive calls of "
			  "containers: end them");
	end(upgrade);
}

/* What a runtime has sent in part would be lost. */
static void hand_over_soon(void *place)
{
	struct upgrade *upgrade = place;

	if (upgrade->has_connections(upgrade->place) && ++upgrade->tries <= CONNECTIONS_TRIES)
		loop_start_timer(upgrade->loop, &upgrade->timer, CONNECTIONS_PAUSE);
	else
		hand_over(upgrade);
}

static void said(void *place, uint32_t events)
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
	upgrade->watch = (struct loop_watch){ fd, said, upgrade };
	upgrade->timer = (struct loop_timer){ .due = time_is_over, .place = upgrade };
	if (loop_add(upgrade->loop, &upgrade->watch, EPOLLIN) < 0) {
		upgrade->watch.fd = -1;
		return;
	}
	(void)TAKE_FD(fd);
	loop_start_timer(upgrade->loop, &upgrade->timer, DEADLINE);
}
