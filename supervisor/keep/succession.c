/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The numbers of descriptors in the old journal are those of the old program. The name of a descriptor has the serial of
 * its entry in the old journal. A slot has the number of its source, which is looked up among the old entries.
 *
 * Descriptors that requests in hand own have entries in our journal until the requests are imported, which is when the
 * old program has ended.
 */
#include "keep/succession.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/service.h"
#include "keep/journal.h"
#include "keep/offer.h"
#include "request/notify.h"

static const char journal_prefix[] = "journal-";
static const char entry_prefix[] = "kept-";
static const char inode_prefix[] = "inode-";
static const char listener_prefix[] = "listener-";

/* ---- names ---- */

static void make_name(char name[SUCCESSION_NAME_SIZE], const char *prefix, uint64_t number)
{
	snprintf(name, SUCCESSION_NAME_SIZE, "%s%llu", prefix, (unsigned long long)number);
}

void succession_name_journal(char name[SUCCESSION_NAME_SIZE], uint64_t generation)
{
	make_name(name, journal_prefix, generation);
}

void succession_name_entry(char name[SUCCESSION_NAME_SIZE], uint64_t serial)
{
	make_name(name, entry_prefix, serial);
}

/* Return: whether the name is the prefix and a number. */
static bool parse_name(const char *name, const char *prefix, uint64_t *ret_number)
{
	size_t length = strlen(prefix);
	char *end;

	if (strncmp(name, prefix, length) != 0 || name[length] < '0' || name[length] > '9')
		return false;
	errno = 0;
	*ret_number = strtoull(name + length, &end, 10);
	return errno == 0 && *end == '\0';
}

bool succession_is_entry(const char *name)
{
	uint64_t serial;

	return parse_name(name, entry_prefix, &serial);
}

/* ---- what this program leaves ---- */

static bool is_left(const struct entry *entry)
{
	uint32_t kind = atomic_load(&entry->kind);

	return kind == ENTRY_SOURCE || kind == ENTRY_CONNECTION || kind == ENTRY_POLICY ||
	       kind == ENTRY_MEASUREMENTS || kind == ENTRY_GATE || kind == ENTRY_FENCE ||
	       kind == ENTRY_REVOKED || kind == ENTRY_LIFE || kind == ENTRY_SHUT;
}

static int list_entry(const struct entry *entry, succession_visitor *visit, void *place)
{
	char name[SUCCESSION_NAME_SIZE];

	succession_name_entry(name, entry->serial);
	return is_left(entry) ? visit(place, name, entry->fd) : 0;
}

static int list_slot(const struct slot *slot, size_t index, succession_visitor *visit, void *place)
{
	int r = 0, inode = atomic_load(&slot->effect.fd);
	char name[SUCCESSION_NAME_SIZE];

	if (!slot->notification.id)
		return 0;
	make_name(name, listener_prefix, index);
	if (slot->listener >= 0 && slot->listener != slot->source)
		r = visit(place, name, slot->listener);
	make_name(name, inode_prefix, index);
	if (r == 0 && atomic_load(&slot->effect.step) == EFFECT_BEGUN && inode >= 0)
		r = visit(place, name, inode);
	return r;
}

int succession_list(struct journal *journal, succession_visitor *visit, void *place)
{
	const struct entry *entry = NULL;
	char name[SUCCESSION_NAME_SIZE];

	succession_name_journal(name, journal_head(journal)->generation);
	int r = visit(place, name, journal_fd(journal));

	while (r == 0 && (entry = journal_next_entry(journal, entry)))
		r = list_entry(entry, visit, place);
	for (size_t i = 0; r == 0 && i < journal_slot_count(journal); i++)
		r = list_slot(journal_slot(journal, i), i, visit, place);
	return r;
}

/* ---- the old journal ---- */

static const struct entry *old_entry(const struct succession *succession, size_t index)
{
	const struct journal_head *head = succession->head;

	return (const void *)((const char *)head + head->entries_offset + index * head->entry_size);
}

static const struct slot *old_slot(const struct succession *succession, size_t index)
{
	const struct journal_head *head = succession->head;

	return (const void *)((const char *)head + head->slots_offset + index * head->slot_size);
}

static bool fits(size_t size, uint64_t offset, uint64_t count, uint64_t each)
{
	return offset <= size && each > 0 && each % 8 == 0 && offset % 8 == 0 &&
	       count <= (size - offset) / each;
}

