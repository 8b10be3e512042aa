/* SPDX-License-Identifier: Apache-2.0 */
/* The one file of the pure core that includes <stdio.h>, to print into memory. */
#include "yaml/diagnostic.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static bool comes_before(unsigned int line, unsigned int column, const struct diagnostic *other)
{
	return line < other->line || (line == other->line && column < other->column);
}

void diagnostics_add(struct diagnostics *diagnostics, unsigned int line, unsigned int column,
		     const char *format, ...)
{
	size_t place = diagnostics->count;
	va_list arguments;

	if (diagnostics->count == DIAGNOSTICS_MAX) {
		diagnostics->is_cut = true;
		return;
	}
	while (place > 0 && comes_before(line, column, &diagnostics->entries[place - 1]))
		place--;
	struct diagnostic *entry = &diagnostics->entries[place];

	memmove(entry + 1, entry, (diagnostics->count - place) * sizeof(*entry));
	diagnostics->count++;
	entry->line = line;
	entry->column = column;
	va_start(arguments, format);
	vsnprintf(entry->text, sizeof(entry->text), format, arguments);
	va_end(arguments);
}

const char *diagnostic_print(char *text, size_t size, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, size, format, arguments);
	va_end(arguments);
	return text;
}

size_t text_control_length(const char *at, const char *end)
{
	unsigned char byte = (unsigned char)*at;

	if (byte == 0xc2 && end - at > 1 && (unsigned char)at[1] < 0xa0)
		return 2;
	return byte < ' ' || byte == 0x7f ? 1 : 0;
}

const char *quote_text(const char *bytes, size_t length, struct quoted_text *quoted)
{
	const char *end = bytes + (length < QUOTED_MAX ? length : QUOTED_MAX);
	char *to = quoted->text;

	/* No character of UTF-8 is cut in two. */
	while (end > bytes && end < bytes + length && ((unsigned char)*end & 0xc0) == 0x80)
		end--;
	*to++ = '\'';
	for (const char *at = bytes; at < end;) {
		size_t control = text_control_length(at, end);

		if (control)
			*to++ = '?';
		else
			*to++ = *at;
		at += control ? control : 1;
	}
	diagnostic_print(to, sizeof("'..."), "%s", end < bytes + length ? "'..." : "'");
	return quoted->text;
}
