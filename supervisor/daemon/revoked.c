/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A set is kept before the one before it is forgotten, so that at each moment one is there. Where there are two, a process
 * has died in between: the later one counts.
 */
#include "daemon/revoked.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/trust.h"
#include "daemon/config.h"
#include "daemon/entries.h"
#include "daemon/kept_bytes.h"
#include "daemon/policies_load.h"
#include "integrity/revocation.h"
#include "integrity/revoked_keys.h"
#include "keep/journal.h"

/** struct revoked_record - in an entry. Another version may read it: only add at the end. */
struct revoked_record {
	uint64_t generation; /* 0: this version has not written it */
};

/* ---- in the journal ---- */

static const struct entry *find_last(const struct journal *journal)
{
	const struct entry *last = NULL;

	for (const struct entry *entry = NULL;
	     (entry = journal_next_of(journal, ENTRY_REVOKED, entry)) != NULL;)
		if (!last || entry->serial > last->serial)
			last = entry;
	return last;
}

static void forget_others(struct entries *entries, uint64_t serial)
{
	const struct entry *entry = NULL;

	while ((entry = journal_next_of(entries->journal, ENTRY_REVOKED, entry)) != NULL)
		if (entry->serial != serial)
			entries_drop(entries, entry);
}

static uint64_t generation_of(const struct entry *entry)
{
	struct revoked_record record;

	journal_read_record(entry, &record, sizeof(record));
	return record.generation;
}

static bool is_kept(const struct journal *journal, const struct kept_part *bytes,
		    uint64_t generation)
{
	const struct entry *entry = find_last(journal);
	_cleanup_free_ char *kept = NULL;
	size_t length = 0;

	return entry && generation_of(entry) == generation &&
	       kept_bytes_read(entry->fd, &kept, &length) == 0 && length == bytes->length &&
	       memcmp(kept, bytes->bytes, length) == 0;
}

static int keep_bytes(struct entries *entries, const struct kept_part *bytes, uint64_t generation)
{
	const struct revoked_record record = { generation };
	_cleanup_fd_ int fd = kept_bytes_new("nsxattr-revoked", bytes, 1);
	uint64_t serial;
	int r = fd < 0 ? fd :
			 entries_keep(entries, fd, ENTRY_REVOKED, &record, sizeof(record), &serial);

	if (r < 0)
		return r;
	(void)TAKE_FD(fd);
	forget_others(entries, serial);
	return 0;
}

static int keep(struct entries *entries, const struct revoked_keys *keys, uint64_t generation)
{
	_cleanup_free_ char *packed = NULL;
	struct kept_part bytes = { 0 };
	int r = revoked_keys_pack(keys, &packed, &bytes.length);

	bytes.bytes = packed;
	return r < 0 || is_kept(entries->journal, &bytes, generation) ?
		       r :
		       keep_bytes(entries, &bytes, generation);
}

static int read_entry(const struct entry *entry, struct revoked_keys **ret_keys)
{
	_cleanup_free_ char *bytes = NULL;
	size_t length = 0;
	int r = kept_bytes_read(entry->fd, &bytes, &length);

	return r < 0 ? r : revoked_keys_unpack(bytes, length, ret_keys);
}

/* ---- in the settings ---- */

static int read_keys(const struct revoked_source *source, const struct config *config,
		     struct revoked_keys **ret_keys, struct policies_report *report)
{
	struct key_complaint complaint;
	int r = revoked_keys_read(source->root, config->revoked_keys, config->revoked_key_count,
				  ret_keys, &complaint);

	if (r < 0)
		policies_report_add(report, "%s: revoked-keys: %s", source->settings,
				    complaint.text);
	return r;
}

static void report_mistakes(const struct revoked_source *source,
			    const struct diagnostics *diagnostics, struct policies_report *report)
{
	for (size_t i = 0; i < diagnostics->count; i++)
		policies_report_add(report, "%s:%u:%u: %s", source->settings,
				    diagnostics->entries[i].line, diagnostics->entries[i].column,
				    diagnostics->entries[i].text);
}

static int read_settings(const struct revoked_source *source, struct config_file *file,
			 struct policies_report *report)
{
	_cleanup_free_ struct diagnostics *diagnostics = calloc(1, sizeof(*diagnostics));
	struct trust_fault fault;
	_cleanup_fd_ int fd = trust_open(source->root, source->settings, &fault);

	if (fd == -ENOENT && !source->is_named)
		return 0;
	int r = fd < 0 ? fd : diagnostics ? config_read_fd(fd, file, diagnostics) : -ENOMEM;

	if (r == CONFIG_LOADED)
		return 0;
	if (r == CONFIG_MISTAKEN)
		report_mistakes(source, diagnostics, report);
	else
		policies_report_add(report, "%s: %s", source->settings,
				    fd == -EPERM ? fault.text : strerror(-r));
	return r < 0 ? r : -EINVAL;
}

/* ---- what counts ---- */

static void exchange(struct revocation *revocation, struct revoked_keys *keys, uint64_t generation)
{
	if (revocation_exchange(revocation, keys, generation))
		log_notice("%zu revoked keys count from now on: what was concluded of files before "
			   "is forgotten",
			   revocation_count(revocation));
}

int revoked_begin(const struct revoked_source *source, const struct config *config,
		  struct revocation **ret_revocation)
{
	struct policies_report report = { 0 };
	struct revoked_keys *keys = NULL;
	int r = read_keys(source, config, &keys, &report);

	policies_report_log(&report, LOG_ERROR);
	if (r < 0)
		return r;
	*ret_revocation = revocation_new(keys);
	return *ret_revocation ? 0 : -ENOMEM;
}

int revoked_take(const struct entries *entries, struct revocation *revocation)
{
	const struct entry *entry = find_last(entries->journal);
	struct revoked_keys *keys = NULL;
	int r = entry ? read_entry(entry, &keys) : 0;

	if (r < 0)
		log_error("cannot read which keys were revoked before: %s", strerror(-r));
	if (r < 0 || !keys)
		return r;
	uint64_t generation = generation_of(entry);

	exchange(revocation, keys,
		 generation ? generation : revocation_generation_of(revocation, keys));
	return 0;
}

int revoked_read(const struct revoked_source *source, struct entries *entries,
		 struct revocation *revocation, struct policies_report *report)
{
	struct policies_report own = { 0 };
	struct config_file file = { 0 };
	struct revoked_keys *keys = NULL;
	int r = read_settings(source, &file, &own);

	if (r == 0)
		r = read_keys(source, &file.config, &keys, &own);
	config_done(&file);
	if (r < 0) {
		policies_report_log(&own, LOG_ERROR);
		policies_report_add(report, "%.*s", (int)strcspn(own.text, "\n"), own.text);
		return r;
	}
	uint64_t generation = revocation_generation_of(revocation, keys);
	int kept = keep(entries, keys, generation);

	if (kept < 0)
		log_error(
			"the revoked keys count, but perhaps not after the death of a process of nsxattrd: "
			"they cannot be kept: %s",
			strerror(-kept));
	exchange(revocation, keys, generation);
	return 0;
}
