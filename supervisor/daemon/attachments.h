/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_DAEMON_ATTACHMENTS_H
#define NSXATTR_DAEMON_ATTACHMENTS_H

/*
 * Deliveries that were accepted: what a runtime has sent is a delivery; it becomes an attachment (listener, policy and
 * container) when its policy is chosen, and is one until the last target is gone. The next worker restores those that
 * are kept in the journal.
 *
 * A connection of LXC's monitor can end, and another one follow, at any time. So a container of LXC's that is judged has one
 * attachment more, its *life*: a process whose end is the container's.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

#include "daemon/policies.h"
#include "daemon/registry.h"

struct attachment;
struct closer;
struct engine;
struct entries;
struct gate;
struct gate_pins;
struct lxc_greeting;
struct oci_message;
struct source;

/** struct attachments - all of them; what is pointed to outlives it */
struct attachments {
	struct closer *closer;
	struct engine *engine;
	struct entries *entries;
	struct registry *registry;
	struct policies *policies; /* may be exchanged at any time */
	struct revocation *revocation;
	struct gate *gate; /* that containers with mode enforce pass; NULL: there is none */
	const struct gate_pins *pins; /* of gates before it */
	int procfs;
	LIST_HEAD(, attachment) list;
};

/** registry_time_now() - what the clocks say */
struct registry_time registry_time_now(void);

/**
 * attachments_add_oci() - serve a delivery of an OCI runtime
 * @uid: the runtime's user
 * @message: what it says
 * @listener: the attachment's, or closed
 *
 * What is refused is logged, and its listener closed: its targets get ENOSYS.
 */
void attachments_add_oci(struct attachments *attachments, uid_t uid,
			 const struct oci_message *message, int listener);

/**
 * attachments_add_lxc() - serve the connection of a monitor
 * @greeting: its life is the attachments', or closed
 * @source: the engine's if it is served
 *
 * Return: whether it is; if not, that has been logged.
 */
bool attachments_add_lxc(struct attachments *attachments, struct lxc_greeting *greeting,
			 struct source *source);

/**
 * attachments_restore() - serve the attachments of a worker, or a daemon, that has ended
 *
 * Return: how many listeners cannot be served any more: each of it has been logged.
 */
size_t attachments_restore(struct attachments *attachments);

/**
 * attachments_follow_audit() - the policies were read anew: containers have the 'audit' of the one of their policy's name
 *
 * All else of its policy a container keeps as it began with it.
 */
void attachments_follow_audit(struct attachments *attachments);

/**
 * attachments_free() - release them at the end of the process, with the registry and the policies
 *
 * The engine has ended without an end of theirs: what is kept stays kept.
 */
void attachments_free(struct attachments *attachments);

#endif
