/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_REQUEST_NOTIFY_H
#define NSXATTR_REQUEST_NOTIFY_H

/* The listener of seccomp_unotify(2). This is the only file that speaks its ioctls. */

#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdint.h>

#include "access.h"

enum notify_result {
	NOTIFY_RECEIVED = 1, /* a notification is there */
	NOTIFY_NONE, /* the target was gone before we had it, or a signal came: receive again */
	NOTIFY_ENDED, /* no target is left */
};

/**
 * notify_sizes() - the sizes of the kernel's structures
 * @ret_sizes: none larger than ours
 *
 * Return: 0; -EPROTO if they have grown beyond our structures; -errno of seccomp(2).
 */
int notify_sizes(struct seccomp_notif_sizes *ret_sizes);

/**
 * notify_wake_sync() - let a notification hand the CPU over to us (SYNC_WAKE_UP, Linux 6.6)
 *
 * Without it everything works, several times slower; an older kernel is no error.
 */
void notify_wake_sync(int listener);

/**
 * notify_receive() - wait for the next notification
 * @listener: the listener
 * @ret_notification: what was received
 *
 * Return: a notify_result; -errno when the listener itself fails.
 */
int notify_receive(int listener, struct seccomp_notif *ret_notification);

/** notify_is_listener() - is this descriptor, which a peer has sent, a listener? */
bool notify_is_listener(int fd);

/** notify_is_valid() - is this target still waiting in this very call? */
bool notify_is_valid(int listener, uint64_t id);

/** notify_is_abandoned() - is it known that this target does not wait any more? @listener: -1: no listener knows */
bool notify_is_abandoned(int listener, uint64_t id);

/** notify_response() - an outcome in the kernel's words. */
struct seccomp_notif_resp notify_response(uint64_t id, const struct outcome *outcome);

/**
 * notify_answer() - answer a notification
 *
 * Return: 0, also when the target has gone meanwhile; -errno when the listener fails.
 */
int notify_answer(int listener, uint64_t id, const struct outcome *outcome);

#endif
