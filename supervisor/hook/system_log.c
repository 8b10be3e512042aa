/* SPDX-License-Identifier: Apache-2.0 */
/* A file of its own: <syslog.h> and base/log.h both have a LOG_WARNING. */
#include "hook/system_log.h"

#include <syslog.h>

void system_log_write(bool is_failure, const char *container, const char *sentence)
{
	const char *what = is_failure ? " does not start" : "";
	int priority = is_failure ? LOG_ERR : LOG_WARNING;

	openlog("nsxattr", LOG_PID, LOG_DAEMON);
	if (container)
		syslog(priority, "the container '%s'%s: %s", container, what, sentence);
	else
		syslog(priority, "a container%s: %s", what, sentence);
	closelog();
}
