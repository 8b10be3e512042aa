/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log_budget.h"

/* The mutable statics of the program: the level is set once by the command line, and read everywhere. */
enum log_level log_level_set = LOG_NOTICE;
static pthread_mutex_t budget_lock = PTHREAD_MUTEX_INITIALIZER;
static struct log_budget budget;

void log_set_level(enum log_level level)
{
	log_level_set = level;
}

/* Bytes above ASCII too: some are controls to one terminal or another. */
static void mask_control_bytes(char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)text[i] < 0x20 || (unsigned char)text[i] > 0x7e)
			text[i] = '?';
}

__attribute__((format(printf, 1, 0))) static void write_line(const char *format, va_list arguments)
{
	static const char prefix[] = "nsxattr: ";
	const size_t start = sizeof(prefix) - 1;
	char line[1024 + sizeof(prefix)];
	int saved = errno;

	__builtin_memcpy(line, prefix, sizeof(prefix));
	int text = vsnprintf(line + start, sizeof(line) - start, format, arguments);

	if (text > 0) {
		size_t length = (size_t)text;

		if (length > sizeof(line) - start - 2)
			length = sizeof(line) - start - 2;
		mask_control_bytes(line + start, length);
		line[start + length] = '\n';
		if (write(STDERR_FILENO, line, start + length + 1) < 0)
			errno = saved; /* no process reads our messages: nothing to be done */
	}
	errno = saved;
}

void log_write(enum log_level level, const char *format, ...)
{
	va_list arguments;

	if (!log_enabled(level))
		return;
	va_start(arguments, format);
	write_line(format, arguments);
	va_end(arguments);
}

static bool take_from_budget(uint64_t source, unsigned long *ret_left_out)
{
	pthread_mutex_lock(&budget_lock);
	bool is_admitted = log_budget_take(&budget, source, clock_milliseconds(), ret_left_out);

	pthread_mutex_unlock(&budget_lock);
	return is_admitted;
}

void log_limited(uint64_t source, enum log_level level, const char *format, ...)
{
	unsigned long left_out = 0;
	va_list arguments;

	if (!log_enabled(level) || !take_from_budget(source, &left_out))
		return;
	if (left_out > 0)
		log_warning("%lu lines like the next one were left out", left_out);
	va_start(arguments, format);
	write_line(format, arguments);
	va_end(arguments);
}

void log_left_out(void)
{
	pthread_mutex_lock(&budget_lock);
	unsigned long count = log_budget_left_out(&budget);

	pthread_mutex_unlock(&budget_lock);
	if (count > 0)
		log_warning("%lu lines were left out, of users or containers that cause too many",
			    count);
}

/* FNV-1a. */
static uint64_t hash_text(const char *text)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3;
	return hash;
}

uint64_t log_source(uint32_t uid, const char *id)
{
	return uid != 0 ? uid : hash_text(id) | LOG_SOURCE_CONTAINER;
}
