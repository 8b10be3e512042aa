/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_DAEMON_POLICY_REQUEST_H
#define NSXATTR_DAEMON_POLICY_REQUEST_H

/* Which policy a container has (daemon/control.h): the one that it began with, whatever its file says since. */

#include <sys/types.h>

struct json_object;
struct registry;

/**
 * policy_request_json_new() - answer
 * @user: who asks: root, or the container's own user
 * @question: {"container": TEXT}, as of container_search()
 *
 * {"runtime": TEXT, "id": TEXT, "name": TEXT, "owner": UID, "map": TEXT, "process": N, "listeners": N, "policy": TEXT, "text": TEXT}; the
 * process is that with which it began, as far as this worker knows; the text is that of the policy's file. What is not known,
 * as the text of a policy that is built in, is not there.
 *
 * Return: the object, the caller's; NULL without memory.
 */
struct json_object *policy_request_json_new(const struct registry *registry, uid_t user,
					    const char *question);

#endif
