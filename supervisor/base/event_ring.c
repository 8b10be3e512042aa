/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * A writer takes a number, by which it has a place: the number modulo the size. The place's state is twice the number of
 * its event plus 2, or plus 1 while that is being written; 0 at first. A writer that finds its place in use (the one before
 * it has slept for a whole round) lets its event go. A reader copies an event, and then looks whether the state is still
 * the same. Words of events are atomic, so that such a copy is no data race.
 */
#include "base/event_ring.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

#ifndef F_SEAL_FUTURE_WRITE /* Linux 5.1 */
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

#define MAGIC "nsxattr\n"
#define FORMAT 2
#define WORDS (sizeof(struct event) / sizeof(uint64_t))
#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL)

_Static_assert((EVENT_RING_EVENTS & (EVENT_RING_EVENTS - 1)) == 0, "numbers may wrap around");

struct event_slot {
	_Atomic(uint64_t) state;
	_Atomic(uint64_t) words[WORDS];
};

struct event_ring {
	char magic[8];
	uint32_t format;
	uint32_t event_size;
	_Alignas(64) _Atomic(uint64_t) next; /* the number of the next event */
	_Alignas(64) struct event_slot slots[EVENT_RING_EVENTS];
};

static uint64_t state_of(uint64_t number)
{
	return 2 * number + 2;
}

/* ---- writing ---- */

/* All of it is there from the beginning: a write that finds no memory would end the process. */
int event_ring_new(struct event_ring **ret_ring, int *ret_fd)
{
	_cleanup_fd_ int fd = memfd_create("nsxattr-events", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0 || ftruncate(fd, sizeof(struct event_ring)) < 0 ||
	    fallocate(fd, 0, 0, sizeof(struct event_ring)) < 0)
		return -errno;
	struct event_ring *ring =
		mmap(NULL, sizeof(*ring), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (ring == MAP_FAILED)
		return -errno;
	if (fcntl(fd, F_ADD_SEALS, SEALS) < 0) {
		int error = errno;

		event_ring_free(ring);
		return -error;
	}
	ring->format = FORMAT;
	ring->event_size = sizeof(struct event);
	memcpy(ring->magic, MAGIC, sizeof(ring->magic));
	*ret_ring = ring;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

void event_ring_free(struct event_ring *ring)
{
	if (ring)
		munmap(ring, sizeof(*ring));
}

/* Releases, so that whoever sees one of these words sees the state of before, too. */
static void store(struct event_slot *slot, const struct event *event)
{
	uint64_t words[WORDS];

	memcpy(words, event, sizeof(words));
	for (size_t i = 0; i < WORDS; i++)
		atomic_store_explicit(&slot->words[i], words[i], memory_order_release);
}

void event_ring_write(struct event_ring *ring, const struct event *event)
{
	uint64_t number = atomic_fetch_add(&ring->next, 1);
	struct event_slot *slot = &ring->slots[number % EVENT_RING_EVENTS];
	uint64_t state = atomic_load(&slot->state);

	if (state % 2 != 0 || state > state_of(number) ||
	    !atomic_compare_exchange_strong(&slot->state, &state, state_of(number) - 1))
		return;
	store(slot, event);
	atomic_store_explicit(&slot->state, state_of(number), memory_order_release);
}

/* ---- reading ---- */

int event_reader_open(int fd, struct event_reader *ret_reader)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return -errno;
	if (status.st_size != sizeof(struct event_ring))
		return -EPROTO;
	struct event_ring *ring = mmap(NULL, sizeof(*ring), PROT_READ, MAP_SHARED, fd, 0);

	if (ring == MAP_FAILED)
		return -errno;
	if (memcmp(ring->magic, MAGIC, sizeof(ring->magic)) != 0 || ring->format != FORMAT ||
	    ring->event_size != sizeof(struct event)) {
		event_ring_free(ring);
		return -EPROTO;
	}
	*ret_reader = (struct event_reader){ .ring = ring, .next = atomic_load(&ring->next) };
	return 0;
}

void event_reader_close(struct event_reader *reader)
{
	event_ring_free((struct event_ring *)(uintptr_t)reader->ring);
	*reader = (struct event_reader){ 0 };
}

/* Return: whether @ret_event was there before and after. */
static bool copy(const struct event_slot *slot, uint64_t state, struct event *ret_event)
{
	uint64_t words[WORDS];

	for (size_t i = 0; i < WORDS; i++)
		words[i] = atomic_load_explicit(&slot->words[i], memory_order_acquire);
	if (atomic_load(&slot->state) != state)
		return false;
	memcpy(ret_event, words, sizeof(*ret_event));
	return true;
}

static void skip(struct event_reader *reader, uint64_t count)
{
	reader->lost += count;
	reader->next += count;
}

/* Half a round is left to the writers, that what is read next be there still. */
static void catch_up(struct event_reader *reader, uint64_t end)
{
	if (end - reader->next > EVENT_RING_EVENTS)
		skip(reader, end - reader->next - EVENT_RING_EVENTS / 2);
}

bool event_reader_take(struct event_reader *reader, struct event *ret_event)
{
	uint64_t end = atomic_load(&reader->ring->next);

	catch_up(reader, end);
	for (; reader->next != end; skip(reader, 1)) {
		const struct event_slot *slot =
			&reader->ring->slots[reader->next % EVENT_RING_EVENTS];
		uint64_t expected = state_of(reader->next), state = atomic_load(&slot->state);

		if (state == expected && copy(slot, state, ret_event)) {
			reader->next++;
			return true;
		}
		if (state < expected && reader->awaited != reader->next + 1) {
			reader->awaited = reader->next + 1;
			return false;
		}
	}
	return false;
}
