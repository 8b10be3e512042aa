/* SPDX-License-Identifier: Apache-2.0 */
#include "attribute_dump.h"

#include <stdint.h>
#include <string.h>

static const char file_mark[] = "# file: ";
static const char base64_digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* ---- reading ---- */

static bool is_octal(char digit)
{
	return digit >= '0' && digit <= '7';
}

/* Is there a byte's number behind the backslash? */
static bool is_escape(const char *text, size_t left)
{
	return left >= 4 && text[0] == '\\' && text[1] >= '0' && text[1] <= '3' &&
	       is_octal(text[2]) && is_octal(text[3]);
}

static char escaped_byte(const char *text)
{
	return (char)((text[1] - '0') << 6 | (text[2] - '0') << 3 | (text[3] - '0'));
}

/* Return: the length; the text is shorter then, and has a NUL behind it. */
static size_t decode_text(char *text, size_t length, bool has_quotes)
{
	size_t to = 0;

	for (size_t at = 0; at < length;) {
		bool is_quoted = has_quotes && at + 1 < length && text[at] == '\\' &&
				 (text[at + 1] == '\\' || text[at + 1] == '"');

		if (is_escape(text + at, length - at)) {
			text[to++] = escaped_byte(text + at);
			at += 4;
		} else {
			at += is_quoted;
			text[to++] = text[at++];
		}
	}
	text[to] = '\0';
	return to;
}

static int hex_digit(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

static bool decode_hex(char *text, size_t length, size_t *ret_length)
{
	if (length % 2 != 0)
		return false;
	for (size_t i = 0; i < length; i += 2) {
		int high = hex_digit(text[i]), low = hex_digit(text[i + 1]);

		if (high < 0 || low < 0)
			return false;
		text[i / 2] = (char)(high << 4 | low);
	}
	*ret_length = length / 2;
	return true;
}

/* Return: the length without the padding; SIZE_MAX: it cannot be that of base64. */
static size_t base64_length(const char *text, size_t length)
{
	size_t padding = 0;

	while (length > 0 && padding < 2 && text[length - 1] == '=') {
		length--;
		padding++;
	}
	if (length % 4 == 1 || (padding > 0 && (length + padding) % 4 != 0))
		return SIZE_MAX;
	return length;
}

static bool decode_base64(char *text, size_t length, size_t *ret_length)
{
	size_t count = base64_length(text, length), to = 0;
	uint32_t bits = 0;

	if (count == SIZE_MAX)
		return false;
	for (size_t i = 0; i < count; i++) {
		const char *digit = text[i] ? strchr(base64_digits, text[i]) : NULL;

		if (!digit)
			return false;
		bits = bits << 6 | (uint32_t)(digit - base64_digits);
		if (i % 4 > 0)
			text[to++] = (char)(bits >> (6 - 2 * (i % 4)));
	}
	*ret_length = to;
	return true;
}

static bool decode_value(char *value, size_t length, struct dump_line *line)
{
	line->value = value;
	if (length >= 2 && value[0] == '0' && (value[1] == 'x' || value[1] == 'X')) {
		line->value = value + 2;
		return decode_hex(value + 2, length - 2, &line->length);
	}
	if (length >= 2 && value[0] == '0' && (value[1] == 's' || value[1] == 'S')) {
		line->value = value + 2;
		return decode_base64(value + 2, length - 2, &line->length);
	}
	if (length >= 2 && value[0] == '"' && value[length - 1] == '"') {
		line->value = value + 1;
		line->length = decode_text(value + 1, length - 2, true);
		return true;
	}
	line->length = decode_text(value, length, true);
	return length == 0 || value[0] != '"';
}

/* A name with a NUL in it would mean another one. */
static bool decode_name(char *name, size_t length, const char **ret_name)
{
	size_t decoded = decode_text(name, length, false);

	*ret_name = name;
	return decoded > 0 && !memchr(name, '\0', decoded);
}

enum dump_line_kind attribute_dump_read(char *line, size_t length, struct dump_line *ret_line)
{
	const size_t mark = sizeof(file_mark) - 1;
	struct dump_line found = { NULL, NULL, 0 };
	char *sign;

	if (length >= mark && memcmp(line, file_mark, mark) == 0) {
		if (!decode_name(line + mark, length - mark, &found.name))
			return DUMP_MISTAKE;
		*ret_line = found;
		return DUMP_FILE;
	}
	if (length == 0 || line[0] == '#')
		return DUMP_NOTHING;
	sign = memchr(line, '=', length);
	if (!sign || !decode_value(sign + 1, length - (size_t)(sign + 1 - line), &found) ||
	    !decode_name(line, (size_t)(sign - line), &found.name))
		return DUMP_MISTAKE;
	*ret_line = found;
	return DUMP_VALUE;
}

/* ---- writing ---- */

static char *write_octal(char *to, char byte)
{
	*to++ = '\\';
	*to++ = (char)('0' + ((unsigned char)byte >> 6));
	*to++ = (char)('0' + ((unsigned char)byte >> 3 & 7));
	*to++ = (char)('0' + ((unsigned char)byte & 7));
	return to;
}

size_t attribute_dump_write_name(const char *name, size_t length, char *ret_text)
{
	char *to = ret_text;

	for (size_t i = 0; i < length; i++)
		if (strchr("\\=\n\r", name[i])) /* a NUL, too */
			to = write_octal(to, name[i]);
		else
			*to++ = name[i];
	*to = '\0';
	return (size_t)(to - ret_text);
}

static bool is_printable(const char *value, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (value[i] < ' ' || value[i] > '~')
			return false;
	return true;
}

static char *write_text(char *to, const char *value, size_t length)
{
	*to++ = '"';
	for (size_t i = 0; i < length; i++) {
		if (value[i] == '\\' || value[i] == '"')
			*to++ = '\\';
		*to++ = value[i];
	}
	*to++ = '"';
	return to;
}

static char *write_base64(char *to, const char *value, size_t length)
{
	to = mempcpy(to, "0s", 2);
	for (size_t i = 0; i < length; i += 3) {
		uint32_t bits = 0;

		for (size_t j = 0; j < 3; j++)
			bits = bits << 8 | (i + j < length ? (unsigned char)value[i + j] : 0);
		for (size_t j = 0; j < 4; j++)
			*to++ = (char)(i + j <= length ? base64_digits[bits >> (18 - 6 * j) & 63] :
							 '=');
	}
	return to;
}

size_t attribute_dump_write_value(const char *value, size_t length, char *ret_text)
{
	char *end =
		(is_printable(value, length) ? write_text : write_base64)(ret_text, value, length);

	*end = '\0';
	return (size_t)(end - ret_text);
}
