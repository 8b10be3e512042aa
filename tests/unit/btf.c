/* SPDX-License-Identifier: Apache-2.0 */
#include "base/btf.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <linux/btf.h>
#include <stdlib.h>
#include <string.h>

#include "btf_draft.h"

TestSuite(btf, .timeout = 60);

/* 1 int; 2 a union without a name; 3 a structure around it; 4 a function; 5 its parameters */
static size_t usual(unsigned char *bytes)
{
	btf_draft_begin();
	btf_draft_type(btf_draft_name("int"), BTF_KIND_INT, false, 0, 4);
	btf_draft_word(32);
	btf_draft_type(0, BTF_KIND_UNION, false, 2, 8);
	btf_draft_member(btf_draft_name("left"), 1, 0);
	btf_draft_member(btf_draft_name("right"), 1, 32);
	btf_draft_type(btf_draft_name("outer"), BTF_KIND_STRUCT, true, 3, 24);
	btf_draft_member(btf_draft_name("first"), 1, 0);
	btf_draft_member(btf_draft_name("bits"), 1, 3 << 24 | 64);
	btf_draft_member(0, 2, 128);
	btf_draft_type(btf_draft_name("work"), BTF_KIND_FUNC, false, 0, 5);
	btf_draft_type(0, BTF_KIND_FUNC_PROTO, false, 2, 1);
	btf_draft_parameter(btf_draft_name("speed"), 1);
	btf_draft_parameter(btf_draft_name("hours"), 1);
	return btf_draft_finish(bytes);
}

static struct btf *made(const unsigned char *bytes, size_t length)
{
	struct btf *btf = NULL;

	cr_assert_eq(btf_new(bytes, length, &btf), 0);
	return btf;
}

Test(btf, finds_members)
{
	_Alignas(uint32_t) unsigned char bytes[4096];
	struct btf *btf = made(bytes, usual(bytes));
	uint32_t offset = 99;

	cr_expect_eq(btf_find_member(btf, "outer", "first", &offset), 0);
	cr_expect_eq(offset, 0);
	cr_expect_eq(btf_find_member(btf, "outer", "left", &offset), 0);
	cr_expect_eq(offset, 16);
	cr_expect_eq(btf_find_member(btf, "outer", "right", &offset), 0);
	cr_expect_eq(offset, 20);
	btf_free(btf);
}

Test(btf, does_not_find_what_is_not_there)
{
	_Alignas(uint32_t) unsigned char bytes[4096];
	struct btf *btf = made(bytes, usual(bytes));
	uint32_t offset = 99;

	cr_expect_eq(btf_find_member(btf, "outer", "second", &offset), -ENOENT);
	cr_expect_eq(btf_find_member(btf, "inner", "first", &offset), -ENOENT);
	cr_expect_eq(btf_find_member(btf, "int", "first", &offset), -ENOENT);
	cr_expect_eq(btf_find_member(btf, "outer", "bits", &offset), -ENOENT);
	cr_expect_eq(offset, 99);
	btf_free(btf);
}

Test(btf, finds_functions_by_their_number)
{
	_Alignas(uint32_t) unsigned char bytes[4096];
	struct btf *btf = made(bytes, usual(bytes));
	uint32_t number = 0;

	cr_expect_eq(btf_find_function(btf, "work", &number), 0);
	cr_expect_eq(number, 4);
	cr_expect_eq(btf_find_function(btf, "outer", &number), -ENOENT);
	btf_free(btf);
}

Test(btf, counts_parameters_of_functions)
{
	_Alignas(uint32_t) unsigned char bytes[4096];
	struct btf *btf = made(bytes, usual(bytes));
	uint32_t count = 99;

	cr_expect_eq(btf_count_parameters(btf, "rest", &count), -ENOENT);
	cr_expect_eq(btf_count_parameters(btf, "outer", &count), -ENOENT);
	cr_expect_eq(count, 99);
	cr_expect_eq(btf_count_parameters(btf, "work", &count), 0);
	cr_expect_eq(count, 2);
	btf_free(btf);
}

static int count_parameters_of_type(uint32_t number)
{
	_Alignas(uint32_t) unsigned char bytes[4096];
	uint32_t count;

	btf_draft_begin();
	btf_draft_type(btf_draft_name("int"), BTF_KIND_INT, false, 0, 4);
	btf_draft_word(32);
	btf_draft_type(btf_draft_name("work"), BTF_KIND_FUNC, false, 0, number);
	struct btf *btf = made(bytes, btf_draft_finish(bytes));
	int r = btf_count_parameters(btf, "work", &count);

	btf_free(btf);
	return r;
}

