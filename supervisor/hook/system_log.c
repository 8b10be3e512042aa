/* SPDX-License-Identifier: Apache-2.0 */
/* A file of its own: <syslog.h> and base/log.h both have a LOG_WARNING. */
#include "hook/system_log.h"

#include <syslog.h>

void system_log_failure(const char *container, const char *sentence)
{
	openlog("nsxattr", LOG_PID, LOG_DAEMON);
	if (container)
		syslog(LOG_ERR, "the container '%s' does not start: %s", container, sentence);
	else
		syslog(LOG_ERR, "a container does not start: %s", sentence);
	closelog();
}
