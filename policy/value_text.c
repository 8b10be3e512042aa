/* SPDX-License-Identifier: Apache-2.0 */
#include "value_text.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "count_of.h"
#include "policy.h"

static_assert(HOST_VALUE_MAX == 256, "a message below names it");

/** struct encoding - digits of some bits each, the uppermost first */
struct encoding {
	const char *prefixes[2];
	const char *digits; /* by what they stand for; again behind that, if some have two forms */
	unsigned int bits;
	unsigned int group; /* there are a multiple of so many, ... */
	unsigned int padding; /* ... of which so many may be '=' at the end */
	const char *fault;
};

static const struct encoding encodings[] = {
	{
		.prefixes = { "0x", "0X" },
		.digits = "0123456789abcdef0123456789ABCDEF",
		.bits = 4,
		.group = 2,
		.fault =
			"0x begins a value in hexadecimal; allowed behind it: two hexadecimal digits for each byte",
	},
	{
		.prefixes = { "0s", "0S" },
		.digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
		.bits = 6,
		.group = 4,
		.padding = 2,
		.fault =
			"0s begins a value in base64; allowed behind it: its digits, padded with '='",
	},
};

/* Return: NULL: the text stands for itself. */
static const struct encoding *find_encoding(const char *text, size_t length)
{
	for (size_t i = 0; length >= 2 && i < COUNT_OF(encodings); i++)
		if (memcmp(text, encodings[i].prefixes[0], 2) == 0 ||
		    memcmp(text, encodings[i].prefixes[1], 2) == 0)
			return &encodings[i];
	return NULL;
}

/* Return: whether it is of the encoding. One text a value: bits of the last digit that are no byte's are zero. */
static bool decode(const struct encoding *encoding, const char *text, size_t length, char *bytes,
		   size_t *ret_size)
{
	size_t digits = length, size = 0;
	unsigned int bits = 0, count = 0; /* that are in no byte yet */

	while (digits > 0 && length - digits < encoding->padding && text[digits - 1] == '=')
		digits--;
	for (size_t i = 0; i < digits; i++) {
		const char *digit = text[i] ? strchr(encoding->digits, text[i]) : NULL;

		if (!digit)
			return false;
		bits = bits << encoding->bits |
		       ((unsigned int)(digit - encoding->digits) & ((1U << encoding->bits) - 1));
		count += encoding->bits;
		if (count < 8)
			continue;
		count -= 8;
		bytes[size++] = (char)(bits >> count);
		bits &= (1U << count) - 1;
	}
	*ret_size = size;
	return length % encoding->group == 0 && bits == 0;
}

const char *value_text_decode(const char *text, size_t length, char *bytes, size_t *ret_size)
{
	const struct encoding *encoding = find_encoding(text, length);

	*ret_size = length;
	if (!encoding)
		memcpy(bytes, text, length);
	else if (!decode(encoding, text + 2, length - 2, bytes, ret_size))
		return encoding->fault;
	if (*ret_size > HOST_VALUE_MAX)
		return "it is too long; allowed: values of up to 256 bytes";
	return NULL;
}
