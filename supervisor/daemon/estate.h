/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_DAEMON_ESTATE_H
#define NSXATTR_DAEMON_ESTATE_H

/*
 * What the daemon leaves to those who come after it: descriptors, which the next worker finds in the
 * journal (keep/journal.h), and the next daemon in the store of the service manager
 * (sd_notify(3), FDSTORE=1), under the names of keep/succession.h.
 *
 * A container keeps the policy that it began with, so what its file said is part of the estate: a memfd
 * for each policy that somebody has.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keep/journal.h"

struct kept_policy;
struct service;
struct will;

/** struct estate - begins with what is the caller's, and zeroes; what is pointed to outlives it */
struct estate {
	struct journal *journal;
	const struct service *service; /* where there is a store, if anywhere */
	struct will *policies; /* of those that somebody has */
};

/**
 * estate_keep() - leave a descriptor to whoever comes after us
 * @record: @size bytes that go with it
 *
 * Return: what to call it, later on; 0: there is no room.
 */
uint64_t estate_keep(struct estate *estate, int fd, enum entry_kind kind, const void *record,
		     size_t size);

/** estate_settle_guest() - a guest has become a source, or a source arrives. Return: as estate_keep(). */
uint64_t estate_settle_guest(struct estate *estate, int fd, const void *record, size_t size);

/** estate_forget() - do not, before it is closed; one that is not kept is accepted */
void estate_forget(struct estate *estate, int fd);

/** estate_remove() - it is closed, and not in the journal any more: nor shall it be in the store */
void estate_remove(const struct estate *estate, uint64_t serial);

/**
 * estate_keep_policy() - leave a policy, for one more who has it; estate_release_policy() when they are gone
 * @ret_serial: what to call it; 0: it is built in, and there is nothing to leave but its name
 *
 * Return: 0; -errno: it is not kept.
 */
int estate_keep_policy(struct estate *estate, struct kept_policy *policy, uint64_t *ret_serial);

/** estate_release_policy() - one who has it less. @serial: 0 is accepted. */
void estate_release_policy(struct estate *estate, uint64_t serial);

/**
 * estate_find_policy() - one that was left to us
 * @serial: of a record; 0: the one of that name that is built in
 *
 * Return: the caller's to kept_policy_unref(); NULL: it is not there, or not understood, which has been
 * logged.
 */
struct kept_policy *estate_find_policy(struct estate *estate, uint64_t serial, const char *name);

/** estate_restore() - read the policies that were left to us */
void estate_restore(struct estate *estate);

/** estate_settle() - all who have any of them are known: let go of the others */
void estate_settle(struct estate *estate);

/** estate_store() - put all of it into the store, where there is one, and the journal. Return: 0; -errno. */
int estate_store(const struct estate *estate);

/** estate_done() - let go of what we know of it; it stays what it is */
void estate_done(struct estate *estate);

#endif
