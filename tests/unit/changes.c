/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/changes.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

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

	changes_enter(changes, &a, 1, 1);
	cr_expect(changes_try_enter(changes, &b, 1, 2));
	cr_expect(changes_try_enter(changes, &c, 2, 1), "another device's inode of that number");
	changes_leave(changes, &b);
	changes_leave(changes, &a);
	changes_leave(changes, &c);
	changes_free(changes);
}

Test(changes, to_one_inode_come_one_after_another)
{
	struct changes *changes = new_changes();
	struct change a = { 0 }, b = { 0 };

	changes_enter(changes, &a, 1, 1);
	cr_expect_not(changes_try_enter(changes, &b, 1, 1));
	changes_leave(changes, &a);
	cr_expect(changes_try_enter(changes, &b, 1, 1));
	changes_leave(changes, &b);
	changes_free(changes);
}

Test(changes, that_were_not_entered_are_left_without_harm)
{
	struct changes *changes = new_changes();
	struct change a = { 0 }, b = { 0 };

	changes_leave(changes, &a);
	changes_enter(changes, &b, 1, 1);
	changes_leave(changes, &b);
	changes_leave(changes, &b);
	cr_expect(changes_try_enter(changes, &a, 1, 1));
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
		changes_enter(crowd->changes, &change, 7, 7);
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
