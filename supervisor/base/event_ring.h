/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BASE_EVENT_RING_H
#define NSXATTR_BASE_EVENT_RING_H

/*
 * Events in shared memory, for readers that may be slow, dead or hostile. The writers, threads of a worker, wait for no
 * reader and for no other writer, and make no system call. The newest events overwrite the oldest. A reader has a descriptor
 * by which it cannot write, and finds out by itself what it has missed.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/event.h"

/* Events in a ring: 40 ms of what two processors can answer at most. A power of two. */
#define EVENT_RING_EVENTS 4096

struct event_ring;

/**
 * event_ring_new() - an empty ring
 * @ret_ring: to write to; event_ring_free() it
 * @ret_fd: the caller's; nobody can make it smaller, or map it once more to write
 *
 * Return: 0; -errno.
 */
int event_ring_new(struct event_ring **ret_ring, int *ret_fd);

/** event_ring_free() - NULL is accepted. */
void event_ring_free(struct event_ring *ring);

/** event_ring_write() - one event more; for any thread */
void event_ring_write(struct event_ring *ring, const struct event *event);

/** struct event_reader - what a process has read of a ring; begins with event_reader_open() */
struct event_reader {
	const struct event_ring *ring;
	uint64_t next; /* the number of the event to read */
	uint64_t lost; /* so many were overwritten before they were read */
	uint64_t awaited; /* this one had a number, but was not there yet, plus 1 */
};

/**
 * event_reader_open() - begin with what comes next
 * @fd: of a ring, borrowed
 * @ret_reader: event_reader_close() it
 *
 * Return: 0; -EPROTO: it is no ring of this version; -errno.
 */
int event_reader_open(int fd, struct event_reader *ret_reader);

/** event_reader_close() - a zeroed one is accepted */
void event_reader_close(struct event_reader *reader);

/**
 * event_reader_take() - the next event
 *
 * An event that is still being written is awaited until the next call, and lost if it is not there then: the caller
 * pauses in between.
 *
 * Return: whether there was one.
 */
bool event_reader_take(struct event_reader *reader, struct event *ret_event);

#endif
