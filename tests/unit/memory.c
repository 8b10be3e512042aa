/* SPDX-License-Identifier: Apache-2.0 */
/*
 * On our own memory, and on that of a forked child: process_vm_readv(2) asks for no privilege there.
 * A hole is a page that has been unmapped.
 */
#include "request/memory.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static size_t page;
static char *memory; /* three pages, and then a hole */

static void set_up(void)
{
	page = (size_t)sysconf(_SC_PAGESIZE);
	memory = mmap(NULL, 4 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	cr_assert_neq(memory, MAP_FAILED);
	cr_assert_eq(munmap(memory + 3 * page, page), 0);
}

TestSuite(memory, .init = set_up);

static uint64_t address_of(const void *place)
{
	return (uint64_t)(uintptr_t)place;
}

static char *hole(void)
{
	return memory + 3 * page;
}

/* Writes a string of @length bytes so that its NUL is the last byte before @end. */
static char *string_before(char *end, size_t length)
{
	char *string = end - length - 1;

	memset(string, 's', length);
	string[length] = '\0';
	return string;
}

static int read_string(const char *string, char *buffer, size_t size, size_t *ret_length)
{
	return memory_read_string(gettid(), address_of(string), buffer, size, ret_length);
}

static void expect_string(const char *string, size_t size)
{
	char *buffer = malloc(size);
	size_t length = 0;

	cr_assert_not_null(buffer);
	cr_assert_eq(read_string(string, buffer, size, &length), 0);
	cr_expect_eq(length, strlen(string));
	cr_expect(length < size && memcmp(buffer, string, length + 1) == 0);
	free(buffer);
}

Test(memory, is_read_across_pages)
{
	char *buffer = malloc(3 * page);

	cr_assert_not_null(buffer);
	for (size_t i = 0; i < 3 * page; i++)
		memory[i] = (char)(i * 7 + i / page);
	cr_expect_eq(memory_read(gettid(), address_of(memory), buffer, 3 * page), 0);
	cr_expect_eq(memcmp(buffer, memory, 3 * page), 0);
	cr_expect_eq(memory_read(gettid(), address_of(memory + page - 1), buffer, 2), 0);
	cr_expect_eq(memcmp(buffer, memory + page - 1, 2), 0);
	free(buffer);
}

Test(memory, is_read_up_to_a_hole_and_not_into_it)
{
	char buffer[16];

	memcpy(hole() - 4, "last", 4);
	cr_expect_eq(memory_read(gettid(), address_of(hole() - 4), buffer, 4), 0);
	cr_expect_eq(memcmp(buffer, "last", 4), 0);
	cr_expect_eq(memory_read(gettid(), address_of(hole() - 4), buffer, 5), -EFAULT);
	cr_expect_eq(memory_read(gettid(), address_of(hole()), buffer, 1), -EFAULT);
}

Test(memory, of_no_bytes_is_always_there)
{
	cr_expect_eq(memory_read(gettid(), 0, NULL, 0), 0);
	cr_expect_eq(memory_write(gettid(), 0, NULL, 0), 0);
}

Test(memory, is_not_at_a_bad_address)
{
	static const uint64_t addresses[] = { 0,	  8,
					      1ULL << 63, 0xffff888000000000,
					      UINT64_MAX, UINT64_MAX - 7 };
	char buffer[8] = "before";
	size_t length = 77;

	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		cr_expect_eq(memory_read(gettid(), addresses[i], buffer, 8), -EFAULT);
		cr_expect_eq(memory_write(gettid(), addresses[i], buffer, 8), -EFAULT);
		cr_expect_eq(memory_read_string(gettid(), addresses[i], buffer, 8, &length),
			     -EFAULT);
	}
	cr_expect_eq(length, 77, "the result was touched");
}

Test(memory, that_the_target_may_not_read_is_not_read)
{
	char buffer[8];
	size_t length;

	cr_assert_eq(mprotect(memory + page, page, PROT_NONE), 0);
	cr_expect_eq(memory_read(gettid(), address_of(memory + page), buffer, 8), -EFAULT);
	cr_expect_eq(memory_read(gettid(), address_of(memory + page - 4), buffer, 8), -EFAULT);
	memset(memory + page - 4, 's', 4);
	cr_expect_eq(read_string(memory + page - 4, buffer, 8, &length), -EFAULT);
}

Test(memory, has_a_string_of_any_length)
{
	static const size_t lengths[] = { 0, 1, 254, 255, 256, 257, 4094, 4095 };

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
		expect_string(string_before(memory + 2 * page, lengths[i]), 4096);
}

