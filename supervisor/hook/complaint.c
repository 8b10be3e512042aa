/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/complaint.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/fd.h"
#include "base/log.h"
#include "hook/parent_stream.h"
#include "hook/refused_starts.h"
#include "hook/runtime_log.h"
#include "hook/system_log.h"

static void tell_parent(const char *kind, const char *sentence)
{
	_cleanup_free_ char *line = NULL;

	if (parent_stream_is_needed() && asprintf(&line, "nsxattr: %s%s\n", kind, sentence) >= 0)
		parent_stream_write(line);
}

static void tell(const struct runtime_log *log, bool is_failure, const char *container,
		 const char *sentence)
{
	system_log_write(is_failure, container, sentence);
	if (is_failure)
		refused_starts_keep(container, sentence);
	else if (log)
		return;
	log_write(is_failure ? LOG_ERROR : LOG_WARNING, "%s", sentence);
	if (!log || !log->path || runtime_log_write(log, is_failure, sentence) < 0)
		tell_parent(is_failure ? "" : "warning: ", sentence);
}

/* Return: the caller's to free(3); NULL without memory, which has been said. */
__attribute__((format(printf, 1, 0))) static char *sentence_new(const char *format,
								va_list arguments)
{
	char *sentence;

	if (vasprintf(&sentence, format, arguments) >= 0)
		return sentence;
	log_error("out of memory");
	return NULL;
}

__attribute__((format(printf, 4, 0))) static void
tell_formatted(const struct runtime_log *log, bool is_failure, const char *container,
	       const char *format, va_list arguments)
{
	_cleanup_free_ char *sentence = sentence_new(format, arguments);

	if (sentence)
		tell(log, is_failure, container, sentence);
}

void tell_of_container(bool is_failure, const char *container, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	tell_formatted(NULL, is_failure, container, format, arguments);
	va_end(arguments);
}

void tell_runtime_of_container(const struct runtime_log *log, bool is_failure,
			       const char *container, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	tell_formatted(log, is_failure, container, format, arguments);
	va_end(arguments);
}

void tell_runtime(const struct runtime_log *log, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	_cleanup_free_ char *sentence = sentence_new(format, arguments);

	va_end(arguments);
	if (!sentence)
		return;
	log_error("%s", sentence);
	if (log->path)
		(void)runtime_log_write(log, true, sentence);
}
