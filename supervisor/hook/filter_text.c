/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/filter_text.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Three bytes, or what is left of them, as four digits. */
static void write_group(const uint8_t *bytes, size_t left, char *place)
{
	uint32_t group = (uint32_t)bytes[0] << 16 | (left > 1 ? (uint32_t)bytes[1] << 8 : 0) |
			 (left > 2 ? bytes[2] : 0U);

	memset(place, '=', 4);
	for (size_t i = 0; i < 4 && i <= left; i++)
		place[i] = digits[group >> (18 - 6 * i) & 63];
}

char *filter_text_new(const struct sock_fprog *program)
{
	const uint8_t *bytes = (const uint8_t *)program->filter;
	size_t length = program->len * sizeof(*program->filter);
	char *text = malloc((length + 2) / 3 * 4 + 1);
	char *at = text;

	if (!text)
		return NULL;
	for (size_t i = 0; i < length; i += 3, at += 4)
		write_group(bytes + i, length - i, at);
	*at = '\0';
	return text;
}