static bool is_sane(const struct journal_head *head, size_t size)
{
	return memcmp(head->magic, JOURNAL_MAGIC, sizeof(head->magic)) == 0 &&
	       fits(size, head->entries_offset, atomic_load(&head->entry_count),
		    head->entry_size) &&
	       fits(size, head->slots_offset, atomic_load(&head->slot_count), head->slot_size) &&
	       head->entry_size >= sizeof(struct entry) &&
	       head->notification_size >= sizeof(uint64_t) &&
	       head->slot_size >= (uint64_t)head->notification_size + sizeof(int);
}

static int map_old(int fd, struct succession *succession)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return -errno;
	if (status.st_size < (off_t)sizeof(struct journal_head))
		return -EBADMSG;
	size_t size = (size_t)status.st_size;
	void *memory = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);

	if (memory == MAP_FAILED)
		return -errno;
	if (!is_sane(memory, size)) {
		munmap(memory, size);
		return -EBADMSG;
	}
	succession->head = memory;
	succession->size = size;
	return 0;
}

static struct service_fd *find_newest_journal(struct service_fds *left)
{
	struct service_fd *newest = NULL;
	uint64_t highest = 0, generation;

	for (size_t i = 0; i < left->count; i++)
		if (parse_name(left->fds[i].name, journal_prefix, &generation) &&
		    (!newest || generation > highest)) {
			newest = &left->fds[i];
			highest = generation;
		}
	return newest;
}

/* ---- its entries ---- */

static int compare_names(const void *a, const void *b)
{
	const struct service_fd *left = a, *right = b;

	return strcmp(left->name, right->name);
}

/* @left: sorted */
static int import_entry(struct succession *succession, const struct entry *old,
			struct service_fds *left)
{
	char name[SUCCESSION_NAME_SIZE];

	succession_name_entry(name, old->serial);
	const struct service_fd key = { .name = name };
	struct service_fd *found =
		bsearch(&key, left->fds, left->count, sizeof(key), compare_names);

	if (!is_left(old) || old->record_size > JOURNAL_RECORD_SIZE || !found || found->fd < 0)
		return 0;
	int r = journal_import(succession->journal, found->fd, old);

	if (r == 0)
		(void)TAKE_FD(found->fd);
	return r;
}

static int import_entries(struct succession *succession, struct service_fds *left)
{
	int r = 0;

	for (size_t i = 0; i < atomic_load(&succession->head->entry_count) && r == 0; i++)
		r = import_entry(succession, old_entry(succession, i), left);
	return r;
}

/*
 * Descriptors that requests in hand own: their records are their names. There are few, for the old program has answered
 * all requests but those that hang.
 */
static int import_request_fds(struct succession *succession, struct service_fds *left)
{
	int r = 0;

	for (size_t i = 0; i < left->count && r == 0; i++) {
		struct service_fd *fd = &left->fds[i];
		uint64_t slot;

		if (!parse_name(fd->name, inode_prefix, &slot) &&
		    !parse_name(fd->name, listener_prefix, &slot))
			continue;
		r = journal_keep(succession->journal, fd->fd, ENTRY_OWN, fd->name,
				 strlen(fd->name) + 1, NULL);
		if (r == 0)
			(void)TAKE_FD(fd->fd);
	}
	return r;
}

/* The next worker may have to claim it again. */
static int keep_copy(struct succession *succession, struct service_fd *left)
{
	if (!offer_is_copy(left->fd))
		return 0;
	int r = journal_keep(succession->journal, left->fd, ENTRY_OWN, NULL, 0,
			     &succession->copy_serial);

	if (r == 0)
		succession->copy = TAKE_FD(left->fd);
	return r;
}

int succession_import(struct journal *journal, struct service_fds *left, bool is_living,
		      struct succession *ret_succession)
{
	struct succession succession = { .journal = journal, .copy = -1 };
	struct journal_head *head = journal_head(journal);

	*ret_succession = succession;
	if (left->count > 0)
		qsort(left->fds, left->count, sizeof(*left->fds), compare_names);
	struct service_fd *newest = find_newest_journal(left);

	/* Before anything of it is read: what another process can change is not what was checked. */
	if (is_living && (!newest || !offer_is_copy(newest->fd)))
		return -EPROTO;
	if (!newest)
		return 0;
	int r = map_old(newest->fd, &succession);

