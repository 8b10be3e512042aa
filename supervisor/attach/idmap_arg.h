/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_ATTACH_IDMAP_ARG_H
#define NSXATTR_ATTACH_IDMAP_ARG_H

/* Id maps as people ask for them: INSIDE:OUTSIDE:COUNT, and as /proc/PID/uid_map takes them. */

#include "idmap.h"

/* The kernel takes less than a page (user_namespaces(7)); the smallest page is 4 KiB. */
#define ID_MAP_TEXT_SIZE 4096

/**
 * idmap_arg_parse() - read INSIDE:OUTSIDE:COUNT
 * @text: three decimal numbers
 * @ret_extent: the extent; untouched on failure
 *
 * Return: NULL; or what is wrong with @text, to come behind it in a message.
 */
const char *idmap_arg_parse(const char *text, struct id_extent *ret_extent);

/**
 * idmap_arg_add() - one extent more
 *
 * Return: NULL; or why the kernel would not take the map with it (it is then unchanged).
 */
const char *idmap_arg_add(struct id_map *map, const struct id_extent *extent);

/**
 * idmap_arg_format() - the text for /proc/PID/uid_map or gid_map
 * @map: made by idmap_arg_add(), so that it fits
 * @text: where to
 *
 * Return: its length in bytes, less than ID_MAP_TEXT_SIZE.
 */
size_t idmap_arg_format(const struct id_map *map, char text[ID_MAP_TEXT_SIZE]);

#endif
