/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_DAEMON_DELIVERY_H
#define NSXATTR_DAEMON_DELIVERY_H

/* What comes with a source, and which policy that asks for. */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct annotation;
struct attachment_record;
struct container;
struct container_key;
struct entries;
struct policies;
struct registry;
struct shared_policy;

/** struct delivery - what a runtime has sent beside a source, by whichever socket */
struct delivery {
	unsigned int runtimes;
	uid_t uid;
	const char *id;
	const char *name; /* its id, where no other is known */
	const char *wanted; /* the policy that was named; "": none */
	const struct annotation *annotations;
	size_t annotation_count;
	pid_t process; /* of it, by the word of the runtime; only shown, and only if it is proved; 0: not known */
	const struct attachment_record
		*record; /* of an attachment that is restored; NULL: it is new */
	bool is_life; /* nothing else was sent, and it is about this process: */
	pid_t init;
	int *life; /* its pidfd, taken if it is needed; NULL: there is none, nor need be */
};

/** delivery_key() - by which a registry finds the container. Return: it borrows what the delivery does. */
struct container_key delivery_key(const struct delivery *delivery);

/**
 * delivery_find_policy() - the policy by which it is served
 *
 * A listener of a container that has one already (of an exec, say) is served by the container's policy, whatever the
 * delivery names, and whatever has become of the folder.
 *
 * Return: a reference, the caller's; NULL: it is refused, which has been logged.
 */
struct shared_policy *delivery_find_policy(const struct delivery *delivery,
					   const struct registry *registry,
					   const struct policies *policies,
					   struct entries *entries);

/** delivery_show_map() - for 'nsxattr status' alone: nothing is decided by it. @procfs: of proc_open() */
void delivery_show_map(const struct delivery *delivery, int procfs, struct container *container);

#endif
