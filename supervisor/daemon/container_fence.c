/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The entries are kept before the container passes the gate, so that a worker that finds them without a container knows
 * what there is in the gate.
 */
#include "daemon/container_fence.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "daemon/container_userns.h"
#include "daemon/entries.h"
#include "integrity/gate.h"
#include "integrity/gate_container.h"
#include "integrity/gate_namespaces.h"
#include "judge/fence.h"

/* Of verdicts: another number is another meaning of what is in them. */
#define MEANING 3

/** struct fence_record - in an entry. Another version may read it: only add at the end. */
struct fence_record {
	uint64_t list; /* the serial of the container's measurement list */
	uint32_t part; /* enum container_fence_part */
	uint32_t meaning; /* of verdicts; what follows is of those of today's */
	uint32_t numbering; /* of the gate's versions */
	uint32_t padding;
};

/* ---- entries ---- */

static struct fence_record read_record(const struct entry *entry)
{
	struct fence_record record;

	journal_read_record(entry, &record, sizeof(record));
	return record;
}

static int keep_userns(struct container_fence *fence, struct entries *entries, uint64_t list,
		       int fd)
{
	const struct fence_record record = { .list = list, .part = FENCE_USERNS };

	return entries_keep(entries, fd, ENTRY_FENCE, &record, sizeof(record),
			    &fence->serials[FENCE_USERNS]);
}

static int keep_verdicts(struct container_fence *fence, struct entries *entries,
			 const struct gate *gate, uint64_t list, int fd)
{
	const struct fence_record record = {
		.list = list,
		.part = FENCE_VERDICTS,
		.meaning = MEANING,
		.numbering = gate_numbering(gate),
	};

	return entries_keep(entries, fd, ENTRY_FENCE, &record, sizeof(record),
			    &fence->serials[FENCE_VERDICTS]);
}

static void forget_entries(struct container_fence *fence, struct entries *entries)
{
	for (size_t i = 0; i < FENCE_PARTS; i++) {
		entries_forget(entries, fence->serials[i]);
		fence->serials[i] = 0;
	}
}

/* ---- a container comes ---- */

/* @userns, @verdicts: the fence's on success */
static int build(struct container_fence *fence, struct gate *gate, int userns, int verdicts)
{
	struct gate_container *container = NULL;
	int r = gate_container_adopt(gate, userns, verdicts, &container);

	if (r < 0)
		return r;
	r = fence_new_of(gate, container, &fence->fence);
	if (r < 0)
		gate_container_leave(container);
	return r;
}

static int make(struct container_fence *fence, struct entries *entries, struct gate *gate,
		uint64_t list, int userns)
{
	_cleanup_fd_ int verdicts = gate_verdicts_new();
	int r = verdicts < 0 ? verdicts : keep_userns(fence, entries, list, userns);

	if (r == 0)
		r = keep_verdicts(fence, entries, gate, list, verdicts);
	if (r == 0)
		r = build(fence, gate, userns, verdicts);
	if (r == 0)
		(void)TAKE_FD(verdicts);
	return r;
}

static bool is_shut(const struct gate *gate, int userns)
{
	uint32_t number = container_userns_number(userns);

	return number && gate_namespaces_has(gate_namespaces(gate), number);
}

int container_fence_new(struct container_fence *fence, struct entries *entries, struct gate *gate,
			const struct integrity *integrity, uint64_t list, int userns)
{
	_cleanup_fd_ int owned = userns;

	fence->was_shut = is_shut(gate, userns);
	int r = make(fence, entries, gate, list, owned);

	if (r < 0) {
		forget_entries(fence, entries);
		return r;
	}
	(void)TAKE_FD(owned);
	r = fence_enter(fence->fence, integrity);
	if (r < 0 && !fence->was_shut)
		container_fence_end(fence, entries, "");
	return r;
}

/* ---- one that was left ---- */

static bool is_of_today(const struct gate *gate, const struct fence_record *record)
{
	return record->meaning == MEANING && record->numbering == gate_numbering(gate) &&
	       record->numbering;
}

/* What does not count any more is closed. Return: whether there is a namespace. */
static bool find_parts(struct container_fence *fence, struct entries *entries,
		       const struct gate *gate, uint64_t list, int ret_fds[FENCE_PARTS])
{
	const struct entry *entry = NULL;

	while ((entry = journal_next_of(entries->journal, ENTRY_FENCE, entry)) != NULL) {
		const struct fence_record record = read_record(entry);

		if (record.list != list || record.part >= FENCE_PARTS)
			continue;
		if (!fence->serials[record.part] &&
		    (record.part == FENCE_USERNS || is_of_today(gate, &record))) {
			fence->serials[record.part] = entry->serial;
			ret_fds[record.part] = entry->fd;
			continue;
		}
		entries_drop(entries, entry);
	}
	return ret_fds[FENCE_USERNS] >= 0;
}

int container_fence_restore(struct container_fence *fence, struct entries *entries,
			    struct gate *gate, uint64_t list)
{
	int fds[FENCE_PARTS] = { -1, -1 }, r = 0;

	if (!find_parts(fence, entries, gate, list, fds))
		return -ENOENT;
	if (fds[FENCE_VERDICTS] < 0) {
		r = fds[FENCE_VERDICTS] = gate_verdicts_new();
		if (r >= 0)
			r = keep_verdicts(fence, entries, gate, list, fds[FENCE_VERDICTS]);
	}
	if (r >= 0)
		r = build(fence, gate, fds[FENCE_USERNS], fds[FENCE_VERDICTS]);
	/* Then the entries are those of no container: see container_fence_set_aside(). */
	if (r < 0)
		memset(fence->serials, 0, sizeof(fence->serials));
	return r;
}

int container_fence_enter(struct container_fence *fence, const struct integrity *integrity)
{
	return fence_enter(fence->fence, integrity);
}

/* ---- ends ---- */

void container_fence_end(struct container_fence *fence, struct entries *entries, const char *label)
{
	fence_report(fence->fence, label);
	forget_entries(fence, entries);
	fence_free(TAKE_PTR(fence->fence));
}

void container_fence_leave(struct container_fence *fence)
{
	fence_leave(TAKE_PTR(fence->fence));
}

void container_fence_set_aside(struct entries *entries,
			       bool (*is_used)(const void *place, uint64_t list), const void *place)
{
	const struct entry *entry = NULL;

	while ((entry = journal_next_of(entries->journal, ENTRY_FENCE, entry)) != NULL) {
		const struct fence_record record = read_record(entry);
		uint64_t serial;

		if (is_used(place, record.list))
			continue;
		if (record.part == FENCE_USERNS) {
			(void)entries_keep(entries, entry->fd, ENTRY_SHUT, NULL, 0, &serial);
			continue;
		}
		entries_drop(entries, entry);
	}
}
