/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A ring of blocks. A record takes as many as it needs, one behind the other, and at the end of the ring goes on at its
 * beginning: first its size, then the record, then the bytes of its texts. Both ends only ever grow. A put stores the end
 * when all of the record is there, so that it is there as a whole or not at all; and then its number, which the next process
 * finds in the record, too.
 *
 * Who has how many blocks is counted by containers and by users, in places that several of them can have in common: these
 * share, then.
 */
#include "base/audit_queue.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

#include "base/share.h"
#include "base/syscalls.h"

#define RING_SIZE ((size_t)AUDIT_QUEUE_BLOCKS * AUDIT_QUEUE_BLOCK)
#define HOLDERS 256

/** struct stored - with which a record begins in the ring; its texts follow. Their addresses mean nothing there. */
struct stored {
	uint32_t blocks;
	struct audit_record record;
};

struct audit_queue {
	_Atomic uint64_t begin, end; /* in blocks */
	_Atomic uint64_t newest; /* where the last record begins, or one that is not there yet */
	_Atomic uint64_t numbers; /* that were given */
	_Atomic uint64_t written, lost;
	atomic_bool is_torn;
	uint64_t left_last; /* the request of the last record of the process before; 0: there is none, or it failed */
	uint32_t of_users; /* blocks, as what follows */
	uint32_t containers[HOLDERS];
	uint32_t users[HOLDERS];
	char ring[AUDIT_QUEUE_BLOCKS * AUDIT_QUEUE_BLOCK];
};

