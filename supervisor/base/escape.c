/* SPDX-License-Identifier: Apache-2.0 */
#include "base/escape.h"

#include <stdio.h>

size_t escape_byte(unsigned char byte, char *to)
{
	if (byte == '\\')
		return (size_t)sprintf(to, "\\\\");
	if (byte <= ' ' || byte > '~')
		return (size_t)sprintf(to, "\\x%02x", byte);
	return (size_t)sprintf(to, "%c", byte);
}

const char *escape_text(const char *text, char *ret_text, size_t size)
{
	size_t length = 0;

	for (; *text && length + ESCAPED_SIZE(1) < size; text++)
		length += escape_byte((unsigned char)*text, ret_text + length);
	ret_text[length] = '\0';
	return ret_text;
}
