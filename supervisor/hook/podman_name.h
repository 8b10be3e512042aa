/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_HOOK_PODMAN_NAME_H
#define NSXATTR_HOOK_PODMAN_NAME_H

/* What podman calls a container: it tells its runtime the id alone. */

#include <stddef.h>

struct json_object;

/* The longest name that is looked for, in bytes. */
#define PODMAN_NAME_MAX 255

enum podman_name_result {
	PODMAN_NAME_FOUND = 1,
	PODMAN_NAME_UNKNOWN,
};

/**
 * podman_name_find() - the name in podman's own records
 * @config: the config.json of one of its containers
 * @ret_name: PODMAN_NAME_FOUND: letters, digits, '_', '.' and '-', as podman allows
 *
 * Return: an enum podman_name_result.
 */
enum podman_name_result podman_name_find(const struct json_object *config,
					 char ret_name[PODMAN_NAME_MAX + 1]);

#endif