/* Only what is touched becomes memory. */
int audit_queue_new(struct audit_queue **ret_queue)
{
	void *memory = mmap(NULL, sizeof(struct audit_queue), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return -errno;
	*ret_queue = memory;
	return 0;
}

void audit_queue_free(struct audit_queue *queue)
{
	if (queue)
		munmap(queue, sizeof(*queue));
}

/* ---- the ring ---- */

static void write_ring(struct audit_queue *queue, size_t at, const void *bytes, size_t length)
{
	size_t offset = at % RING_SIZE, first = RING_SIZE - offset;

	first = first < length ? first : length;
	memcpy(queue->ring + offset, bytes, first);
	memcpy(queue->ring, (const char *)bytes + first, length - first);
}

static void read_ring(const struct audit_queue *queue, size_t at, void *bytes, size_t length)
{
	size_t offset = at % RING_SIZE, first = RING_SIZE - offset;

	first = first < length ? first : length;
	memcpy(bytes, queue->ring + offset, first);
	memcpy((char *)bytes + first, queue->ring, length - first);
}

static uint32_t blocks_of(const struct audit_record *record)
{
	size_t size = sizeof(struct stored);

	for (size_t i = 0; i < AUDIT_TEXTS; i++)
		size += record->texts[i].length;
	return (uint32_t)((size + AUDIT_QUEUE_BLOCK - 1) / AUDIT_QUEUE_BLOCK);
}

static size_t taken_blocks(const struct audit_queue *queue)
{
	return (size_t)(atomic_load(&queue->end) - atomic_load(&queue->begin));
}

/* ---- shares ---- */

static uint32_t *container_of(struct audit_queue *queue, const struct audit_record *record)
{
	uint64_t key = (uint64_t)(uintptr_t)record->holder * 0x9e3779b97f4a7c15;

	return &queue->containers[key >> 56];
}

static uint32_t *user_of(struct audit_queue *queue, const struct audit_record *record)
{
	return &queue->users[record->owner * 0x9e3779b1U >> 24];
}

static void share(struct audit_queue *queue, const struct audit_record *record, uint32_t blocks)
{
	*container_of(queue, record) += blocks;
	if (record->owner == 0)
		return;
	*user_of(queue, record) += blocks;
	queue->of_users += blocks;
}

static void give_back(struct audit_queue *queue, const struct audit_record *record, uint32_t blocks)
{
	*container_of(queue, record) -= blocks;
	if (record->owner == 0)
		return;
	*user_of(queue, record) -= blocks;
	queue->of_users -= blocks;
}

/* One that has nothing may have a record, however long that is. */
static size_t holding_of(uint32_t held, size_t others)
{
	return held == 0 ? 0 : held + others;
}

/* May it have the last of so many blocks? */
static bool has_room(struct audit_queue *queue, const struct audit_record *record, uint32_t blocks)
{
	const size_t others = blocks - 1, taken = taken_blocks(queue);
	bool is_root = record->owner == 0;
	const struct share_pool pool = {
		.size = AUDIT_QUEUE_BLOCKS,
		.taken = taken + others,
		.of_users = queue->of_users + (is_root ? 0 : others),
	};
	const struct share_holding holding = {
		.is_root = is_root,
		.container = holding_of(*container_of(queue, record), others),
		.user = is_root ? 0 : holding_of(*user_of(queue, record), others),
	};

	return taken + blocks <= AUDIT_QUEUE_BLOCKS &&
	       share_judge(&pool, &holding) == SHARE_GRANTED;
}

/* ---- what a process that has died leaves ---- */

static bool is_of_table(const struct syscall_kind *kind)
{
	for (size_t i = 0; i < SYSCALL_COUNT; i++)
		if (kind == &syscall_kinds[i])
			return true;
	return false;
}

/* It may have died because it wrote where it should not have. @left: blocks */
static bool is_sound(const struct stored *stored, uint64_t left)
{
	static const size_t most[AUDIT_TEXTS] = {
		[AUDIT_CONTAINER] = AUDIT_CONTAINER_MAX, [AUDIT_ID] = AUDIT_ID_MAX,
		[AUDIT_PATH] = AUDIT_PATH_MAX,		 [AUDIT_NAME] = AUDIT_NAME_MAX,
		[AUDIT_STORED] = AUDIT_NAME_MAX,
	};
	const struct audit_record *record = &stored->record;

	for (size_t i = 0; i < AUDIT_TEXTS; i++) {
		const struct audit_bytes *text = &record->texts[i];

		if (text->length > most[i] || (text->length > 0 && !text->bytes))
			return false;
	}
	return stored->blocks == blocks_of(record) && stored->blocks <= left &&
	       record->reason < REASON_COUNT && is_of_table(record->kind);
}

/* Count the shares anew. The first record that is not sound is the end. Return: how many there are. */
static uint64_t take_over(struct audit_queue *queue)
{
	const uint64_t begin = atomic_load(&queue->begin), end = atomic_load(&queue->end);
	uint64_t at = begin, count = 0;
	struct stored stored;

	while (end - begin <= AUDIT_QUEUE_BLOCKS && at < end) {
		read_ring(queue, at * AUDIT_QUEUE_BLOCK, &stored, sizeof(stored));
		if (!is_sound(&stored, end - at))
			break;
		share(queue, &stored.record, stored.blocks);
		if (stored.record.number > atomic_load(&queue->numbers))
			atomic_store(&queue->numbers, stored.record.number);
		at += stored.blocks;
		count++;
	}
	atomic_store(&queue->end, at);
	return count;
}

/* What is neither written nor there is lost. The record that it died with may have been counted, and still be there. */
static void settle(struct audit_queue *queue, uint64_t waiting)
{
	uint64_t numbers = atomic_load(&queue->numbers), lost = atomic_load(&queue->lost);
	uint64_t written = atomic_load(&queue->written);

	numbers = numbers > waiting ? numbers : waiting;
	const uint64_t gone = numbers - waiting;

	lost = lost < gone ? lost : gone;
	written = written < gone - lost ? written : gone - lost;
	atomic_store(&queue->numbers, numbers);
	atomic_store(&queue->written, written);
	atomic_store(&queue->lost, gone - written);
}

/* A process that has died in between may have counted what is not there, or the other way round. */
void audit_queue_begin(struct audit_queue *queue)
{
	uint64_t end = atomic_load(&queue->end), newest = atomic_load(&queue->newest);
	struct stored last;

	read_ring(queue, newest * AUDIT_QUEUE_BLOCK, &last, sizeof(last));
	queue->left_last = newest < end && last.record.error == 0 ? last.record.request : 0;
	(void)madvise(queue, sizeof(*queue), MADV_DONTFORK);
	queue->of_users = 0;
	memset(queue->containers, 0, sizeof(queue->containers));
	memset(queue->users, 0, sizeof(queue->users));
	settle(queue, take_over(queue));
}

/* ---- records ---- */

bool audit_queue_put(struct audit_queue *queue, struct audit_record *record)
{
	const uint32_t blocks = blocks_of(record);
	uint64_t end = atomic_load(&queue->end);
	size_t at = end * AUDIT_QUEUE_BLOCK;

	record->number = atomic_load(&queue->numbers) + 1;
	if (!has_room(queue, record, blocks)) {
		atomic_store(&queue->numbers, record->number);
		atomic_fetch_add(&queue->lost, 1);
		return false;
	}
	const struct stored stored = { .blocks = blocks, .record = *record };

	atomic_store(&queue->newest, end);
	write_ring(queue, at, &stored, sizeof(stored));
	at += sizeof(stored);
	for (size_t i = 0; i < AUDIT_TEXTS; i++) {
		if (record->texts[i].length > 0)
			write_ring(queue, at, record->texts[i].bytes, record->texts[i].length);
		at += record->texts[i].length;
	}
	share(queue, record, blocks);
	atomic_store(&queue->end, end + blocks);
	atomic_store(&queue->numbers, record->number);
	return true;
}

bool audit_queue_was_last(const struct audit_queue *queue, uint64_t request)
{
	return request != 0 && queue->left_last == request;
}

bool audit_queue_look(const struct audit_queue *queue, struct audit_taken *ret_taken)
{
	struct audit_record *record = &ret_taken->record;
	size_t at = atomic_load(&queue->begin) * AUDIT_QUEUE_BLOCK, length = 0;
	struct stored stored;

	if (taken_blocks(queue) == 0)
		return false;
	read_ring(queue, at, &stored, sizeof(stored));
	*record = stored.record;
	for (size_t i = 0; i < AUDIT_TEXTS; i++) {
		if (record->texts[i].bytes)
			record->texts[i].bytes = ret_taken->bytes + length;
		length += record->texts[i].length;
	}
	read_ring(queue, at + sizeof(stored), ret_taken->bytes, length);
	return true;
}

void audit_queue_drop(struct audit_queue *queue, const struct audit_taken *taken, bool is_written)
{
	const uint32_t blocks = blocks_of(&taken->record);

	give_back(queue, &taken->record, blocks);
	atomic_fetch_add(is_written ? &queue->written : &queue->lost, 1);
	atomic_fetch_add(&queue->begin, blocks);
}

atomic_bool *audit_queue_torn(struct audit_queue *queue)
{
	return &queue->is_torn;
}

void audit_queue_count(const struct audit_queue *queue, struct audit_counts *ret_counts)
{
	uint64_t written = atomic_load(&queue->written), lost = atomic_load(&queue->lost);
	uint64_t numbers = atomic_load(&queue->numbers);

	*ret_counts = (struct audit_counts){
		.written = written,
		.lost = lost,
		.waiting = numbers > written + lost ? numbers - written - lost : 0,
	};
}
