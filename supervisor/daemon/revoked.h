/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_DAEMON_REVOKED_H
#define NSXATTR_DAEMON_REVOKED_H

/*
 * Which keys are revoked, for all containers of the daemon. Settings say so, and can have a mistake whenever they are read
 * anew: then the keys that were revoked last stay so. So each set that comes to count is kept as an entry of the journal.
 *
 *	who		calls			what counts then
 *	the keeper	revoked_begin()		what the settings say at the start; without them the daemon does not start
 *	each worker	revoked_take()		what counted for the worker, or for the daemon, before this one
 *			revoked_read()		what the settings say now, if they have no mistake
 */

#include <stdbool.h>

struct config;
struct entries;
struct policies_report;
struct revocation;
struct trust_root;

/** struct revoked_source - who says so; what is pointed to outlives the daemon */
struct revoked_source {
	const struct trust_root *root; /* where paths begin */
	const char *settings; /* the file, absolute */
	bool is_named; /* it has to be there; else an absent one revokes nothing */
};

/**
 * revoked_begin() - with the settings that were read at the start
 * @ret_revocation: what is revoked then; revocation_free() it
 *
 * Return: 0; -errno: it has been logged.
 */
int revoked_begin(const struct revoked_source *source, const struct config *config,
		  struct revocation **ret_revocation);

/**
 * revoked_take() - the set that was kept last counts, if there is one
 *
 * Return: 0; -errno: it has been logged.
 */
int revoked_take(const struct entries *entries, struct revocation *revocation);

/**
 * revoked_read() - read anew which keys the settings revoke, and nothing else of them
 * @report: what is wrong is added to it
 *
 * They count at once, and are kept; on failure those count that did before.
 *
 * Return: 0; -errno: it has been logged.
 */
int revoked_read(const struct revoked_source *source, struct entries *entries,
		 struct revocation *revocation, struct policies_report *report);

#endif
