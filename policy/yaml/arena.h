/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_YAML_ARENA_H
#define NSXATTR_YAML_ARENA_H

/* Memory that is released all at once. */

#include <stddef.h>

struct arena_block;

/** struct arena - begins zeroed */
struct arena {
	struct arena_block *blocks;
};

/** arena_alloc() - zeroed memory for @count things of @size bytes. Return: NULL if there is none. */
void *arena_alloc(struct arena *arena, size_t count, size_t size);

/** arena_copy() - a copy of @length bytes with a NUL behind them. Return: NULL without memory. */
char *arena_copy(struct arena *arena, const char *bytes, size_t length);

/** arena_done() - release everything; the arena is empty then, and can be used again. */
void arena_done(struct arena *arena);

#endif
