/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BASE_LOOP_H
#define NSXATTR_BASE_LOOP_H

/*
 * One thread waits for everything that is not a request: descriptors that become ready (epoll(7)), and
 * moments that come. Watches and timers are members of the structures that they are about, whose code adds and removes
 * them; a callback may add and remove any, its own and others, and what was removed is not called any
 * more. All of it belongs to the thread that calls loop_run(), before that to the one that made it.
 */

#include <stdint.h>

struct loop;

/** struct loop_watch - a descriptor to look at */
struct loop_watch {
	int fd; /* borrowed; open until loop_remove() */
	/* @events: of epoll(7) */
	void (*ready)(void *place, uint32_t events);
	void *place;
};

/** struct loop_timer - a moment to wait for; zero it before its first use */
struct loop_timer {
	void (*due)(void *place);
	void *place;
	uint64_t at; /* the loop's from here on */
	struct loop_timer *next;
};

/** loop_new() - Return: 0; -errno. */
int loop_new(struct loop **ret_loop);

/** loop_free() - watches and timers are let go of, descriptors stay open. NULL is accepted. */
void loop_free(struct loop *loop);

/**
 * loop_add() - look at a descriptor
 * @events: of epoll(7), level-triggered; EPOLLHUP and EPOLLERR come unasked
 *
 * Return: 0; -errno of epoll_ctl(2).
 */
int loop_add(struct loop *loop, struct loop_watch *watch, uint32_t events);

/** loop_change() - look for other events. Return: as loop_add(). */
int loop_change(struct loop *loop, struct loop_watch *watch, uint32_t events);

/** loop_remove() - look no more; before its descriptor is closed. */
void loop_remove(struct loop *loop, struct loop_watch *watch);

/** loop_start_timer() - call it once, in @milliseconds; a running one is set anew */
void loop_start_timer(struct loop *loop, struct loop_timer *timer, unsigned int milliseconds);

/** loop_stop_timer() - do not call it; one that does not run is accepted */
void loop_stop_timer(struct loop *loop, struct loop_timer *timer);

/**
 * loop_run() - wait and call until loop_end()
 *
 * Return: what loop_end() was given; -errno of epoll_wait(2).
 */
int loop_run(struct loop *loop);

/** loop_end() - let loop_run() return @result, 0 or more, after the callback under way */
void loop_end(struct loop *loop, int result);

#endif
