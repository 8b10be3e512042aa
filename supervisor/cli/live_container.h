/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_CLI_LIVE_CONTAINER_H
#define NSXATTR_CLI_LIVE_CONTAINER_H

/* A container of nsxattrd's, with the policy that it has: nsxattrd is asked. */

#include <stdbool.h>
#include <stddef.h>

#include "cli/policy_arg.h"

struct json_object;

/** struct live_container - what nsxattrd says of it */
struct live_container {
	struct json_object *answer; /* of policy_request_json_new(); NULL: none was found */
	const char *found_by; /* live_search_container(), in words: how; NULL: it was named */
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

/** live_container_load_policy() - the policy of one that is described, as nsxattrd has it, whatever its file says by now */
const char *live_container_load_policy(struct live_container *container);

/** live_container_names() - does the text of a cgroup name a container of this id or name? */
bool live_container_names(const char *cgroup, const char *id);

/** live_container_done() - release what it has */
void live_container_done(struct live_container *container);

#endif
