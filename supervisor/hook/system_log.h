/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_HOOK_SYSTEM_LOG_H
#define NSXATTR_HOOK_SYSTEM_LOG_H

/* What a hook says goes to its runtime, which often keeps it to itself; so the system's log gets it too. */

#include <stdbool.h>

/** system_log_write() - why a container does not start, or what is wrong with it; @container: NULL: it is not known */
void system_log_write(bool is_failure, const char *container, const char *sentence);

#endif
