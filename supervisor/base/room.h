/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BASE_ROOM_H
#define NSXATTR_BASE_ROOM_H

/* Memory that grows with what comes, so that a peer that says little costs little. */

#include <stddef.h>

/**
 * room_make() - have room for at least one byte more
 * @bytes: of malloc(3), or NULL
 * @used: how many of them are taken, less than @most
 * @room: how many there are; it is doubled
 * @first: how many there are at first
 * @most: how many there can be
 *
 * Return: 0; -ENOMEM.
 */
int room_make(char **bytes, size_t used, size_t *room, size_t first, size_t most);

#endif
