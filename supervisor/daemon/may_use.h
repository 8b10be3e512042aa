/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_DAEMON_MAY_USE_H
#define NSXATTR_DAEMON_MAY_USE_H

/*
 * What a hook asks before a container starts, over control.h: would the daemon serve it, and by which policy? The
 * answer is for this user and this moment. The daemon keeps nothing of it, and decides anew when the container's
 * listener is delivered.
 */

#include <stdint.h>

#include "daemon/policies.h"
#include "daemon/registry.h"

struct json_object;

/** struct may_use_source - what the answer is made of */
struct may_use_source {
	const struct policies *policies;
	const struct registry *registry;
	uint64_t user_namespace; /* the daemon's own: the inode number of /proc/self/ns/user; 0: not known */
};

/**
 * may_use_json_new() - answer
 * @source: what there is
 * @user: of the hook
 * @question: {"policy": TEXT, "runtimes": [TEXT...], "id": TEXT, "name": TEXT, "annotations": {KEY: TEXT...}};
 *            any of them may be left out
 *
 * {"policy": TEXT, "reason": TEXT, "virtualises": BOOL, "io-uring": BOOL, "judges": BOOL, "judges-maps": BOOL,
 * "user-namespace": N}, where "virtualises" is false if the policy leaves everything to the kernel, and "judges" and
 * "judges-maps" say whether what is executed, and what is mapped so, is judged; or {"error": TEXT}.
 *
 * Return: the object, the caller's; NULL without memory.
 */
struct json_object *may_use_json_new(const struct may_use_source *source, uid_t user,
				     const char *question);

#endif
