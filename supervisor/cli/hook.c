/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/hook.h"

#include <string.h>

#include "count_of.h"
#include "daemon/config.h"
#include "exec/guard.h"
#include "hook/complaint.h"

#define NO_CONTROL "none"

const char *hook_check_control(const char *argument)
{
	return argument[0] == '/' || strcmp(argument, NO_CONTROL) == 0 ?
		       NULL :
		       "is neither an absolute path nor " NO_CONTROL;
}

const char *hook_check_start(const char *argument)
{
	return *argument == '/' || (*argument && presence_is_unit(argument)) ?
		       NULL :
		       "is neither an absolute path nor a unit";
}

void hook_complete(struct hook_daemon *daemon, const struct config *config, const char *socket)
{
	if (!daemon->control)
		daemon->control = daemon->socket ? NULL : config->control.path;
	else if (strcmp(daemon->control, NO_CONTROL) == 0)
		daemon->control = NULL;
	if (!daemon->socket)
		daemon->socket = socket;
	if (!daemon->policies)
		daemon->policies = config->policies;
}

void hook_warn_of_kernel(const struct runtime_log *log, const char *container, bool allows_io_uring)
{
	if (guard_find(GUARD_AUTO))
		return;
	tell_runtime_of_container(log, false, container, "%s", guard_warning());
	if (allows_io_uring)
		tell_runtime_of_container(log, false, container, "%s", guard_io_uring_warning());
}
