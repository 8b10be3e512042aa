/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/tree_text.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

/* A character, or what stands for a byte. */
#define PIECE_SIZE (MB_LEN_MAX + 1)

/* Return: how many bytes make the character of the locale that begins there; 0: none that can be shown. */
static size_t character_length(const char *text, size_t length)
{
	wchar_t character;
	mbstate_t state = { 0 };
	size_t size = mbrtowc(&character, text, length, &state);

	if (size == (size_t)-1 || size == (size_t)-2 || size == 0)
		return 0;
	return *text != '\\' && iswprint((wint_t)character) ? size : 0;
}

/* As ls -b does it. Return: how many bytes of the text @piece stands for. */
static size_t escape(const char *text, size_t length, char piece[PIECE_SIZE])
{
	size_t size = character_length(text, length);

	if (size > 0)
		snprintf(piece, PIECE_SIZE, "%.*s", (int)size, text);
	else
		snprintf(piece, PIECE_SIZE, "\\%03o", (unsigned char)*text);
	return size > 0 ? size : 1;
}

void tree_text_print(const char *text, size_t length)
{
	char piece[PIECE_SIZE];

	for (size_t at = 0; at < length;) {
		at += escape(text + at, length - at, piece);
		fputs(piece, stdout);
	}
}

char *tree_text_spell(const char *text, size_t length)
{
	char *spelt = malloc(4 * length + PIECE_SIZE), *to = spelt;

	for (size_t at = 0; spelt && at < length; to += strlen(to))
		at += escape(text + at, length - at, to);
	if (spelt)
		*to = '\0';
	return spelt;
}
