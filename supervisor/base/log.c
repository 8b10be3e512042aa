/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

/* The one mutable static of the program: set once by the command line, read everywhere. */
static enum log_level current_level = LOG_NOTICE;

void log_set_level(enum log_level level)
{
	current_level = level;
}

bool log_enabled(enum log_level level)
{
	return level <= current_level;
}

/* Bytes above ASCII too: some are controls to one terminal or another. */
static void mask_control_bytes(char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)text[i] < 0x20 || (unsigned char)text[i] > 0x7e)
			text[i] = '?';
}

void log_write(enum log_level level, const char *format, ...)
{
	static const char prefix[] = "nsxattr: ";
	const size_t start = sizeof(prefix) - 1;
	char line[1024 + sizeof(prefix)];
	int saved = errno;
	va_list args;

	if (!log_enabled(level))
		return;
	__builtin_memcpy(line, prefix, sizeof(prefix));
	va_start(args, format);
	int text = vsnprintf(line + start, sizeof(line) - start, format, args);
	va_end(args);
	if (text > 0) {
		size_t length = (size_t)text;

		if (length > sizeof(line) - start - 2)
			length = sizeof(line) - start - 2;
		mask_control_bytes(line + start, length);
		line[start + length] = '\n';
		if (write(STDERR_FILENO, line, start + length + 1) < 0)
			errno = saved; /* nobody reads our messages: nothing to be done */
	}
	errno = saved;
}
