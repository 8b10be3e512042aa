/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_HOOK_SYSTEM_LOG_H
#define NSXATTR_HOOK_SYSTEM_LOG_H

/* What a hook says goes to its runtime, which often keeps it to itself; so the system's log gets it too. */

/** system_log_failure() - why a container does not start; @container: NULL: it is not known */
void system_log_failure(const char *container, const char *sentence);

/** system_log_warning() - what is wrong with one that starts */
void system_log_warning(const char *container, const char *sentence);

#endif
