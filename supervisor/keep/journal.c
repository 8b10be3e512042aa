/* SPDX-License-Identifier: Apache-2.0 */
#include "keep/journal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/forker.h"

struct journal {
	struct journal_head head; /* first: it is the beginning of the memory */
	int fd;
	atomic_bool is_concluded;
	atomic_int status;
	atomic_bool is_settled;
	atomic_bool is_serving;
	atomic_bool is_clear;
	atomic_bool is_listing;
	atomic_int copy; /* of struct journal_offer */
	atomic_int successor;
	struct entry kept[JOURNAL_ENTRIES_MAX];
	struct slot slots[JOURNAL_SLOTS_MAX];
};

_Static_assert(offsetof(struct slot, notification) == 0 &&
		       offsetof(struct slot, source) == sizeof(struct seccomp_notif),
	       "a slot of any format begins like this");

static void write_head(struct journal *journal)
{
	struct journal_head *head = &journal->head;

	memcpy(head->magic, JOURNAL_MAGIC, sizeof(head->magic));
	head->format = JOURNAL_FORMAT;
	head->notification_size = sizeof(struct seccomp_notif);
	head->entries_offset = offsetof(struct journal, kept);
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

/* It cannot be made smaller by anybody who is handed it. */
int journal_new(struct journal **ret_journal)
{
	_cleanup_fd_ int fd = make_memory();

	if (fd < 0)
		return fd;
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
		return -errno;
	struct journal *journal =
		mmap(NULL, sizeof(*journal), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (journal == MAP_FAILED)
		return -errno;
	write_head(journal);
	journal->fd = TAKE_FD(fd);
	*ret_journal = journal;
	return 0;
}

int journal_withdraw(struct journal *journal)
{
	int fd = journal->fd;

	if (mmap(journal, sizeof(*journal), PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) == MAP_FAILED)
		return -errno;
	close(fd);
	write_head(journal);
	journal->fd = -1;
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

/* ---- what is kept ---- */

/* Other processes have this memory, too: no number in it leads out of it. */
static size_t bounded(uint64_t count, size_t most)
{
	return count < most ? (size_t)count : most;
}

static size_t entry_count(const struct journal *journal)
{
	return bounded(atomic_load(&journal->head.entry_count), JOURNAL_ENTRIES_MAX);
}

static struct entry *free_kept(struct journal *journal)
{
	size_t count = entry_count(journal);

	for (size_t i = 0; i < count; i++)
		if (atomic_load(&journal->kept[i].kind) == ENTRY_FREE)
			return &journal->kept[i];
	if (count == JOURNAL_ENTRIES_MAX)
		return NULL;
	atomic_store(&journal->head.entry_count, count + 1);
	return &journal->kept[count];
}

static void write_record(struct entry *kept, const void *record, size_t size)
{
	kept->record_size = (uint32_t)size;
	if (size > 0)
		memcpy(kept->record, record, size);
}

const struct entry *journal_keep(struct journal *journal, int fd, enum entry_kind kind,
				 const void *record, size_t size)
{
	struct entry *kept = size > JOURNAL_RECORD_SIZE ? NULL : free_kept(journal);

	if (!kept)
		return NULL;
	kept->fd = fd;
	kept->serial = atomic_fetch_add(&journal->head.serial, 1) + 1;
	write_record(kept, record, size);
	atomic_store(&kept->kind, kind);
	return kept;
}

const struct entry *journal_keep_again(struct journal *journal, int fd, const struct entry *old)
{
	struct entry *kept = free_kept(journal);

	if (!kept)
		return NULL;
	kept->fd = fd;
	kept->serial = old->serial;
	write_record(kept, old->record, old->record_size);
	if (old->serial > atomic_load(&journal->head.serial))
		atomic_store(&journal->head.serial, old->serial);
	atomic_store(&kept->kind, atomic_load(&old->kind));
	return kept;
}

static struct entry *find(struct journal *journal, int fd)
{
	for (struct entry *kept = NULL; (kept = journal_next_entry(journal, kept)) != NULL;)
		if (kept->fd == fd)
			return kept;
	return NULL;
}

const struct entry *journal_find(struct journal *journal, int fd)
{
	return find(journal, fd);
}

const struct entry *journal_settle_guest(struct journal *journal, int fd, const void *record,
					 size_t size)
{
	struct entry *kept = find(journal, fd);

	if (!kept)
		return NULL;
	write_record(kept, record, size);
	atomic_store(&kept->kind, ENTRY_SOURCE);
	return kept;
}

int journal_reserve(struct journal *journal)
{
	for (;;) {
		_cleanup_fd_ int fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);

		if (fd < 0)
			return -errno;
		if (fd >= FORKER_TABLE)
			return 0;
		if (!journal_keep(journal, fd, ENTRY_OWN, NULL, 0))
			return -ENOSPC;
		(void)TAKE_FD(fd);
	}
}

void journal_keep_from_children(struct journal *journal)
{
	(void)madvise(journal, sizeof(*journal), MADV_DONTFORK);
}

void journal_forget(struct journal *journal, int fd)
{
	for (struct entry *kept = NULL; (kept = journal_next_entry(journal, kept)) != NULL;)
		if (kept->fd == fd)
			atomic_store(&kept->kind, ENTRY_FREE);
}

struct entry *journal_next_entry(struct journal *journal, struct entry *before)
{
	struct entry *end = journal->kept + entry_count(journal);

	for (struct entry *kept = before ? before + 1 : journal->kept; kept < end; kept++)
		if (atomic_load(&kept->kind) != ENTRY_FREE)
			return kept;
	return NULL;
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

static int compare(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* What stays open, in ascending order. Return: how many; -ENOMEM. */
static int list_kept(struct journal *journal, int **ret_fds)
{
	size_t slot_count = journal_slot_count(journal);
	/* The journal itself, what is offered, and of a slot two. The count of what is kept may change meanwhile. */
	size_t most = 3 + JOURNAL_ENTRIES_MAX + 2 * slot_count;
	int *fds = malloc(most * sizeof(*fds));
	int count = 0;

	if (!fds)
		return -ENOMEM;
	fds[count++] = journal->fd;
	fds[count++] = atomic_load(&journal->copy);
	fds[count++] = atomic_load(&journal->successor);
	for (struct entry *kept = NULL; (kept = journal_next_entry(journal, kept)) != NULL;)
		fds[count++] = kept->fd;
	for (size_t i = 0; i < slot_count; i++) {
		const struct slot *slot = &journal->slots[i];

		if (!slot->notification.id)
			continue;
		fds[count++] = slot->listener;
		if (atomic_load(&slot->effect.step) == EFFECT_BEGUN)
			fds[count++] = atomic_load(&slot->effect.fd);
	}
	qsort(fds, (size_t)count, sizeof(*fds), compare);
	*ret_fds = fds;
	return count;
}

/* Only what the kernel itself has made is sure to be closed at once: other files can be a peer's. */
static bool may_wait(int procfs, int fd)
{
	char path[32], target[64];
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || (flags & O_PATH))
		return false;
	snprintf(path, sizeof(path), "self/fd/%d", fd);
	ssize_t length = readlinkat(procfs, path, target, sizeof(target) - 1);

	if (length < 0)
		return true;
	target[length] = '\0';
	/* "anon_inode:[io_uring]", "pipe:[4]", "user:[5]"; a path begins with '/', or "(unreachable)". */
	return target[0] == '/' || target[0] == '(' || strncmp(target, "socket:", 7) == 0;
}

/** struct rest - descriptors that are open and not kept */
struct rest {
	int *fds;
	size_t count;
	size_t room;
};

static int add_rest(struct rest *rest, int fd)
{
	if (rest->count == rest->room) {
		size_t room = rest->room ? rest->room * 2 : 64;
		int *fds = realloc(rest->fds, room * sizeof(*fds));

		if (!fds)
			return -ENOMEM;
		rest->fds = fds;
		rest->room = room;
	}
	rest->fds[rest->count++] = fd;
	return 0;
}

static bool is_kept(const int *kept, int count, int fd)
{
	return fd <= STDERR_FILENO ||
	       bsearch(&fd, kept, (size_t)count, sizeof(*kept), compare) != NULL;
}

static void close_directory(DIR **directory)
{
	if (*directory)
		closedir(*directory);
}

/* Nothing is closed while the directory is read: its entries are these descriptors. */
static int list_rest(int procfs, const int *kept, int count, struct rest *rest)
{
	int fd = openat(procfs, "self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	__attribute__((cleanup(close_directory))) DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	int r = directory ? 0 : -errno;

	while (r == 0 && (entry = readdir(directory))) {
		int other = (int)strtol(entry->d_name, NULL, 10);

		if (entry->d_name[0] != '.' && other != fd && !is_kept(kept, count, other))
			r = add_rest(rest, other);
	}
	return r;
}

/* Those for which that may wait stay. */
static void close_rest(int procfs, struct rest *rest)
{
	size_t count = 0;

	for (size_t i = 0; i < rest->count; i++)
		if (may_wait(procfs, rest->fds[i]))
			rest->fds[count++] = rest->fds[i];
		else
			close(rest->fds[i]);
	rest->count = count;
}

int journal_count_in_hand(const struct journal *journal)
{
	int count = 0;

	for (size_t i = 0; i < journal_slot_count(journal); i++)
		count += journal->slots[i].notification.id != 0;
	return count;
}

int journal_inherit(struct journal *journal, int procfs, int **ret_rest, size_t *ret_count)
{
	_cleanup_free_ int *kept = NULL;
	int count = list_kept(journal, &kept);
	struct rest rest = { 0 };

	if (count < 0)
		return count;
	int r = list_rest(procfs, kept, count, &rest);

	if (r < 0) {
		free(rest.fds);
		return r;
	}
	close_rest(procfs, &rest);
	journal_set_listing(journal, false);
	*ret_rest = rest.fds;
	*ret_count = rest.count;
	return journal_count_in_hand(journal);
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

void journal_set_settled(struct journal *journal)
{
	atomic_store(&journal->is_settled, true);
}

bool journal_is_settled(const struct journal *journal)
{
	return atomic_load(&journal->is_settled);
}

void journal_set_serving(struct journal *journal, bool is_serving)
{
	atomic_store(&journal->is_serving, is_serving);
}

bool journal_is_serving(const struct journal *journal)
{
	return atomic_load(&journal->is_serving);
}

void journal_set_listing(struct journal *journal, bool is_listing)
{
	atomic_store(&journal->is_listing, is_listing);
}

bool journal_is_listing(const struct journal *journal)
{
	return atomic_load(&journal->is_listing);
}

void journal_set_clear(struct journal *journal, bool is_clear)
{
	atomic_store(&journal->is_clear, is_clear);
}

bool journal_is_clear(const struct journal *journal)
{
	return atomic_load(&journal->is_clear);
}

/* ---- another program ---- */

void journal_bar(struct journal *journal, bool is_barred)
{
	for (size_t i = 0; i < journal_slot_count(journal); i++)
		atomic_store(&journal->slots[i].effect.is_barred, is_barred);
}

/* A step that is not begun when we look stays so, and what belongs to one that is does not change. */
static void copy_slot(struct slot *copy, const struct slot *slot)
{
	uint32_t step = atomic_load(&slot->effect.step);

	*copy = *slot;
	atomic_store(&copy->effect.step, step);
	atomic_store(&copy->effect.is_barred, false);
}

static void copy_all(struct journal *copy, const struct journal *journal)
{
	copy->head = journal->head;
	memcpy(copy->kept, journal->kept, entry_count(journal) * sizeof(journal->kept[0]));
	for (size_t i = 0; i < journal_slot_count(journal); i++)
		copy_slot(&copy->slots[i], &journal->slots[i]);
}

static int write_part(const struct journal *copy, int fd, size_t begin, size_t end)
{
	if (lseek(fd, (off_t)begin, SEEK_SET) < 0)
		return -errno;
	while (begin < end) {
		ssize_t count = write(fd, (const char *)copy + begin, end - begin);

		if (count < 0)
			return -errno;
		begin += (size_t)count;
	}
	return 0;
}

static int write_sealed(const struct journal *copy, int fd)
{
	size_t slots = offsetof(struct journal, slots);
	int r = write_part(copy, fd, 0,
			   offsetof(struct journal, kept) +
				   entry_count(copy) * sizeof(copy->kept[0]));

	if (r == 0)
		r = write_part(copy, fd, slots,
			       slots + journal_slot_count(copy) * sizeof(copy->slots[0]));
	if (r == 0 && fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
		r = -errno;
	return r;
}

int journal_copy(const struct journal *journal, struct journal **ret_copy)
{
	_cleanup_fd_ int fd = make_memory();

	if (fd < 0)
		return fd;
	struct journal *copy = mmap(NULL, sizeof(*copy), PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (copy == MAP_FAILED)
		return -errno;
	copy_all(copy, journal);
	int r = write_sealed(copy, fd);

	copy->fd = r < 0 ? -1 : TAKE_FD(fd);
	if (r < 0)
		journal_free(copy);
	else
		*ret_copy = copy;
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

unsigned long journal_count_death(struct journal *journal)
{
	return atomic_fetch_add(&journal->head.deaths, 1) + 1;
}

unsigned long journal_deaths(const struct journal *journal)
{
	return atomic_load(&journal->head.deaths);
}
