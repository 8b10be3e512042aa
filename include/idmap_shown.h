/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_IDMAP_SHOWN_H
#define NSXATTR_IDMAP_SHOWN_H

/* Id maps as id_map_print() has them, where there is less room than one can take. */

#include <stdbool.h>
#include <stddef.h>

#include "idmap.h"

/* Room for the text of any map, as the kernel shows it or as id_map_print() does. */
#define ID_MAP_WHOLE_SIZE (ID_MAP_EXTENTS_MAX * 36)

/**
 * id_map_show() - a map; what has no room is "; ..." behind the last whole extent
 * @size: room in @text, at least 64
 */
void id_map_show(const struct id_map *map, char *text, size_t size);

/** id_map_is_shown() - can @text be of @map, by id_map_show()? Of no map without extents. */
bool id_map_is_shown(const struct id_map *map, const char *text);

#endif
