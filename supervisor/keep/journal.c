/* SPDX-License-Identifier: Apache-2.0 */
#include "keep/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/forker.h"

struct journal {
	struct journal_head head; /* first: it is the beginning of the memory */
	int fd;
	atomic_bool flags[JOURNAL_FLAG_COUNT];
	atomic_int status;
	atomic_int copy; /* of struct journal_offer */
	atomic_int successor;
	struct entry entries[JOURNAL_ENTRIES_MAX];
	struct slot slots[JOURNAL_SLOTS_MAX];
};

static void write_head(struct journal *journal)
{
	struct journal_head *head = &journal->head;

	memcpy(head->magic, JOURNAL_MAGIC, sizeof(head->magic));
	head->format = JOURNAL_FORMAT;
	head->notification_size = sizeof(struct seccomp_notif);
	head->entries_offset = offsetof(struct journal, entries);
	head->entry_size = sizeof(struct entry);
	head->slots_offset = offsetof(struct journal, slots);
	head->slot_size = sizeof(struct slot);
	journal_set_offer(journal, &(struct journal_offer){ .copy = -1, .successor = -1 });
}

/* Only what is touched becomes memory. */
static int make_memory(void)
{
	_cleanup_fd_ int fd = memfd_create("nsxattr-journal", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0 || ftruncate(fd, sizeof(struct journal)) < 0)
		return -errno;
	return TAKE_FD(fd);
}

/* @flags: of mmap(2). Return: 0; -errno. */
static int map(int flags, int fd, struct journal **ret_journal)
{
	void *memory = mmap(NULL, sizeof(struct journal), PROT_READ | PROT_WRITE, flags, fd, 0);

	if (memory == MAP_FAILED)
		return -errno;
	*ret_journal = memory;
	return 0;
}

/* No process that has the descriptor can make it smaller. */
int journal_new(struct journal **ret_journal)
{
	_cleanup_fd_ int fd = make_memory();

	if (fd < 0)
		return fd;
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
		return -errno;
	int r = map(MAP_SHARED, fd, ret_journal);

	if (r < 0)
		return r;
	write_head(*ret_journal);
	(*ret_journal)->fd = TAKE_FD(fd);
	return 0;
}

int journal_new_alone(struct journal **ret_journal)
{
	int r = map(MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, ret_journal);

	if (r < 0)
		return r;
	write_head(*ret_journal);
	(*ret_journal)->fd = -1;
	return 0;
}

void journal_free(struct journal *journal)
{
	if (!journal)
		return;
	fd_close(&journal->fd);
	munmap(journal, sizeof(*journal));
}

int journal_fd(const struct journal *journal)
{
	return journal->fd;
}

struct journal_head *journal_head(struct journal *journal)
{
	return &journal->head;
}

/* ---- entries ---- */

/* Other processes have this memory, too: no number in it leads out of it. */
static size_t bounded(uint64_t count, size_t most)
{
	return count < most ? (size_t)count : most;
}

static size_t entry_count(const struct journal *journal)
{
	return bounded(atomic_load(&journal->head.entry_count), JOURNAL_ENTRIES_MAX);
}

static struct entry *find(struct journal *journal, int fd)
{
	return (struct entry *)journal_find(journal, fd);
}

static struct entry *find_free(struct journal *journal)
{
	size_t count = entry_count(journal);

	for (size_t i = 0; i < count; i++)
		if (atomic_load(&journal->entries[i].kind) == ENTRY_FREE)
			return &journal->entries[i];
	if (count == JOURNAL_ENTRIES_MAX)
		return NULL;
	atomic_store(&journal->head.entry_count, count + 1);
	return &journal->entries[count];
}

/* The kind last: without it the entry is free, or what it was. */
static void write_entry(struct entry *entry, enum entry_kind kind, const void *record, size_t size)
{
	entry->record_size = (uint32_t)size;
	if (size > 0)
		memcpy(entry->record, record, size);
	atomic_store(&entry->kind, kind);
}

int journal_keep(struct journal *journal, int fd, enum entry_kind kind, const void *record,
		 size_t size, uint64_t *ret_serial)
{
	struct entry *entry = find(journal, fd);

	if (size > JOURNAL_RECORD_SIZE)
		return -E2BIG;
	if (!entry) {
		entry = find_free(journal);
		if (!entry)
			return -ENOSPC;
		entry->fd = fd;
		entry->serial = atomic_fetch_add(&journal->head.serial, 1) + 1;
	}
	write_entry(entry, kind, record, size);
	if (ret_serial)
		*ret_serial = entry->serial;
	return 0;
}

int journal_keep_own(struct journal *journal, int fd)
{
	return journal_keep(journal, fd, ENTRY_OWN, NULL, 0, NULL);
}

int journal_import(struct journal *journal, int fd, const struct entry *old)
{
	struct entry *entry = find_free(journal);

	if (!entry)
		return -ENOSPC;
	entry->fd = fd;
	entry->serial = old->serial;
	if (old->serial > atomic_load(&journal->head.serial))
		atomic_store(&journal->head.serial, old->serial);
	write_entry(entry, atomic_load(&old->kind), old->record, old->record_size);
	return 0;
}

void journal_forget(struct journal *journal, int fd)
{
	struct entry *entry = find(journal, fd);

	if (entry)
		atomic_store(&entry->kind, ENTRY_FREE);
}

