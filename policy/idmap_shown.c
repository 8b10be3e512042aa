/* SPDX-License-Identifier: Apache-2.0 */
#include "idmap_shown.h"

#include <string.h>

/* For the extents that are left out. */
#define MORE "; ..."

void id_map_show(const struct id_map *map, char *text, size_t size)
{
	char whole[ID_MAP_WHOLE_SIZE];
	size_t length = id_map_print(map, whole, sizeof(whole));

	if (length < size) {
		memcpy(text, whole, length + 1);
		return;
	}
	size_t kept = size - sizeof(MORE);

	while (kept > 0 && whole[kept] != ';')
		kept--;
	memcpy(text, whole, kept);
	memcpy(text + kept, MORE, sizeof(MORE));
}

bool id_map_is_shown(const struct id_map *map, const char *text)
{
	char whole[ID_MAP_WHOLE_SIZE];
	size_t length = strlen(text), more = strlen(MORE);
	bool is_cut = length > more && strcmp(text + length - more, MORE) == 0;

	(void)id_map_print(map, whole, sizeof(whole));
	if (!is_cut)
		return map->count > 0 && strcmp(text, whole) == 0;
	return strncmp(text, whole, length - more) == 0 && whole[length - more] == ';';
}
