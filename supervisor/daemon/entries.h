/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_DAEMON_ENTRIES_H
#define NSXATTR_DAEMON_ENTRIES_H

/*
 * The descriptors that a worker leaves: the next worker finds them as entries of the journal (keep/journal.h), the
 * next daemon in the store of the service manager (FDSTORE=1 of sd_notify(3)), under the names of keep/succession.h.
 * An entry is known by its serial. It is forgotten before its descriptor is closed.
 *
 * A container keeps the policy that it began with, so the text of that policy's file is kept, too: in a memfd for
 * each policy that an attachment has.
 */

#include <stddef.h>
#include <stdint.h>

#include "keep/journal.h"

struct policy_entry;
struct service;
struct shared_policy;

/** struct entries - begins with what is the caller's, and zeroes; what is pointed to outlives it */
struct entries {
	struct journal *journal;
	const struct service *service; /* where there is a store, if anywhere */
	struct policy_entry *policies; /* those that an attachment has */
};

/**
 * entries_keep() - put a descriptor into the journal and the store
 * @fd: if it is there already, as a connection that becomes a source, its entry gets another kind and record
 * @record: @size bytes that go with it
 * @ret_serial: of the entry
 *
 * Return: 0; -ENOSPC: the journal is full; -E2BIG.
 */
int entries_keep(struct entries *entries, int fd, enum entry_kind kind, const void *record,
		 size_t size, uint64_t *ret_serial);

/** entries_forget() - take it out of both, before it is closed. @serial: 0 is accepted */
void entries_forget(struct entries *entries, uint64_t serial);

/** entries_drop() - take it out of both, and close it */
void entries_drop(struct entries *entries, const struct entry *entry);

/**
 * entries_keep_policy() - keep a policy for one attachment more; entries_release_policy() when that is gone
 * @ret_serial: of its entry; 0: it is built in, and its name is enough
 *
 * Return: 0; -errno: it is not kept.
 */
int entries_keep_policy(struct entries *entries, struct shared_policy *policy,
			uint64_t *ret_serial);

/** entries_release_policy() - one attachment less has it. @serial: 0 is accepted. */
void entries_release_policy(struct entries *entries, uint64_t serial);

/**
 * entries_find_policy() - the policy of an attachment that is restored
 * @serial: of its entry; 0: the one of that name that is built in
 *
 * Return: the caller's to shared_policy_unref(); NULL: it is not there, or not understood, which has been
 * logged.
 */
struct shared_policy *entries_find_policy(struct entries *entries, uint64_t serial,
					  const char *name);

/** entries_restore_policies() - read the policies that the journal has */
void entries_restore_policies(struct entries *entries);

/** entries_forget_unused_policies() - all attachments are restored: forget the policies that none of them has */
void entries_forget_unused_policies(struct entries *entries);

/** entries_free() - release them at the end of the process: what is kept stays kept */
void entries_free(struct entries *entries);

/** entries_store_journal() - put the journal into the store, in place of the one before. Return: 0; -errno. */
int entries_store_journal(const struct entries *entries);

#endif
