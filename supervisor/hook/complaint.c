/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/complaint.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/fd.h"
#include "base/log.h"
#include "hook/parent_stream.h"
#include "hook/system_log.h"

__attribute__((format(printf, 1, 0))) static char *print(const char *format, va_list arguments)
{
	char *sentence = NULL;

	return vasprintf(&sentence, format, arguments) < 0 ? NULL : sentence;
}

static void tell_parent(const char *kind, const char *sentence)
{
	_cleanup_free_ char *line = NULL;

	if (parent_stream_is_needed() && asprintf(&line, "nsxattr: %s%s\n", kind, sentence) >= 0)
		parent_stream_write(line);
}

void complain_of_container(const char *container, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	_cleanup_free_ char *sentence = print(format, arguments);

	va_end(arguments);
	log_error("%s", sentence ? sentence : "out of memory");
	if (!sentence)
		return;
	system_log_failure(container, sentence);
	tell_parent("", sentence);
}

void warn_of_container(const char *container, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	_cleanup_free_ char *sentence = print(format, arguments);

	va_end(arguments);
	if (!sentence)
		return;
	log_warning("%s", sentence);
	system_log_warning(container, sentence);
	tell_parent("warning: ", sentence);
}
