/* SPDX-License-Identifier: Apache-2.0 */
/* Events pass from many writers to readers that may be slow; what is lost is counted. */
#include "base/event_ring.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"

static struct event_ring *ring;
static int fd;
static struct event_reader reader;

static void begin(void)
{
	cr_assert_eq(event_ring_new(&ring, &fd), 0);
	cr_assert_eq(event_reader_open(fd, &reader), 0);
}

static void finish(void)
{
	event_reader_close(&reader);
	event_ring_free(ring);
	fd_close(&fd);
}

TestSuite(event_ring, .init = begin, .fini = finish);

/* All of its bytes depend on the number. */
static void write_number(uint32_t number)
{
	struct event event = { .process = number };

	memset(event.name, (int)('a' + number % 26), sizeof(event.name) - 1);
	memset(event.command, (int)('a' + number % 26), sizeof(event.command) - 1);
	event_ring_write(ring, &event);
}

static bool is_whole(const struct event *event)
{
	char letter = (char)('a' + event->process % 26);

	for (size_t i = 0; i < sizeof(event->name) - 1; i++)
		if (event->name[i] != letter)
			return false;
	return event->command[0] == letter;
}

static void write_numbers(uint32_t first, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		write_number(first + i);
}

Test(event_ring, has_nothing_at_first)
{
	struct event event;

	cr_expect_not(event_reader_take(&reader, &event));
	cr_expect_eq(reader.lost, 0);
}

Test(event_ring, gives_what_was_written_in_its_order)
{
	struct event event;

	write_numbers(1, EVENT_RING_EVENTS);
	for (uint32_t i = 1; i <= EVENT_RING_EVENTS; i++) {
		cr_assert(event_reader_take(&reader, &event));
		cr_assert_eq(event.process, i);
		cr_assert(is_whole(&event));
	}
	cr_expect_not(event_reader_take(&reader, &event));
	cr_expect_eq(reader.lost, 0);
}

Test(event_ring, begins_for_a_reader_with_what_comes_next)
{
	struct event_reader late;
	struct event event;

	write_number(1);
	cr_assert_eq(event_reader_open(fd, &late), 0);
	write_number(2);
	cr_assert(event_reader_take(&late, &event));
	cr_expect_eq(event.process, 2);
	event_reader_close(&late);
}

Test(event_ring, tells_a_slow_reader_how_much_it_has_missed)
{
	struct event event;
	uint32_t count = 0, last = 0;

	write_numbers(1, 3 * EVENT_RING_EVENTS);
	for (; event_reader_take(&reader, &event); count++)
		last = event.process;
	cr_expect_eq(last, 3 * EVENT_RING_EVENTS);
	cr_expect_eq(count + reader.lost, 3 * EVENT_RING_EVENTS);
	cr_expect_geq(count, EVENT_RING_EVENTS / 2);
}

/* ---- several writers ---- */

#define WRITERS 4
#define EACH 50000

static atomic_uint writing;

static void *write_many(void *place)
{
	write_numbers(*(const uint32_t *)place, EACH);
	atomic_fetch_sub(&writing, 1);
	return NULL;
}

Test(event_ring, has_each_event_whole_or_not_at_all)
{
	uint32_t firsts[WRITERS], taken = 0;
	pthread_t threads[WRITERS];
	struct event event;

	atomic_store(&writing, WRITERS);
	for (uint32_t i = 0; i < WRITERS; i++) {
		firsts[i] = 1 + i * EACH;
		cr_assert_eq(pthread_create(&threads[i], NULL, write_many, &firsts[i]), 0);
	}
	for (bool is_over = false; !is_over;) {
		is_over = atomic_load(&writing) == 0;
		for (; event_reader_take(&reader, &event); taken++)
			cr_assert(is_whole(&event));
	}
	for (uint32_t i = 0; i < WRITERS; i++)
		pthread_join(threads[i], NULL);
	/* An event that is still awaited is lost at the second try. */
	for (int i = 0; i < 2; i++)
		for (; event_reader_take(&reader, &event); taken++)
			cr_assert(is_whole(&event));
	cr_expect_gt(taken, 0);
	cr_expect_eq(taken + reader.lost, WRITERS * EACH);
}

/* ---- whom it is for ---- */

Test(event_ring, can_be_mapped_to_write_by_nobody_else)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	_cleanup_fd_ int again = open(path, O_RDWR | O_CLOEXEC);

	cr_assert_geq(again, 0);
	cr_expect_eq(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, again, 0), MAP_FAILED);
	cr_expect_eq(pwrite(again, "x", 1, 0), -1);
	cr_expect_eq(errno, EPERM);
	cr_expect_eq(ftruncate(again, 0), -1);
}

Test(event_ring, is_no_other_file)
{
	struct event_reader other = { 0 };
	_cleanup_fd_ int file = memfd_create("other", MFD_CLOEXEC);

	cr_expect_eq(event_reader_open(file, &other), -EPROTO);
	cr_assert_eq(ftruncate(file, lseek(fd, 0, SEEK_END)), 0);
	cr_expect_eq(event_reader_open(file, &other), -EPROTO);
	event_reader_close(&other);
}
