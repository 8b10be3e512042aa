/* SPDX-License-Identifier: Apache-2.0 */
#include "keep/slots.h"

static size_t index_of(struct slots *slots, const struct received *slot)
{
	return (size_t)(slot - journal_slot(slots->journal, 0));
}

/* What pointed into the memory of the worker that has died points nowhere. */
static void forget_memory(struct received *slot)
{
	slot->change = (struct change){ 0 };
	slot->witness = NULL;
	slot->place = NULL;
}

void slots_init(struct slots *slots, struct journal *journal)
{
	size_t count = journal_slot_count(journal);

	*slots = (struct slots){ .journal = journal };
	for (size_t i = 0; i < count; i++) {
		struct received *slot = journal_slot(journal, i);

		forget_memory(slot);
		if (slot->notification.id)
			slots->uses[i] = SLOT_INHERITED;
	}
}

struct received *slots_take(struct slots *slots)
{
	size_t index = 0;

	while (index < JOURNAL_SLOTS_MAX && slots->uses[index] != SLOT_FREE)
		index++;
	struct received *slot = journal_slot(slots->journal, index);

	if (slot)
		slots->uses[index] = SLOT_TAKEN;
	return slot;
}

/* The id last: if we die before, it is as if nothing had been taken. */
struct received *slots_adopt(struct slots *slots, const struct received *left)
{
	struct received *slot = slots_take(slots);

	if (!slot)
		return NULL;
	*slot = *left;
	slot->notification.id = 0;
	forget_memory(slot);
	atomic_signal_fence(memory_order_release);
	slot->notification.id = left->notification.id;
	slots->uses[index_of(slots, slot)] = SLOT_INHERITED;
	return slot;
}

void slots_take_over(struct slots *slots, struct received *slot)
{
	slots->uses[index_of(slots, slot)] = SLOT_TAKEN;
}

void slots_release(struct slots *slots, struct received *slot)
{
	if (slot)
		slots->uses[index_of(slots, slot)] = SLOT_FREE;
}

struct received *slots_next_inherited(struct slots *slots, struct received *before)
{
	size_t count = journal_slot_count(slots->journal);

	for (size_t i = before ? index_of(slots, before) + 1 : 0; i < count; i++)
		if (slots->uses[i] == SLOT_INHERITED)
			return journal_slot(slots->journal, i);
	return NULL;
}
