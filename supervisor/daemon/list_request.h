/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_DAEMON_LIST_REQUEST_H
#define NSXATTR_DAEMON_LIST_REQUEST_H

/* Who asks for the measurement list of a container (daemon/control.h) gets it as a descriptor, to be read. */

#include <sys/types.h>

struct json_object;
struct registry;

/** struct list_source - what the answer is made of */
struct list_source {
	const struct registry *registry;
	int procfs;
};

/**
 * list_json_new() - answer
 * @source: where the containers are found
 * @user: who asks: root, or the container's own user
 * @question: {"container": TEXT}: its id or its name, or what no other id begins with
 * @ret_fd: of the list, open for reading: the caller's; -1 with {"error": TEXT}
 *
 * {"runtime": TEXT, "id": TEXT, "owner": UID, "policy": TEXT}; what the descriptor has integrity/measurements.h says.
 *
 * Return: the object, the caller's; NULL without memory.
 */
struct json_object *list_json_new(const struct list_source *source, uid_t user,
				  const char *question, int *ret_fd);

#endif
