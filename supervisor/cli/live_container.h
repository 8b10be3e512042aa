/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_CLI_LIVE_CONTAINER_H
#define NSXATTR_CLI_LIVE_CONTAINER_H

/* The container of nsxattrd's that a process is in, with the policy that it has: nsxattrd is asked. */

#include <stdbool.h>
#include <stddef.h>

#include "cli/policy_arg.h"

struct id_map;
struct json_object;

/** struct live_container - what nsxattrd says of it */
struct live_container {
	struct json_object *answer; /* of policy_request_json_new(); NULL: none was found */
	const char *found_by; /* in words: how; NULL: it was named */
	const struct policy *policy; /* NULL: none was found */
	struct policy_file *file;
};

/**
 * live_container_ask() - have nsxattrd tell about a container
 * @control: the path of the control socket
 * @wanted: as of container_search()
 * @container: begins zeroed; live_container_done() it
 *
 * Return: NULL; else why not, in words, as long as @container, or static.
 */
const char *live_container_ask(const char *control, const char *wanted,
			       struct live_container *container);

/** live_container_describe() - the same without the policy, which stays NULL */
const char *live_container_describe(const char *control, const char *wanted,
				    struct live_container *container);

/**
 * live_container_find() - the container that a process is in
 * @cgroup: the text of /proc/PID/cgroup, in which runtimes put the container's id
 * @uids: of the namespace that was made for the container; when the cgroup does not tell
 *
 * Return: as live_container_ask(); NULL with no answer: it is in none of those that nsxattrd lists for us.
 */
const char *live_container_find(const char *control, const char *cgroup, const struct id_map *uids,
				struct live_container *container);

/** live_container_names() - does the text of a cgroup name a container of this id or name? */
bool live_container_names(const char *cgroup, const char *id);

/** live_container_done() - release what it has */
void live_container_done(struct live_container *container);

#endif