Test(btf, counts_no_parameters_of_what_has_none)
{
	cr_expect_eq(count_parameters_of_type(0), -EPROTO, "no type");
	cr_expect_eq(count_parameters_of_type(1), -EPROTO, "a number");
	cr_expect_eq(count_parameters_of_type(3), -EPROTO, "one that is not there");
}

Test(btf, finds_structures_by_their_number)
{
	_Alignas(uint32_t) unsigned char bytes[4096];
	struct btf *btf = made(bytes, usual(bytes));
	uint32_t number = 0;

	cr_expect_eq(btf_find_structure(btf, "outer", &number), 0);
	cr_expect_eq(number, 3);
	cr_expect_eq(btf_find_structure(btf, "work", &number), -ENOENT);
	btf_free(btf);
}

static int find_in_two(uint32_t second_offset)
{
	_Alignas(uint32_t) unsigned char bytes[4096];
	uint32_t offset, twice, field;

	btf_draft_begin();
	twice = btf_draft_name("twice");
	field = btf_draft_name("field");
	btf_draft_type(btf_draft_name("int"), BTF_KIND_INT, false, 0, 4);
	btf_draft_word(32);
	btf_draft_type(twice, BTF_KIND_STRUCT, false, 1, 16);
	btf_draft_member(field, 1, 32);
	btf_draft_type(twice, BTF_KIND_STRUCT, false, 1, 16);
	btf_draft_member(field, 1, second_offset);
	struct btf *btf = made(bytes, btf_draft_finish(bytes));
	int r = btf_find_member(btf, "twice", "field", &offset);

	btf_free(btf);
	return r;
}

Test(btf, does_not_choose_between_two_of_one_name)
{
	cr_expect_eq(find_in_two(32), 0);
	cr_expect_eq(find_in_two(64), -ENOTUNIQ);
}

Test(btf, refuses_every_shorter_piece)
{
	_Alignas(uint32_t) unsigned char bytes[4096];
	size_t length = usual(bytes);
	struct btf *btf = NULL;

	for (size_t i = 0; i < length; i++) {
		/* On the heap, where a sanitizer sees what is read behind it. */
		unsigned char *piece = malloc(i > 0 ? i : 1);

		memcpy(piece, bytes, i);
		cr_expect_eq(btf_new(piece, i, &btf), -EPROTO, "%zu of %zu bytes", i, length);
		free(piece);
	}
	cr_expect_null(btf);
}

Test(btf, refuses_kinds_that_are_not_known)
{
	_Alignas(uint32_t) unsigned char bytes[4096];
	struct btf *btf = NULL;

	btf_draft_begin();
	btf_draft_type(0, 31, false, 0, 0);
	size_t length = btf_draft_finish(bytes);

	cr_expect_eq(btf_new(bytes, length, &btf), -EPROTO);
}

/* A structure that says it has itself as a member without a name ends nowhere. */
Test(btf, does_not_descend_for_ever)
{
	_Alignas(uint32_t) unsigned char bytes[4096];
	uint32_t offset;

	btf_draft_begin();
	btf_draft_type(btf_draft_name("loop"), BTF_KIND_STRUCT, false, 1, 8);
	btf_draft_member(0, 1, 0);
	struct btf *btf = made(bytes, btf_draft_finish(bytes));

	cr_expect_eq(btf_find_member(btf, "loop", "field", &offset), -ENOENT);
	btf_free(btf);
}

/* The length is the kernel's; what the types say lies inside of them. */
Test(btf, refuses_parts_that_lie_outside)
{
	_Alignas(uint32_t) unsigned char bytes[4096];
	size_t length = usual(bytes);
	struct btf *btf = NULL;
	struct btf_header *header = (void *)bytes;

	header->str_off = UINT32_MAX - 3;
	cr_expect_eq(btf_new(bytes, length, &btf), -EPROTO);
	length = usual(bytes);
	header->type_len += 4;
	cr_expect_eq(btf_new(bytes, length, &btf), -EPROTO);
	length = usual(bytes);
	header->hdr_len = UINT32_MAX;
	cr_expect_eq(btf_new(bytes, length, &btf), -EPROTO);
}
