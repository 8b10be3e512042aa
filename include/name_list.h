/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_NAME_LIST_H
#define NSXATTR_NAME_LIST_H

/* Lists of names as listxattr(2) gives them: each with its NUL, one after the other. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How many names a list of so many bytes can have: each takes two at least. */
#define NAME_LIST_COUNT_MAX(size) ((size) / 2)

/** name_list_length_at() - Return: bytes of the name at @offset; 0 where the list ends. */
size_t name_list_length_at(const char *names, size_t length, size_t offset);

/** struct name_index - where each name of a list is, by name */
struct name_index {
	const char *names;
	uint32_t *offsets;
	size_t count;
};

/**
 * name_index_make() - sort the names of a list
 * @index: its offsets have room for NAME_LIST_COUNT_MAX(@length) numbers
 * @names: the list, which has to stay
 *
 * The time grows no faster than with the count and its logarithm, whoever chose the names.
 */
void name_index_make(struct name_index *index, const char *names, size_t length);

/** name_index_has() - is a name in the list? */
bool name_index_has(const struct name_index *index, const char *name);

enum name_list_order {
	NAME_LIST_RISING = 1,
	NAME_LIST_FALLING,
	NAME_LIST_UNORDERED, /* neither, or fewer than two names */
};

/**
 * name_list_order() - are the names of a list in the order of their bytes?
 *
 * The names of system.* that the list begins with do not count: the kernel puts them there.
 */
enum name_list_order name_list_order(const char *names, size_t length);

/**
 * name_list_sort() - bring a list into an order
 * @names: the list, @length bytes
 * @order: rising or falling
 * @offsets: room for NAME_LIST_COUNT_MAX(@length) numbers
 * @ret_sorted: where it goes; room for @length bytes
 *
 * The names of system.* that the list begins with stay there.
 *
 * Return: the bytes written.
 */
size_t name_list_sort(const char *names, size_t length, enum name_list_order order,
		      uint32_t *offsets, char *ret_sorted);

#endif
