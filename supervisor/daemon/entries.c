/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/entries.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/service.h"
#include "count_of.h"
#include "daemon/kept_bytes.h"
#include "daemon/policy_folders.h"
#include "daemon/shared_policy.h"
#include "keep/succession.h"

/** struct policy_entry - a policy that is kept, with its file's text */
struct policy_entry {
	struct shared_policy *policy; /* counted */
	uint64_t serial;
	int fd; /* of the memfd */
	unsigned int attachments;
	struct policy_entry *next;
};

/*
 * struct policy_record - in the entry of a policy. Another version may read it: only add at the end. The oldest wrote the
 * name alone, and a text without keys behind it.
 */
struct policy_record {
	char name[POLICY_NAME_MAX + 1];
	uint64_t text_length; /* bytes of the text; what is behind it is policy_keys_pack()'s */
};

static bool is_of_gate(enum entry_kind kind)
{
	return kind == ENTRY_GATE || kind == ENTRY_FENCE || kind == ENTRY_SHUT;
}

static void store(const struct entries *entries, uint64_t serial, int fd, enum entry_kind kind)
{
	char name[SUCCESSION_NAME_SIZE];

	succession_name_entry(name, serial);
	int r = is_of_gate(kind) ? service_store_unwatched(entries->service, name, fd) :
				   service_store(entries->service, name, &fd, 1);

	if (r < 0)
		log_warning("the service manager does not store a descriptor: %s", strerror(-r));
}

int entries_keep(struct entries *entries, int fd, enum entry_kind kind, const void *record,
		 size_t size, uint64_t *ret_serial)
{
	bool is_stored = journal_find(entries->journal, fd);
	int r = journal_keep(entries->journal, fd, kind, record, size, ret_serial);

	if (r == 0 && !is_stored)
		store(entries, *ret_serial, fd, kind);
	return r;
}

void entries_forget(struct entries *entries, uint64_t serial)
{
	const struct entry *entry = journal_find_serial(entries->journal, serial);
	char name[SUCCESSION_NAME_SIZE];

	if (!serial)
		return;
	if (entry)
		journal_forget(entries->journal, entry->fd);
	succession_name_entry(name, serial);
	(void)service_forget(entries->service, name);
}

void entries_drop(struct entries *entries, const struct entry *entry)
{
	int fd = entry->fd;

	entries_forget(entries, entry->serial);
	close(fd);
}

int entries_store_journal(const struct entries *entries)
{
	char name[SUCCESSION_NAME_SIZE];
	int fd = journal_fd(entries->journal);
	uint64_t generation = journal_head(entries->journal)->generation;

	succession_name_journal(name, generation);
	int r = service_store(entries->service, name, &fd, 1);

	/* Ours has all that was in the one before, and is the one that is found from now on. */
	if (r < 0 || generation == 0)
		return r;
	succession_name_journal(name, generation - 1);
	return service_forget(entries->service, name);
}

/* ---- policies ---- */

static int make_memory(const struct shared_policy *policy)
{
	_cleanup_free_ char *keys = NULL;
	size_t keys_length = 0;
	int r = policy->keys ? policy_keys_pack(policy->keys, &keys, &keys_length) : 0;
	const struct kept_part parts[] = { { policy->text, policy->length },
					   { keys, keys_length } };

	return r < 0 ? r : kept_bytes_new("nsxattr-policy", parts, COUNT_OF(parts));
}

/* Return: it, in the list, without an attachment; NULL without memory. */
static struct policy_entry *add_policy(struct entries *entries, struct shared_policy *policy,
				       uint64_t serial, int fd)
{
	struct policy_entry *entry = malloc(sizeof(*entry));

	if (!entry)
		return NULL;
	*entry = (struct policy_entry){ shared_policy_ref(policy), serial, fd, 0,
					entries->policies };
	entries->policies = entry;
	return entry;
}

static void entry_free(struct policy_entry *entry)
{
	shared_policy_unref(entry->policy);
	free(entry);
}

static void remove_policy(struct entries *entries, struct policy_entry *entry)
{
	struct policy_entry **place = &entries->policies;

	while (*place != entry)
		place = &(*place)->next;
	*place = entry->next;
	entries_forget(entries, entry->serial);
	close(entry->fd);
	entry_free(entry);
}

