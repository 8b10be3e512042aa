/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/changes.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>
#include <unistd.h>

static bool yes(void *place)
{
	(void)place;
	return true;
}

static const struct changes_wait patient = { 60000, yes, NULL };
static const struct change_key seven = { 7, 7, NULL };

static struct changes *new_changes(void)
{
	struct changes *changes = NULL;

	cr_assert_eq(changes_new(&changes), 0);
	return changes;
}

Test(changes, to_different_inodes_do_not_wait)
{
	struct changes *changes = new_changes();
	struct change a = { 0 }, b = { 0 }, c = { 0 };

	cr_assert_eq(changes_enter(changes, &a, &(struct change_key){ 1, 1, NULL }, &patient),
		     CHANGES_ENTERED);
	cr_expect(changes_try_enter(changes, &b, &(struct change_key){ 1, 2, NULL }));
	cr_expect(changes_try_enter(changes, &c, &(struct change_key){ 2, 1, NULL }),
		  "another device's inode of that number");
	changes_leave(changes, &b);
	changes_leave(changes, &a);
	changes_leave(changes, &c);
	changes_free(changes);
}

Test(changes, to_one_inode_come_one_after_another)
{
	struct changes *changes = new_changes();
	struct change a = { 0 }, b = { 0 };

	cr_assert_eq(changes_enter(changes, &a, &(struct change_key){ 1, 1, NULL }, &patient),
		     CHANGES_ENTERED);
	cr_expect_not(changes_try_enter(changes, &b, &(struct change_key){ 1, 1, NULL }));
	changes_leave(changes, &a);
	cr_expect(changes_try_enter(changes, &b, &(struct change_key){ 1, 1, NULL }));
	changes_leave(changes, &b);
	changes_free(changes);
}

Test(changes, that_were_not_entered_are_left_without_harm)
{
	struct changes *changes = new_changes();
	struct change a = { 0 }, b = { 0 };

	changes_leave(changes, &a);
	cr_assert_eq(changes_enter(changes, &b, &(struct change_key){ 1, 1, NULL }, &patient),
		     CHANGES_ENTERED);
	changes_leave(changes, &b);
	changes_leave(changes, &b);
	cr_expect(changes_try_enter(changes, &a, &(struct change_key){ 1, 1, NULL }));
	changes_leave(changes, &a);
	changes_free(changes);
}

#define ROUNDS 20000

struct crowd {
	struct changes *changes;
	atomic_int inside;
	atomic_int collisions;
	unsigned long sum; /* no atomic: that is what the turns are for */
};

static void *add_up(void *place)
{
	struct crowd *crowd = place;
	struct change change = { 0 };

	for (int i = 0; i < ROUNDS; i++) {
		(void)changes_enter(crowd->changes, &change, &seven, &patient);
		if (atomic_fetch_add(&crowd->inside, 1) != 0)
			atomic_fetch_add(&crowd->collisions, 1);
		crowd->sum++;
		atomic_fetch_sub(&crowd->inside, 1);
		changes_leave(crowd->changes, &change);
	}
	return NULL;
}

Test(changes, of_many_threads_never_meet)
{
	struct crowd crowd = { .changes = new_changes() };
	pthread_t threads[4];

	for (size_t i = 0; i < 4; i++)
		cr_assert_eq(pthread_create(&threads[i], NULL, add_up, &crowd), 0);
	for (size_t i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	cr_expect_eq(atomic_load(&crowd.collisions), 0);
	cr_expect_eq(crowd.sum, 4UL * ROUNDS);
	changes_free(crowd.changes);
}

/* One that waits in a thread of its own. */
struct waiter {
	struct changes *changes;
	struct changes_wait wait;
	struct change change;
	pthread_t thread;
	_Atomic pid_t tid; /* of the thread; 0: it has not begun */
	int result;
	atomic_int *turns; /* how many have had theirs */
	int turn; /* the number of this one's */
};

static void *wait_for_turn(void *place)
{
	struct waiter *waiter = place;

	atomic_store(&waiter->tid, gettid());
	waiter->result = changes_enter(waiter->changes, &waiter->change, &seven, &waiter->wait);
	if (waiter->turns)
		waiter->turn = atomic_fetch_add(waiter->turns, 1);
	changes_leave(waiter->changes, &waiter->change);
	return NULL;
}

static char state_of(pid_t tid)
{
	char path[64], state = '?';

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	FILE *file = fopen(path, "re");

	cr_assert_not_null(file);
	cr_assert_eq(fscanf(file, "%*d (%*[^)]) %c", &state), 1);
	fclose(file);
	return state;
}

/* It sleeps nowhere but behind those that came before it. */
static void await_asleep(const struct waiter *waiter)
{
	while (atomic_load(&waiter->tid) == 0 || state_of(waiter->tid) != 'S')
		sched_yield();
}

static bool no(void *place)
{
	atomic_fetch_add((atomic_int *)place, 1);
	return false;
}

Test(changes, do_not_wait_longer_than_they_may)
{
	struct waiter waiter = { .changes = new_changes(), .wait = { 20, yes, NULL } };
	struct change first = { 0 };

	cr_assert(changes_try_enter(waiter.changes, &first, &(struct change_key){ 7, 7, NULL }));
	wait_for_turn(&waiter);
	cr_expect_eq(waiter.result, -ETIMEDOUT);
	changes_leave(waiter.changes, &first);
	wait_for_turn(&waiter);
	cr_expect_eq(waiter.result, CHANGES_ENTERED, "one that has given up holds nothing");
	changes_free(waiter.changes);
}

Test(changes, do_not_wait_when_they_are_not_wanted_any_more)
{
	atomic_int asked = 0;
	struct waiter waiter = { .changes = new_changes(), .wait = { 60000, no, &asked } };
	struct change first = { 0 };

	cr_assert(changes_try_enter(waiter.changes, &first, &(struct change_key){ 7, 7, NULL }));
	wait_for_turn(&waiter);
	cr_expect_eq(waiter.result, -ECANCELED);
	cr_expect_eq(atomic_load(&asked), 1);
	changes_leave(waiter.changes, &first);
	changes_free(waiter.changes);
}

Test(changes, have_their_turns_in_the_order_of_their_coming)
{
	struct changes *changes = new_changes();
	struct waiter waiters[3];
	struct change first = { 0 };
	atomic_int turns = 0;

	cr_assert(changes_try_enter(changes, &first, &(struct change_key){ 7, 7, NULL }));
	for (int i = 0; i < 3; i++) {
		waiters[i] =
			(struct waiter){ .changes = changes, .wait = patient, .turns = &turns };
		cr_assert_eq(pthread_create(&waiters[i].thread, NULL, wait_for_turn, &waiters[i]),
			     0);
		await_asleep(&waiters[i]);
	}
	changes_leave(changes, &first);
	for (int i = 0; i < 3; i++) {
		pthread_join(waiters[i].thread, NULL);
		cr_expect_eq(waiters[i].result, CHANGES_WAITED);
		cr_expect_eq(waiters[i].turn, i);
	}
	changes_free(changes);
}

Test(changes, of_different_scopes_do_not_wait)
{
	struct changes *changes = new_changes();
	struct change a = { 0 }, b = { 0 }, c = { 0 };
	const struct change_key of_one = { 1, 1, &a }, of_another = { 1, 1, &b };

	cr_assert(changes_try_enter(changes, &a, &of_one));
	cr_expect(changes_try_enter(changes, &b, &of_another));
	cr_expect_not(changes_try_enter(changes, &c, &of_one));
	changes_leave(changes, &a);
	changes_leave(changes, &b);
	changes_free(changes);
}
