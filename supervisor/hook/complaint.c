/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/complaint.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/fd.h"
#include "base/log.h"
#include "hook/parent_stream.h"
#include "hook/refused_starts.h"
#include "hook/system_log.h"

static void tell_parent(const char *kind, const char *sentence)
{
	_cleanup_free_ char *line = NULL;

	if (parent_stream_is_needed() && asprintf(&line, "nsxattr: %s%s\n", kind, sentence) >= 0)
		parent_stream_write(line);
}

void tell_of_container(bool is_failure, const char *container, const char *format, ...)
{
	_cleanup_free_ char *sentence = NULL;
	va_list arguments;

	va_start(arguments, format);
	int length = vasprintf(&sentence, format, arguments);

	va_end(arguments);
	if (length < 0) {
		sentence = NULL;
		log_error("out of memory");
		return;
	}
	log_write(is_failure ? LOG_ERROR : LOG_WARNING, "%s", sentence);
	system_log_write(is_failure, container, sentence);
	if (is_failure)
		refused_starts_keep(container, sentence);
	tell_parent(is_failure ? "" : "warning: ", sentence);
}
