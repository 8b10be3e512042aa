/* SPDX-License-Identifier: Apache-2.0 */
#include "keep/journal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct journal {
	atomic_bool is_concluded;
	atomic_int status;
	atomic_bool is_serving;
	atomic_bool is_clear;
	atomic_ulong deaths;
	atomic_size_t kept_count; /* with those that are free again */
	atomic_size_t slot_count;
	struct kept kept[JOURNAL_KEPT_MAX];
	struct received slots[JOURNAL_SLOTS_MAX];
};

/* Only what is touched becomes memory. */
int journal_new(struct journal **ret_journal)
{
	void *memory = mmap(NULL, sizeof(struct journal), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED)
		return -errno;
	*ret_journal = memory;
	return 0;
}

void journal_free(struct journal *journal)
{
	if (journal)
		munmap(journal, sizeof(*journal));
}

static struct kept *free_kept(struct journal *journal)
{
	size_t count = atomic_load(&journal->kept_count);

	for (size_t i = 0; i < count; i++)
		if (atomic_load(&journal->kept[i].kind) == KEPT_NOTHING)
			return &journal->kept[i];
	if (count == JOURNAL_KEPT_MAX)
		return NULL;
	atomic_store(&journal->kept_count, count + 1);
	return &journal->kept[count];
}

int journal_keep(struct journal *journal, int fd, enum kept_kind kind, const void *record,
		 size_t size)
{
	if (size > JOURNAL_RECORD_SIZE)
		return -ENOSPC;
	struct kept *kept = free_kept(journal);

	if (!kept)
		return -ENOSPC;
	kept->fd = fd;
	kept->record_size = (uint32_t)size;
	if (size > 0)
		memcpy(kept->record, record, size);
	atomic_store(&kept->kind, kind);
	return 0;
}

void journal_forget(struct journal *journal, int fd)
{
	for (struct kept *kept = NULL; (kept = journal_next_kept(journal, kept)) != NULL;)
		if (kept->fd == fd)
			atomic_store(&kept->kind, KEPT_NOTHING);
}

bool journal_keeps(struct journal *journal, int fd)
{
	for (struct kept *kept = NULL; (kept = journal_next_kept(journal, kept)) != NULL;)
		if (kept->fd == fd)
			return true;
	return false;
}

struct kept *journal_next_kept(struct journal *journal, struct kept *before)
{
	struct kept *end = journal->kept + atomic_load(&journal->kept_count);

	for (struct kept *kept = before ? before + 1 : journal->kept; kept < end; kept++)
		if (atomic_load(&kept->kind) != KEPT_NOTHING)
			return kept;
	return NULL;
}

struct received *journal_slot(struct journal *journal, size_t index)
{
	if (index >= JOURNAL_SLOTS_MAX)
		return NULL;
	if (index >= atomic_load(&journal->slot_count))
		atomic_store(&journal->slot_count, index + 1);
	return &journal->slots[index];
}

size_t journal_slot_count(const struct journal *journal)
{
	return atomic_load(&journal->slot_count);
}

static int compare(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* What stays open, in ascending order. Return: how many; -ENOMEM. */
static int list_kept(struct journal *journal, int **ret_fds)
{
	size_t slot_count = journal_slot_count(journal);
	int *fds = malloc((atomic_load(&journal->kept_count) + slot_count + 1) * sizeof(*fds));
	int count = 0;

	if (!fds)
		return -ENOMEM;
	for (struct kept *kept = NULL; (kept = journal_next_kept(journal, kept)) != NULL;)
		fds[count++] = kept->fd;
	for (size_t i = 0; i < slot_count; i++) {
		const struct received *slot = &journal->slots[i];

		if (slot->notification.id && atomic_load(&slot->effect.step) == EFFECT_BEGUN)
			fds[count++] = atomic_load(&slot->effect.fd);
	}
	qsort(fds, (size_t)count, sizeof(*fds), compare);
	*ret_fds = fds;
	return count;
}

static int close_between(const int *fds, int count)
{
	unsigned int next = STDERR_FILENO + 1;

	for (int i = 0; i < count; i++) {
		if (fds[i] < (int)next)
			continue;
		if (fds[i] > (int)next && close_range(next, (unsigned int)fds[i] - 1, 0) < 0)
			return -errno;
		next = (unsigned int)fds[i] + 1;
	}
	return close_range(next, ~0U, 0) < 0 ? -errno : 0;
}

static int count_in_hand(const struct journal *journal)
{
	int count = 0;

	for (size_t i = 0; i < journal_slot_count(journal); i++)
		count += journal->slots[i].notification.id != 0;
	return count;
}

int journal_inherit(struct journal *journal)
{
	int *fds = NULL;
	int count = list_kept(journal, &fds);

	if (count < 0)
		return count;
	int r = close_between(fds, count);

	free(fds);
	return r < 0 ? r : count_in_hand(journal);
}

void journal_conclude(struct journal *journal, int status)
{
	atomic_store(&journal->status, status);
	atomic_store(&journal->is_concluded, true);
}

bool journal_is_concluded(const struct journal *journal, int *ret_status)
{
	if (!atomic_load(&journal->is_concluded))
		return false;
	*ret_status = atomic_load(&journal->status);
	return true;
}

void journal_set_serving(struct journal *journal, bool is_serving)
{
	atomic_store(&journal->is_serving, is_serving);
}

bool journal_is_serving(const struct journal *journal)
{
	return atomic_load(&journal->is_serving);
}

void journal_set_clear(struct journal *journal, bool is_clear)
{
	atomic_store(&journal->is_clear, is_clear);
}

bool journal_is_clear(const struct journal *journal)
{
	return atomic_load(&journal->is_clear);
}

unsigned long journal_count_death(struct journal *journal)
{
	return atomic_fetch_add(&journal->deaths, 1) + 1;
}

unsigned long journal_deaths(const struct journal *journal)
{
	return atomic_load(&journal->deaths);
}
