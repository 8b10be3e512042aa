/* SPDX-License-Identifier: Apache-2.0 */
#include "base/room.h"

#include <errno.h>
#include <stdlib.h>

int room_make(char **bytes, size_t used, size_t *room, size_t first, size_t most)
{
	size_t wanted = *room ? *room * 2 : first;

	if (used < *room)
		return 0;
	if (wanted > most)
		wanted = most;
	char *more = realloc(*bytes, wanted);

	if (!more)
		return -ENOMEM;
	*bytes = more;
	*room = wanted;
	return 0;
}