static struct policy_entry *find_serial(const struct entries *entries, uint64_t serial)
{
	struct policy_entry *entry = serial ? entries->policies : NULL;

	while (entry && entry->serial != serial)
		entry = entry->next;
	return entry;
}

static int make_entry(struct entries *entries, struct shared_policy *policy,
		      struct policy_entry **ret_entry)
{
	struct policy_record record = { .text_length = policy->length };
	_cleanup_fd_ int fd = make_memory(policy);
	uint64_t serial = 0;

	if (fd < 0)
		return fd;
	snprintf(record.name, sizeof(record.name), "%s", policy->policy->name);
	int r = entries_keep(entries, fd, ENTRY_POLICY, &record, sizeof(record), &serial);

	if (r < 0)
		return r;
	*ret_entry = add_policy(entries, policy, serial, fd);
	if (!*ret_entry) {
		entries_forget(entries, serial);
		return -ENOMEM;
	}
	(void)TAKE_FD(fd);
	return 0;
}

int entries_keep_policy(struct entries *entries, struct shared_policy *policy, uint64_t *ret_serial)
{
	struct policy_entry *entry = entries->policies;
	int r = 0;

	*ret_serial = 0;
	if (!policy->text)
		return 0;
	while (entry && entry->policy != policy)
		entry = entry->next;
	if (!entry)
		r = make_entry(entries, policy, &entry);
	if (r < 0)
		return r;
	entry->attachments++;
	*ret_serial = entry->serial;
	return 0;
}

void entries_release_policy(struct entries *entries, uint64_t serial)
{
	struct policy_entry *entry = find_serial(entries, serial);

	if (entry && --entry->attachments == 0)
		remove_policy(entries, entry);
}

struct shared_policy *entries_find_policy(struct entries *entries, uint64_t serial,
					  const char *name)
{
	const struct policy_entry *entry = find_serial(entries, serial);

	if (entry)
		return shared_policy_ref(entry->policy);
	struct shared_policy *builtin = serial ? NULL : shared_policy_new_builtin(name);

	if (!builtin)
		log_error("the policy '%s' of a running container cannot be used any more", name);
	return builtin;
}

/* ---- policies that were kept by another process ---- */

/* @keys: of a policy that judges nothing there are none */
static int split_memory(int fd, const struct policy_record *record, char **ret_text,
			size_t *ret_length, struct policy_keys **ret_keys)
{
	int r = kept_bytes_read(fd, ret_text, ret_length);

	if (r < 0 || record->text_length == 0 || record->text_length >= *ret_length)
		return r;
	r = policy_keys_unpack(*ret_text + record->text_length,
			       *ret_length - (size_t)record->text_length, ret_keys);
	*ret_length = (size_t)record->text_length;
	return r;
}

/* Return: whether it is in the list. */
static bool restore_policy(struct entries *entries, const struct entry *entry)
{
	struct policy_record record;
	struct policy_keys *keys = NULL;
	char *text = NULL;
	size_t length = 0;

	journal_read_record(entry, &record, sizeof(record));
	record.name[POLICY_NAME_MAX] = '\0';
	if (split_memory(entry->fd, &record, &text, &length, &keys) < 0) {
		free(text);
		return false;
	}
	struct shared_policy *policy = shared_policy_load(record.name, text, length, keys);
	bool is_there = policy && add_policy(entries, policy, entry->serial, entry->fd);

	shared_policy_unref(policy);
	return is_there;
}

void entries_restore_policies(struct entries *entries)
{
	const struct entry *entry = NULL;

	while ((entry = journal_next_of(entries->journal, ENTRY_POLICY, entry)) != NULL)
		if (!restore_policy(entries, entry))
			entries_drop(entries, entry);
}

void entries_forget_unused_policies(struct entries *entries)
{
	struct policy_entry *next;

	for (struct policy_entry *entry = entries->policies; entry; entry = next) {
		next = entry->next;
		if (entry->attachments == 0)
			remove_policy(entries, entry);
	}
}

void entries_free(struct entries *entries)
{
	while (entries->policies) {
		struct policy_entry *entry = entries->policies;

		entries->policies = entry->next;
		entry_free(entry);
	}
}
