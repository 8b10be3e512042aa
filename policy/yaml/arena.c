/* SPDX-License-Identifier: Apache-2.0 */
/* A list of blocks, one an allocation. */
#include "yaml/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct arena_block {
	struct arena_block *next;
	alignas(max_align_t) char bytes[];
};

void *arena_alloc(struct arena *arena, size_t count, size_t size)
{
	if (size > 0 && count > (SIZE_MAX - sizeof(struct arena_block)) / size)
		return NULL;
	struct arena_block *block = calloc(1, sizeof(*block) + count * size);

	if (!block)
		return NULL;
	block->next = arena->blocks;
	arena->blocks = block;
	return block->bytes;
}

char *arena_copy(struct arena *arena, const char *bytes, size_t length)
{
	char *copy = arena_alloc(arena, length + 1, 1);

	if (copy)
		memcpy(copy, bytes, length);
	return copy;
}

void arena_done(struct arena *arena)
{
	while (arena->blocks) {
		struct arena_block *block = arena->blocks;

		arena->blocks = block->next;
		free(block);
	}
}
