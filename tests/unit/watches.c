/* SPDX-License-Identifier: Apache-2.0 */
/* Who is given which ring, and for how long. */
#include "daemon/watches.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <string.h>
#include <sys/stat.h>

#include "base/event_ring.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/proc.h"

static struct watches watches;
static struct event_reader reader;

static void begin(void)
{
	cr_assert_eq(loop_new(&watches.loop), 0);
	watches.procfs = proc_open();
	cr_assert_geq(watches.procfs, 0);
}

static void finish(void)
{
	event_reader_close(&reader);
	watches_done(&watches);
	loop_free(watches.loop);
	fd_close(&watches.procfs);
}

TestSuite(watches, .init = begin, .fini = finish);

/* Return: the ring's number; 0: refused. */
static uint64_t ask(uid_t user, struct event_reader *ret_reader)
{
	_cleanup_fd_ int fd = -1;
	struct json_object *answer = watches_json_new(&watches, user, &fd);
	uint64_t ring = json_object_get_uint64(json_object_object_get(answer, "ring"));

	cr_expect_eq(fd >= 0, ring > 0);
	cr_expect_eq(json_text_of(answer, "error")[0] != '\0', ring == 0);
	json_object_put(answer);
	if (ring > 0 && ret_reader)
		cr_assert_eq(event_reader_open(fd, ret_reader), 0);
	return ring;
}

static void tell(uid_t owner)
{
	const struct event event = { .owner = owner };

	if (watch_is_on(&watches.watch))
		watch_tell(&watches.watch, owner, &event);
}

/* Return: the owners of what is told. */
static unsigned int owners(void)
{
	struct event event;
	unsigned int sum = 0;

	while (event_reader_take(&reader, &event))
		sum += event.owner;
	return sum;
}

static void tell_all(void)
{
	tell(0);
	tell(1000);
	tell(1001);
}

Test(watches, are_not_on_at_first)
{
	cr_expect_not(watch_is_on(&watches.watch));
	cr_expect_not(watch_is_on(NULL));
	tell(0);
}

Test(watches, tell_root_of_all)
{
	cr_assert_gt(ask(0, &reader), 0);
	cr_expect(watch_is_on(&watches.watch));
	tell_all();
	cr_expect_eq(owners(), 2001);
	watches_done(&watches);
}

Test(watches, tell_a_user_of_their_own)
{
	cr_assert_gt(ask(0, NULL), 0);
	cr_assert_gt(ask(1000, &reader), 0);
	tell_all();
	cr_expect_eq(owners(), 1000);
	watches_done(&watches);
}

/* Nothing is read of a target, and no event made, that nobody is told. */
Test(watches, are_for_root_and_the_owner)
{
	cr_expect_not(watch_is_for(NULL, 1000));
	cr_assert_gt(ask(1000, NULL), 0);
	cr_expect(watch_is_for(&watches.watch, 1000));
	cr_expect_not(watch_is_for(&watches.watch, 1001));
	cr_expect_not(watch_is_for(&watches.watch, 0));
	cr_assert_gt(ask(0, NULL), 0);
	cr_expect(watch_is_for(&watches.watch, 1001));
	watches_done(&watches);
}

Test(watches, of_one_user_share_a_ring)
{
	uint64_t ring = ask(1000, NULL);

	cr_expect_eq(ask(1000, NULL), ring);
	watches_done(&watches);
}

Test(watches, are_of_so_many_users_at_a_time_and_root)
{
	for (uid_t user = 1; user < WATCH_RINGS_MAX; user++)
		cr_expect_gt(ask(user, NULL), 0);
	cr_expect_eq(ask(WATCH_RINGS_MAX, NULL), 0);
	cr_expect_gt(ask(1, NULL), 0);
	cr_expect_gt(ask(0, NULL), 0);
	watches_done(&watches);
}

static void end_loop(void *place)
{
	loop_end(place, 0);
}

static void run_for(unsigned int milliseconds)
{
	struct loop_timer end = { .due = end_loop, .place = watches.loop };

	loop_start_timer(watches.loop, &end, milliseconds);
	cr_assert_eq(loop_run(watches.loop), 0);
}

static void run_until_off(void)
{
	while (watch_is_on(&watches.watch))
		run_for(100);
}

Test(watches, end_when_nobody_asks_any_more)
{
	watches.lease = 1;
	cr_assert_gt(ask(1000, &reader), 0);
	run_until_off();
	tell_all();
	cr_expect_eq(owners(), 0);
	watches_done(&watches);
}

/* ---- what descriptors can keep ---- */

static struct event_ring *ring_of(uid_t user)
{
	for (size_t i = 0; i < WATCH_RINGS_MAX; i++)
		if (watches.watch.places[i].ring && watches.watch.places[i].user == user)
			return watches.watch.places[i].ring;
	return NULL;
}

/* However often the lease is over, one descriptor keeps all that there is. The number tells a reader that events are missing. */
Test(watches, give_a_user_the_same_memory_again)
{
	struct stat before, after;

	watches.lease = 1;
	uint64_t number = ask(1000, &reader);

	cr_assert_eq(fstat(watches.leases[1].fd, &before), 0);
	run_until_off();
	cr_expect_neq(ask(1000, NULL), number);
	cr_assert_eq(fstat(watches.leases[1].fd, &after), 0);
	cr_expect_eq(before.st_ino, after.st_ino);
	tell_all();
	cr_expect_eq(owners(), 1000);
	watches_done(&watches);
}

/* Each place has a ring that is not asked for any more: the first one for longest. */
static void fill(void)
{
	watches.lease = 1;
	for (uid_t user = 1; user < WATCH_RINGS_MAX; user++) {
		cr_assert_gt(ask(user, NULL), 0);
		watches.leases[user].until = user;
	}
	run_until_off();
}

Test(watches, replace_the_ring_that_was_not_asked_for_longest)
{
	fill();
	cr_expect_gt(ask(1, NULL), 0);
	run_until_off();
	cr_expect_gt(ask(1000, NULL), 0);
	cr_expect_null(ring_of(2));
	cr_expect_not_null(ring_of(1));
	watches_done(&watches);
}

Test(watches, replace_one_ring_in_a_while)
{
	fill();
	cr_expect_gt(ask(1000, NULL), 0);
	run_until_off();
	cr_expect_eq(ask(1001, NULL), 0);
	cr_expect_gt(ask(1000, NULL), 0);
	cr_expect_gt(ask(0, NULL), 0);
	run_until_off();
	watches.replaces = 0;
	cr_expect_gt(ask(1001, NULL), 0);
	watches_done(&watches);
}

Test(watches, leave_a_ring_that_a_thread_is_writing_to)
{
	fill();
	for (size_t i = 1; i < WATCH_RINGS_MAX; i++)
		atomic_store(&watches.watch.places[i].writers, 1);
	cr_expect_eq(ask(1000, NULL), 0);
	atomic_store(&watches.watch.places[3].writers, 0);
	cr_expect_gt(ask(1000, NULL), 0);
	cr_expect_null(ring_of(3));
	watches_done(&watches);
}

/* What another user was told is in no ring that this one gets. */
Test(watches, give_each_user_a_new_ring)
{
	fill();
	_cleanup_fd_ int held = proc_open_again(watches.procfs, watches.leases[1].fd, O_RDONLY);

	cr_assert_eq(event_reader_open(held, &reader), 0);
	cr_expect_gt(ask(1000, NULL), 0);
	tell_all();
	cr_expect_eq(owners(), 0);
	watches_done(&watches);
}
