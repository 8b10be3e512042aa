/* SPDX-License-Identifier: Apache-2.0 */
#include "keep/slots.h"

static size_t index_of(const struct slots *slots, const struct reception *reception)
{
	return (size_t)(reception - slots->receptions);
}

/* The journal's slot is found by its index, whatever is in the journal. */
static struct reception *reception_at(struct slots *slots, size_t index)
{
	struct reception *reception = &slots->receptions[index];

	reception->slot = journal_slot(slots->journal, index);
	reception->is_barred = journal_flag(slots->journal, JOURNAL_BARRED);
	return reception;
}

void slots_init(struct slots *slots, struct journal *journal)
{
	size_t count = journal_slot_count(journal);

	slots->journal = journal;
	for (size_t i = 0; i < count; i++)
		if (journal_slot(journal, i)->notification.id)
			slots->uses[i] = SLOT_INHERITED;
}

struct reception *slots_take(struct slots *slots)
{
	size_t index = slots->first_free;

	while (index < JOURNAL_SLOTS_MAX && slots->uses[index] != SLOT_FREE)
		index++;
	if (index == JOURNAL_SLOTS_MAX)
		return NULL;
	slots->first_free = index + 1;
	slots->uses[index] = SLOT_TAKEN;
	slots->receptions[index] = (struct reception){ 0 };
	return reception_at(slots, index);
}

/* The id last: if we die before, it is as if nothing had been taken. */
struct reception *slots_import(struct slots *slots, const struct slot *left)
{
	struct reception *reception = slots_take(slots);

	if (!reception)
		return NULL;
	*reception->slot = *left;
	reception->slot->notification.id = 0;
	atomic_signal_fence(memory_order_release);
	reception->slot->notification.id = left->notification.id;
	slots->uses[index_of(slots, reception)] = SLOT_INHERITED;
	return reception;
}

struct reception *slots_take_inherited(struct slots *slots, int source)
{
	struct reception *reception = NULL;

	while ((reception = slots_next_inherited(slots, reception)) &&
	       reception->slot->source != source)
		;
	if (reception)
		slots->uses[index_of(slots, reception)] = SLOT_TAKEN;
	return reception;
}

void slots_release(struct slots *slots, const struct reception *reception)
{
	if (!reception)
		return;
	size_t index = index_of(slots, reception);

	slots->uses[index] = SLOT_FREE;
	if (index < slots->first_free)
		slots->first_free = index;
}

struct reception *slots_next_inherited(struct slots *slots, const struct reception *before)
{
	size_t count = journal_slot_count(slots->journal);

	for (size_t i = before ? index_of(slots, before) + 1 : 0; i < count; i++)
		if (slots->uses[i] == SLOT_INHERITED)
			return reception_at(slots, i);
	return NULL;
}
