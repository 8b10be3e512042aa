/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/gates.h"

#include <string.h>

#include "base/log.h"
#include "daemon/entries.h"
#include "daemon/judged.h"
#include "daemon/opened.h"
#include "daemon/revoked.h"
#include "integrity/gate.h"
#include "integrity/gate_ask.h"
#include "integrity/revocation.h"
#include "keep/journal.h"

/* ---- who passes which gate ---- */

/* Containers of which nothing is left in the journal: what they have in gates of a daemon before, see daemon/unserved.h. */
static void look_at_unserved(struct gates *gates)
{
	const struct opened *opened = gates->opened;
	size_t before = gates->unserved.count;
	int r = unserved_look(&opened->pins, opened->gate, opened->procfs, &gates->unserved);

	if (r < 0)
		log_error("cannot look at the gates of an nsxattrd before: %s", strerror(-r));
	else if (gates->unserved.count != before)
		log_notice(
			"%zu user namespaces stay shut by the gate of an nsxattrd before, for their "
			"containers, which nsxattrd does not serve any more, have processes",
			gates->unserved.count);
}

static bool is_of_our_gate(const struct opened *opened, int fd)
{
	int own[GATE_DESCRIPTORS_MAX];
	size_t count = opened->gate ? gate_descriptors(opened->gate, own) : 0;

	for (size_t i = 0; i < count; i++)
		if (own[i] == fd)
			return true;
	return false;
}

/* What an nsxattrd before had for a gate. Return: the next entry of it; NULL: there is no other one. */
static const struct entry *next_of_gates_before(const struct opened *opened,
						const struct entry *before)
{
	const struct entry *entry = before;

	do
		entry = journal_next_of(opened->journal, ENTRY_GATE, entry);
	while (entry && is_of_our_gate(opened, entry->fd));
	return entry;
}

static void close_gate_before(struct gates *gates)
{
	const struct entry *entry = NULL;

	while ((entry = next_of_gates_before(gates->opened, entry)) != NULL)
		entries_drop(gates->entries, entry);
}

/* @place: the registry */
static bool is_served(const void *place, uint32_t number)
{
	return judged_find(place, number);
}

/* Return: whether all of them pass our gate. */
static bool look_at_shut(struct gates *gates)
{
	const struct unserved_shut shut = {
		.entries = gates->entries,
		.gate = gates->opened->gate,
		.procfs = gates->opened->procfs,
		.is_served = is_served,
		.place = gates->registry,
	};

	judged_set_aside(gates->registry, gates->entries);
	int r = unserved_shut(&shut);

	if (r < 0)
		log_error(
			"user namespaces of containers that are not served any more cannot be had pass the gate: %s",
			strerror(-r));
	else if (r != gates->shut)
		log_notice(
			"in %d user namespaces, whose containers are not served any more, nothing is executed, for "
			"they have processes",
			r);
	gates->shut = r < 0 ? gates->shut : r;
	return r >= 0;
}

/* What cannot pass our gate still has the one before. */
void gates_look(struct gates *gates)
{
	bool is_complete = judged_enter_gate(gates->registry);

	if (!look_at_shut(gates) || !is_complete)
		return;
	close_gate_before(gates);
	look_at_unserved(gates);
}

void gates_pass(struct gates *gates)
{
	if (gates->opened->gate)
		gate_forget_askers(gates->opened->gate);
	gates_look(gates);
}

/* ---- revoked keys ---- */

int gates_tell(const struct gates *gates)
{
	const struct opened *opened = gates->opened;
	int r = opened->gate ?
			gate_revoke(opened->gate, revocation_generation(opened->revocation)) :
			0;

	if (r < 0)
		log_error(
			"what was judged by keys that are revoked may pass the gate, and what is judged from now on "
			"does not: %s",
			strerror(-r));
	return r;
}

/*
 * A gate before is there still where a container cannot pass ours. Without a gate of ours this process may not ask what a
 * descriptor is.
 */
static void tell_gates_before(const struct opened *opened)
{
	uint64_t generation = revocation_generation(opened->revocation);
	const struct entry *entry = NULL;

	while (opened->gate && (entry = next_of_gates_before(opened, entry)) != NULL) {
		int r = gate_revoke_by(entry->fd, generation);

		if (r < 0)
			log_error(
				"what was judged by keys that are revoked may pass the gate of an nsxattrd before, "
				"where a container has that one only: %s",
				strerror(-r));
	}
}

int gates_read_revoked(const struct gates *gates, struct policies_report *report)
{
	const struct opened *opened = gates->opened;
	int r = revoked_read(&opened->revoked, gates->entries, opened->revocation, report);

	if (r < 0)
		log_error("the revoked keys stay as they were");
	int told = gates_tell(gates);

	tell_gates_before(opened);
	return r < 0 ? r : told;
}

void gates_done(struct gates *gates)
{
	unserved_done(&gates->unserved);
}