	if (r < 0)
		return r;
	head->generation = succession.head->generation + 1;
	atomic_store(&head->serial, atomic_load(&succession.head->serial));
	atomic_store(&head->deaths, atomic_load(&succession.head->deaths));
	r = import_entries(&succession, left);
	if (r == 0)
		r = import_request_fds(&succession, left);
	if (r == 0)
		r = keep_copy(&succession, newest);
	if (r == 0)
		*ret_succession = succession;
	else
		munmap(succession.head, succession.size);
	return r;
}

bool succession_claim(const struct succession *succession)
{
	return succession->copy < 0 || offer_claim(succession->copy);
}

/* If a worker before this one has closed it, its number may be another's: the serial tells. */
void succession_finish(struct succession *succession)
{
	if (succession->copy >= 0 &&
	    journal_find_serial(succession->journal, succession->copy_serial))
		journal_close(succession->journal, &succession->copy);
	succession->copy = -1;
}

/* ---- requests in hand ---- */

/* Return: our descriptor of the source that had this number; -1. */
static int find_source(const struct succession *succession, int number)
{
	const struct entry *old = NULL;

	for (size_t i = 0; i < atomic_load(&succession->head->entry_count) && !old; i++) {
		old = old_entry(succession, i);
		if (old->fd != number || atomic_load(&old->kind) != ENTRY_SOURCE)
			old = NULL;
	}
	const struct entry *ours = old ? journal_find_serial(succession->journal, old->serial) :
					 NULL;

	return ours ? ours->fd : -1;
}

/* Return: the descriptor that the request owns from now on; -1. */
static int take_request_fd(struct succession *succession, const char *prefix, size_t index)
{
	const struct entry *entry = NULL;
	char name[SUCCESSION_NAME_SIZE];

	make_name(name, prefix, index);
	while ((entry = journal_next_of(succession->journal, ENTRY_OWN, entry)) &&
	       (entry->record_size != strlen(name) + 1 || strcmp(entry->record, name) != 0))
		;
	int fd = entry ? entry->fd : -1;

	journal_forget(succession->journal, fd);
	return fd;
}

static bool is_understood(const struct succession *succession)
{
	const struct journal_head *head = succession->head;

	return head->format == JOURNAL_FORMAT && head->slot_size == sizeof(struct slot) &&
	       head->notification_size == sizeof(struct seccomp_notif);
}

/* All that is known of a request in another format: its id, and its source. */
static void refuse(struct succession *succession, size_t index)
{
	const struct outcome refusal = outcome_refused(EIO, REASON_NO_WORKER);
	const char *slot = (const char *)old_slot(succession, index);
	uint64_t id;
	int source;

	memcpy(&id, slot, sizeof(id));
	memcpy(&source, slot + succession->head->notification_size, sizeof(source));
	int listener = find_source(succession, source);

	if (listener >= 0)
		(void)notify_answer(listener, id, &refusal);
	log_warning("a request of an nsxattrd with another journal (%u, not %u) has failed: EIO",
		    succession->head->format, JOURNAL_FORMAT);
}

static bool translate(struct succession *succession, size_t index, struct slot *ret_slot)
{
	struct slot slot = *old_slot(succession, index);
	int source = find_source(succession, slot.source);

	slot.listener = slot.listener == slot.source ?
				source :
				take_request_fd(succession, listener_prefix, index);
	slot.source = source;
	atomic_store(&slot.effect.fd, take_request_fd(succession, inode_prefix, index));
	*ret_slot = slot;
	return source >= 0;
}

/* Has a worker of ours, which has died since, put the request into our journal? */
static bool is_taken(const struct succession *succession, uint64_t id)
{
	for (size_t i = 0; i < journal_slot_count(succession->journal); i++)
		if (journal_slot(succession->journal, i)->notification.id == id)
			return true;
	return false;
}

bool succession_next_request(struct succession *succession, size_t *index, struct slot *ret_slot)
{
	size_t count = succession->head ? atomic_load(&succession->head->slot_count) : 0;
	uint64_t id;

	for (; *index < count; (*index)++) {
		memcpy(&id, old_slot(succession, *index), sizeof(id));
		if (!id || is_taken(succession, id))
			continue;
		if (!is_understood(succession))
			refuse(succession, *index);
		else if (translate(succession, *index, ret_slot))
			return true;
	}
	return false;
}
