/* SPDX-License-Identifier: Apache-2.0 */
/* A file of its own: <syslog.h> and base/log.h both have a LOG_WARNING. */
#include "hook/system_log.h"

#include <syslog.h>

static void write_line(int priority, const char *container, const char *what, const char *sentence)
{
	openlog("nsxattr", LOG_PID, LOG_DAEMON);
	if (container)
		syslog(priority, "the container '%s'%s: %s", container, what, sentence);
	else
		syslog(priority, "a container%s: %s", what, sentence);
	closelog();
}

void system_log_failure(const char *container, const char *sentence)
{
	write_line(LOG_ERR, container, " does not start", sentence);
}

void system_log_warning(const char *container, const char *sentence)
{
	write_line(LOG_WARNING, container, "", sentence);
}
