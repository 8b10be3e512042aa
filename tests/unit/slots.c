/* SPDX-License-Identifier: Apache-2.0 */
#include "keep/slots.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#define SOURCE 7
#define OTHER 8

static struct journal *journal;
static struct slots *slots;

static void begin(void)
{
	cr_assert_eq(journal_new(&journal), 0);
	slots = calloc(1, sizeof(*slots));
	cr_assert_not_null(slots);
}

static void finish(void)
{
	free(slots);
	journal_free(journal);
}

TestSuite(slots, .init = begin, .fini = finish);

static void leave(size_t index, uint64_t id, int source)
{
	struct slot *slot = journal_slot(journal, index);

	slot->source = source;
	slot->notification.id = id;
}

Test(slots, are_taken_from_the_lowest_that_is_free)
{
	slots_init(slots, journal);
	struct reception *first = slots_take(slots), *second = slots_take(slots);

	cr_expect_eq(first->slot, journal_slot(journal, 0));
	cr_expect_eq(second->slot, journal_slot(journal, 1));
	slots_release(slots, first);
	cr_expect_eq(slots_take(slots), first);
}

Test(slots, give_out_what_a_dead_worker_has_left_by_its_source)
{
	leave(0, 77, SOURCE);
	leave(2, 78, OTHER);
	slots_init(slots, journal);
	cr_expect_eq(slots_take(slots)->slot, journal_slot(journal, 1), "0 is in use");
	const struct reception *left = slots_take_inherited(slots, OTHER);

	cr_assert_not_null(left);
	cr_expect_eq(left->slot->notification.id, 78);
	cr_expect_null(slots_take_inherited(slots, OTHER), "it is taken");
	cr_expect_eq(slots_next_inherited(slots, NULL)->slot->notification.id, 77);
}

Test(slots, import_a_request_of_another_program)
{
	const struct slot left = { .notification.id = 79, .source = SOURCE };

	slots_init(slots, journal);
	const struct reception *imported = slots_import(slots, &left);

	cr_assert_not_null(imported);
	cr_expect_eq(journal_count_in_hand(journal), 1);
	cr_expect_eq(slots_take_inherited(slots, SOURCE), imported);
}

Test(slots, are_all_barred_at_once)
{
	slots_init(slots, journal);
	const struct reception *before = slots_take(slots);

	journal_set(journal, JOURNAL_BARRED, true);
	cr_expect(atomic_load(before->is_barred));
	cr_expect(atomic_load(slots_take(slots)->is_barred));
	journal_set(journal, JOURNAL_BARRED, false);
	cr_expect_not(atomic_load(before->is_barred));
}

Test(slots, are_bounded)
{
	slots_init(slots, journal);
	for (size_t i = 0; i < JOURNAL_SLOTS_MAX; i++)
		cr_assert_not_null(slots_take(slots));
	cr_expect_null(slots_take(slots));
	cr_expect_null(slots_import(slots, &(struct slot){ 0 }));
}
