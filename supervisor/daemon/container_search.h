/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_DAEMON_CONTAINER_SEARCH_H
#define NSXATTR_DAEMON_CONTAINER_SEARCH_H

/* Which container people mean: by its id, its name, or what no other id begins with. */

#include <sys/types.h>

struct container;
struct json_object;
struct registry;

/**
 * container_search() - find it
 * @user: who asks: root finds all, another user its own
 * @wanted: an id, a name, or the beginning of an id; ids go before names, and whole words before beginnings
 * @ret_container: it; NULL: none, or several
 *
 * Return: NULL; else why not: {"error": TEXT}, to be released with json_object_put().
 */
struct json_object *container_search(const struct registry *registry, uid_t user,
				     const char *wanted, const struct container **ret_container);

#endif