Test(memory, has_a_string_that_ends_at_a_hole)
{
	static const size_t lengths[] = { 0, 1, 100, 254, 255, 256, 511, 4000 };

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		expect_string(string_before(hole(), lengths[i]), 4096);
		expect_string(string_before(hole(), lengths[i]), lengths[i] + 1);
	}
}

/* The NUL on the page after, on each side of where the first piece and a page end. */
Test(memory, has_a_string_that_crosses_pages)
{
	for (size_t beyond = 1; beyond < 300; beyond++)
		expect_string(string_before(memory + page + beyond, 299), 4096);
}

Test(memory, has_no_string_where_it_ends_first)
{
	static const size_t lengths[] = { 1, 255, 256, 257, 2000 };
	char buffer[4096];
	size_t length = 77;

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		memset(hole() - lengths[i], 's', lengths[i]);
		cr_expect_eq(read_string(hole() - lengths[i], buffer, sizeof(buffer), &length),
			     -EFAULT, "%zu bytes", lengths[i]);
	}
	cr_expect_eq(length, 77, "the result was touched");
}

/* No byte beyond the size is asked for: it may lie in a hole. */
Test(memory, is_looked_at_for_the_size_of_the_buffer)
{
	static const size_t sizes[] = { 1, 255, 256, 257, 4096 };
	char buffer[4096];
	size_t length = 0;

	memset(memory, 's', 3 * page);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		cr_expect_eq(read_string(hole() - sizes[i], buffer, sizes[i], &length), 0,
			     "%zu bytes", sizes[i]);
		cr_expect_eq(length, sizes[i]);
		cr_expect_eq(memcmp(buffer, memory, sizes[i]), 0);
	}
}

/* @piece: NULL: none. @length: of it, 8 at most. */
static bool read_strings_and(const char *first, const char *second, const char *piece,
			     size_t length)
{
	char buffers[2][MEMORY_SHORT + 1], copy[9] = "........";
	char *const places[] = { buffers[0], buffers[1] };
	const uint64_t addresses[] = { address_of(first), address_of(second) };
	const struct memory_piece along = { address_of(piece), copy, length };

	buffers[0][MEMORY_SHORT] = buffers[1][MEMORY_SHORT] = '#';
	bool done = memory_read_strings(gettid(), addresses, places, 2, &along);

	cr_expect(buffers[0][MEMORY_SHORT] == '#' && buffers[1][MEMORY_SHORT] == '#',
		  "it has written behind a buffer");
	if (done) {
		cr_expect_str_eq(buffers[0], first);
		cr_expect_str_eq(buffers[1], second);
		cr_expect_arr_eq(copy, length > 0 ? piece : copy, length);
	}
	cr_expect_eq(copy[length], '.', "it has written behind the piece");
	return done;
}

static bool read_strings(const char *first, const char *second)
{
	return read_strings_and(first, second, NULL, 0);
}

Test(memory, has_two_short_strings_at_once)
{
	char *longest = string_before(memory + page, MEMORY_SHORT - 1);
	char *at_hole = string_before(hole(), 5);

	cr_expect(read_strings("one", "another"));
	cr_expect(read_strings("", ""));
	cr_expect(read_strings(longest, at_hole));
	cr_expect(read_strings(at_hole, longest));
	cr_expect(read_strings(at_hole, at_hole));
}

/* Then nothing is said of the other either. */
Test(memory, has_not_two_strings_where_one_is_missing)
{
	char *crossing = string_before(memory + page + 3, 6);
	const char *bad = NULL;

	cr_expect_not(read_strings("one", crossing));
	cr_expect_not(read_strings(crossing, "one"));
	memset(memory + 2 * page, 's', page);
	cr_expect_not(read_strings("one", memory + 2 * page), "no NUL among the first bytes");
	cr_expect_not(read_strings(hole() - 10, "one"), "no NUL before the hole");
	cr_expect_not(read_strings(hole(), "one"));
	cr_expect_not(read_strings("one", hole()));
	cr_expect_not(read_strings("one", bad));
	cr_expect_not(read_strings(bad, "one"));
}

Test(memory, has_a_piece_together_with_strings)
{
	char *at_hole = string_before(hole(), 5);
	char *crossing = string_before(memory + page + 3, 6);
	char copy[6], buffer[MEMORY_SHORT];
	const uint64_t address = address_of(at_hole);
	const struct memory_piece along = { address_of(crossing), copy, sizeof(copy) };

	cr_expect(read_strings_and("one", at_hole, crossing, 6), "neither is near the other");
	cr_expect(read_strings_and(at_hole, at_hole, crossing, 6), "the strings are neighbours");
	cr_expect(memory_read_strings(gettid(), &address, (char *const[]){ buffer }, 1, &along));
	cr_expect_str_eq(buffer, at_hole);
	cr_expect_arr_eq(copy, crossing, sizeof(copy));
	cr_expect_not(read_strings_and("one", at_hole, hole() - 2, 7), "half of it is there");
	cr_expect_not(read_strings_and(at_hole, at_hole, NULL, 7));
}

