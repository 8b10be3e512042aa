/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log_budget.h"

/* The mutable statics of the program: these two are set once at the start, and read everywhere. */
enum log_level log_level_set = LOG_NOTICE;
static bool has_priorities;
#define PREFIX_SIZE sizeof("<3>nsxattr: ")
/* With the newline, and the NUL of printf(3). */
#define TEXT_SIZE 1025

static pthread_mutex_t budget_lock = PTHREAD_MUTEX_INITIALIZER;
static struct log_budget budget;

void log_set_level(enum log_level level)
{
	log_level_set = level;
}

void log_find_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat stat;

	has_priorities = stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
			 fstat(STDERR_FILENO, &stat) == 0 && stat.st_dev == device &&
			 stat.st_ino == inode;
}

/* Bytes above ASCII too: some are controls to one terminal or another. */
static void mask_control_bytes(char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)text[i] < 0x20 || (unsigned char)text[i] > 0x7e)
			text[i] = '?';
}

/* As syslog(3) numbers them. Return: how long it is. */
static size_t write_prefix(char line[PREFIX_SIZE], enum log_level level)
{
	static const char priorities[] = { '3', '4', '5', '6', '7' };

	return (size_t)(has_priorities ?
				snprintf(line, PREFIX_SIZE, "<%c>nsxattr: ", priorities[level]) :
				snprintf(line, PREFIX_SIZE, "nsxattr: "));
}

__attribute__((format(printf, 2, 0))) static void write_line(enum log_level level,
							     const char *format, va_list arguments)
{
	char line[PREFIX_SIZE + TEXT_SIZE];
	int saved = errno;
	const size_t start = write_prefix(line, level);
	int text = vsnprintf(line + start, TEXT_SIZE, format, arguments);

	if (text > 0) {
		size_t length = (size_t)text;

		if (length > TEXT_SIZE - 2)
			length = TEXT_SIZE - 2;
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
	write_line(level, format, arguments);
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
	write_line(level, format, arguments);
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
