/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_DAEMON_GATES_H
#define NSXATTR_DAEMON_GATES_H

/*
 * Which containers pass which gate (integrity/gate.h): ours; one of an nsxattrd before, that our journal has, or that is pinned
 * (daemon/gate_pins.h), until all that passes it passes ours. And which revoked keys these gates know.
 */

#include "daemon/unserved.h"

struct entries;
struct opened;
struct policies_report;
struct registry;

/** struct gates - of one worker; what is pointed to outlives it, the rest begins zeroed */
struct gates {
	struct opened *opened;
	struct entries *entries;
	const struct registry *registry;
	struct unserved unserved;
	int shut; /* of the journal, as unserved_shut() has said last */
};

/** gates_pass() - have all that was restored pass our gate; before any call is answered */
void gates_pass(struct gates *gates);

/** gates_look() - the same at any time; gates before of which nothing is left are removed. What fails is logged. */
void gates_look(struct gates *gates);

/**
 * gates_tell() - verdicts by other keys than those that are revoked now let nothing pass our gate any more
 *
 * To be called each time, also if nothing has changed: a worker may have died before it came to that.
 *
 * Return: 0; -errno: it has been logged.
 */
int gates_tell(const struct gates *gates);

/**
 * gates_read_revoked() - read which keys are revoked, and tell all gates, as no other daemon serves by those before any more
 *
 * Return: as revoked_read(), or gates_tell().
 */
int gates_read_revoked(const struct gates *gates, struct policies_report *report);

/** gates_done() - release what is held of user namespaces; the gates stay as they are */
void gates_done(struct gates *gates);

#endif
