/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_IDMAP_H
#define NSXATTR_IDMAP_H

/*
 * The id map of a user namespace, as /proc/PID/uid_map shows it (user_namespaces(7)), with the
 * numbers of the host on the outside.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the kernel allows (UID_GID_MAP_MAX_EXTENTS). */
#define ID_MAP_EXTENTS_MAX 340

/** struct id_extent - @count ids that begin at @inside in the namespace and at @host on the host */
struct id_extent {
	uint32_t inside;
	uint32_t host;
	uint32_t count;
};

/** struct id_map - the extents, in the order in which they were written */
struct id_map {
	unsigned int count;
	struct id_extent extents[ID_MAP_EXTENTS_MAX];
};

/**
 * id_map_parse() - read the text of a uid_map or gid_map file
 * @text: lines of three decimal numbers; need not end with a NUL
 * @length: bytes of @text
 * @ret_map: the map; untouched on failure
 *
 * An empty text is a map without extents: that of a namespace whose map is not written yet.
 *
 * Return: 0; -EINVAL for anything that is not such a file; -E2BIG for too many lines.
 */
int id_map_parse(const char *text, size_t length, struct id_map *ret_map);

/**
 * id_map_print() - a map as people read it: "INSIDE HOST COUNT; …"
 * @text: as much of it as there is room for, with a NUL
 * @size: room in @text, at least 1
 *
 * Return: the length of the extents that are there as a whole.
 */
size_t id_map_print(const struct id_map *map, char *text, size_t size);

/** id_map_to_host() - translate outwards. Return: whether @inside is mapped; *ret_host is then set. */
bool id_map_to_host(const struct id_map *map, uint32_t inside, uint32_t *ret_host);

/** id_map_to_inside() - translate inwards. Return: whether @host is mapped; *ret_inside is then set. */
bool id_map_to_inside(const struct id_map *map, uint32_t host, uint32_t *ret_inside);

#endif