void journal_close(struct journal *journal, int *fd)
{
	journal_forget(journal, *fd);
	fd_close(fd);
}

int journal_reserve(struct journal *journal)
{
	for (;;) {
		_cleanup_fd_ int fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);

		if (fd < 0)
			return -errno;
		if (fd >= FORKER_TABLE)
			return 0;
		int r = journal_keep_own(journal, fd);

		if (r < 0)
			return r;
		(void)TAKE_FD(fd);
	}
}

const struct entry *journal_find(const struct journal *journal, int fd)
{
	const struct entry *entry = NULL;

	while ((entry = journal_next_entry(journal, entry)) && entry->fd != fd)
		;
	return entry;
}

const struct entry *journal_find_serial(const struct journal *journal, uint64_t serial)
{
	const struct entry *entry = NULL;

	while ((entry = journal_next_entry(journal, entry)) && entry->serial != serial)
		;
	return entry;
}

const struct entry *journal_next_entry(const struct journal *journal, const struct entry *before)
{
	const struct entry *end = journal->entries + entry_count(journal);

	for (const struct entry *entry = before ? before + 1 : journal->entries; entry < end;
	     entry++)
		if (atomic_load(&entry->kind) != ENTRY_FREE)
			return entry;
	return NULL;
}

const struct entry *journal_next_of(const struct journal *journal, enum entry_kind kind,
				    const struct entry *before)
{
	const struct entry *entry = before;

	while ((entry = journal_next_entry(journal, entry)) && atomic_load(&entry->kind) != kind)
		;
	return entry;
}

void journal_read_record(const struct entry *entry, void *ret_record, size_t size)
{
	memset(ret_record, 0, size);
	memcpy(ret_record, entry->record, entry->record_size < size ? entry->record_size : size);
}

/* ---- slots ---- */

void journal_keep_from_children(struct journal *journal)
{
	(void)madvise(journal, sizeof(*journal), MADV_DONTFORK);
}

struct slot *journal_slot(struct journal *journal, size_t index)
{
	if (index >= JOURNAL_SLOTS_MAX)
		return NULL;
	if (index >= atomic_load(&journal->head.slot_count))
		atomic_store(&journal->head.slot_count, index + 1);
	return &journal->slots[index];
}

size_t journal_slot_count(const struct journal *journal)
{
	return bounded(atomic_load(&journal->head.slot_count), JOURNAL_SLOTS_MAX);
}

int journal_count_in_hand(const struct journal *journal)
{
	int count = 0;

	for (size_t i = 0; i < journal_slot_count(journal); i++)
		count += journal->slots[i].notification.id != 0;
	return count;
}

/* ---- what the processes of one program tell each other ---- */

void journal_set(struct journal *journal, enum journal_flag flag, bool is_set)
{
	atomic_store(&journal->flags[flag], is_set);
}

bool journal_is(const struct journal *journal, enum journal_flag flag)
{
	return atomic_load(&journal->flags[flag]);
}

const atomic_bool *journal_flag(const struct journal *journal, enum journal_flag flag)
{
	return &journal->flags[flag];
}

void journal_conclude(struct journal *journal, int status)
{
	atomic_store(&journal->status, status);
	journal_set(journal, JOURNAL_CONCLUDED, true);
}

int journal_status(const struct journal *journal)
{
	return journal_is(journal, JOURNAL_CONCLUDED) ? atomic_load(&journal->status) : -EAGAIN;
}

unsigned long journal_count_death(struct journal *journal)
{
	return atomic_fetch_add(&journal->head.deaths, 1) + 1;
}

unsigned long journal_deaths(const struct journal *journal)
{
	return atomic_load(&journal->head.deaths);
}

unsigned long journal_generation(const struct journal *journal)
{
	return journal->head.generation;
}

/* ---- for another program ---- */

/* A step that is not begun when we look stays so, and what belongs to one that is does not change. */
static void copy_slot(struct slot *copy, const struct slot *slot)
{
	uint32_t step = atomic_load(&slot->effect.step);

	*copy = *slot;
	atomic_store(&copy->effect.step, step);
}

static void copy_all(struct journal *copy, const struct journal *journal)
{
	copy->head = journal->head;
	memcpy(copy->entries, journal->entries, entry_count(journal) * sizeof(journal->entries[0]));
	for (size_t i = 0; i < journal_slot_count(journal); i++)
		copy_slot(&copy->slots[i], &journal->slots[i]);
}

/* What is written into the copy from then on is in memory of this process only. */
int journal_copy(const struct journal *journal, struct journal **ret_copy)
{
	_cleanup_fd_ int fd = make_memory();
	struct journal *copy = NULL;
	int r = fd < 0 ? fd : map(MAP_SHARED, fd, &copy);

	if (r < 0)
		return r;
	copy_all(copy, journal);
	munmap(copy, sizeof(*copy));
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
		return -errno;
	r = map(MAP_PRIVATE | MAP_NORESERVE, fd, ret_copy);
	if (r == 0)
		(*ret_copy)->fd = TAKE_FD(fd);
	return r;
}

void journal_set_offer(struct journal *journal, const struct journal_offer *offer)
{
	atomic_store(&journal->successor, offer->successor);
	atomic_store(&journal->copy, offer->copy);
}

struct journal_offer journal_offered(const struct journal *journal)
{
	return (struct journal_offer){ .copy = atomic_load(&journal->copy),
				       .successor = atomic_load(&journal->successor) };
}