Test(memory, leaves_what_lies_behind_the_buffer_alone)
{
	char buffer[12] = "########...";
	size_t length;

	memset(memory, 's', 100);
	cr_expect_eq(read_string(memory, buffer, 8, &length), 0);
	cr_expect_str_eq(buffer, "ssssssss...");
	memset(buffer, '#', 8);
	cr_expect_eq(memory_read(gettid(), address_of(memory), buffer, 8), 0);
	cr_expect_str_eq(buffer, "ssssssss...");
}

Test(memory, is_written_across_pages)
{
	char *bytes = malloc(2 * page);

	cr_assert_not_null(bytes);
	memset(bytes, 'w', 2 * page);
	cr_expect_eq(memory_write(gettid(), address_of(memory + 10), bytes, 2 * page), 0);
	cr_expect_eq(memcmp(memory + 10, bytes, 2 * page), 0);
	cr_expect_eq(memory[9], 0);
	cr_expect_eq(memory[10 + 2 * page], 0);
	free(bytes);
}

Test(memory, is_written_up_to_a_hole)
{
	cr_expect_eq(memory_write(gettid(), address_of(hole() - 4), "full", 4), 0);
	cr_expect_eq(memcmp(hole() - 4, "full", 4), 0);
	cr_expect_eq(memory_write(gettid(), address_of(hole() - 4), "beyond", 6), -EFAULT);
}

Test(memory, that_the_target_may_not_write_is_not_written)
{
	memset(memory + page, 'r', page);
	cr_assert_eq(mprotect(memory + page, page, PROT_READ), 0);
	cr_expect_eq(memory_write(gettid(), address_of(memory + page), "w", 1), -EFAULT);
	cr_expect_eq(memory_write(gettid(), address_of(memory + page - 2), "wwww", 4), -EFAULT);
	cr_expect_eq(memory[page], 'r');
}

/* A child whose memory differs from ours at the same address; it ends with us. */
static pid_t start_child(void)
{
	int ready[2];
	char byte;

	cr_assert_eq(pipe(ready), 0);
	memcpy(memory, "parent", 7);
	pid_t child = fork();

	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		memcpy(memory, "child!", 7);
		(void)!write(ready[1], "", 1);
		for (;;)
			pause();
	}
	cr_assert_gt(child, 0);
	cr_assert_eq(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	close(ready[1]);
	return child;
}

static void end_child(pid_t child)
{
	cr_assert_eq(kill(child, SIGKILL), 0);
	cr_assert_eq(waitpid(child, NULL, 0), child);
}

Test(memory, is_the_targets_and_not_ours)
{
	pid_t child = start_child();
	char buffer[7];
	size_t length;

	cr_expect_eq(memory_read(child, address_of(memory), buffer, 7), 0);
	cr_expect_str_eq(buffer, "child!");
	cr_expect_eq(memory_write(child, address_of(memory), "chosen", 7), 0);
	cr_expect_eq(memory_read_string(child, address_of(memory), buffer, 7, &length), 0);
	cr_expect_str_eq(buffer, "chosen");
	cr_expect_str_eq(memory, "parent");
	end_child(child);
}

/* A caller tells this from EFAULT: the target does not wait for an answer any more. */
Test(memory, of_a_target_that_has_gone_is_no_bad_address)
{
	pid_t child = start_child();
	const uint64_t addresses[] = { address_of(memory), address_of(memory) };
	const struct memory_piece nothing = { .length = 0 };
	char buffer[MEMORY_SHORT];
	size_t length;

	end_child(child);
	cr_expect_eq(memory_read(child, address_of(memory), buffer, 7), -ESRCH);
	cr_expect_eq(memory_read_string(child, address_of(memory), buffer, 7, &length), -ESRCH);
	cr_expect_eq(memory_write(child, address_of(memory), "w", 1), -ESRCH);
	cr_expect_not(memory_read_strings(child, addresses, (char *const[]){ buffer, buffer }, 2,
					  &nothing));
}

/* The number of a thread that our pid namespace does not see. */
Test(memory, of_thread_0_is_no_targets)
{
	char buffer[7];

	cr_expect_eq(memory_read(0, address_of(memory), buffer, 7), -ESRCH);
}
