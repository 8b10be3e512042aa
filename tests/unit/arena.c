/* SPDX-License-Identifier: Apache-2.0 */
#include "yaml/arena.h"

#include <criterion/criterion.h>
#include <stdalign.h>
#include <stdint.h>
#include <string.h>

static struct arena arena;

static void release(void)
{
	arena_done(&arena);
}

TestSuite(arena, .fini = release);

Test(arena, gives_memory_that_is_zeroed_and_aligned)
{
	for (size_t size = 1; size < 100; size++) {
		unsigned char *bytes = arena_alloc(&arena, 3, size);

		cr_assert_not_null(bytes);
		cr_expect_eq((uintptr_t)bytes % alignof(max_align_t), 0);
		for (size_t i = 0; i < 3 * size; i++)
			cr_assert_eq(bytes[i], 0);
		memset(bytes, 0xff, 3 * size);
	}
}

Test(arena, gives_memory_for_nothing)
{
	cr_expect_not_null(arena_alloc(&arena, 0, 8));
	cr_expect_not_null(arena_alloc(&arena, 8, 0));
}

Test(arena, has_no_memory_for_more_than_there_is)
{
	cr_expect_null(arena_alloc(&arena, SIZE_MAX / 2, 3));
	cr_expect_null(arena_alloc(&arena, SIZE_MAX, 1));
	cr_expect_null(arena.blocks);
}

Test(arena, copies_text_and_ends_it)
{
	char text[] = { 'a', 'b', 'c' };
	const char *copy = arena_copy(&arena, text, 2);

	text[0] = 'x';
	cr_expect_str_eq(copy, "ab");
	cr_expect_str_eq(arena_copy(&arena, "", 0), "");
}

Test(arena, can_be_used_again)
{
	arena_alloc(&arena, 1, 1);
	arena_done(&arena);
	cr_expect_null(arena.blocks);
	arena_done(&arena);
	cr_expect_not_null(arena_alloc(&arena, 1, 1));
}
