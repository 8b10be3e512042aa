/* SPDX-License-Identifier: Apache-2.0 */
#include "acl_text.h"

#include <string.h>

#include "decimal.h"

/* <linux/posix_acl_xattr.h>; all numbers are little-endian. */
#define VERSION 2
#define HEADER_SIZE 4
#define ENTRY_SIZE 8

static const struct {
	unsigned int tag;
	const char *word;
	bool has_id;
} kinds[] = {
	{ 0x01, "user:", false }, { 0x02, "user:", true },  { 0x04, "group:", false },
	{ 0x08, "group:", true }, { 0x10, "mask:", false }, { 0x20, "other:", false },
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static uint32_t read_number(const uint8_t *bytes, unsigned int size)
{
	uint32_t number = 0;

	while (size-- > 0)
		number = number << 8 | bytes[size];
	return number;
}

/* Return: which one it is; KINDS: there is no such entry. */
static size_t kind_of(const uint8_t *entry)
{
	uint32_t tag = read_number(entry, 2);
	size_t kind = 0;

	while (kind < KINDS && kinds[kind].tag != tag)
		kind++;
	return kind;
}

/* With a comma behind it. Return: where the text goes on. */
static char *write_entry(const uint8_t *entry, size_t kind,
			 bool (*shift)(void *place, uint32_t *id), void *place, char *to)
{
	uint32_t bits = read_number(entry + 2, 2), id = read_number(entry + 4, 4);

	if (kinds[kind].has_id && !shift(place, &id))
		return to;
	to = mempcpy(to, kinds[kind].word, strlen(kinds[kind].word));
	if (kinds[kind].has_id)
		to += decimal_write(id, to);
	*to++ = ':';
	*to++ = bits & 4 ? 'r' : '-';
	*to++ = bits & 2 ? 'w' : '-';
	*to++ = bits & 1 ? 'x' : '-';
	*to++ = ',';
	return to;
}

size_t acl_text_write(const void *value, size_t length, bool (*shift)(void *place, uint32_t *id),
		      void *place, char *ret_text)
{
	const uint8_t *bytes = value;
	char *to = ret_text;

	if (length <= HEADER_SIZE || length % ENTRY_SIZE != HEADER_SIZE ||
	    read_number(bytes, HEADER_SIZE) != VERSION)
		return 0;
	for (size_t at = HEADER_SIZE; at < length; at += ENTRY_SIZE) {
		size_t kind = kind_of(bytes + at);

		if (kind == KINDS)
			return 0;
		to = write_entry(bytes + at, kind, shift, place, to);
	}
	to -= to > ret_text; /* the last comma */
	*to = '\0';
	return (size_t)(to - ret_text);
}
