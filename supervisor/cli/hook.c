/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of hooks as a table. */
#include "cli/hook.h"

#include <string.h>

#include "cli/hook_lxc.h"
#include "cli/hook_oci.h"
#include "cli/hook_oci_precreate.h"
#include "cli/subcommand.h"
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

void hook_warn_of_kernel(const char *container, bool allows_io_uring)
{
	if (guard_find(GUARD_AUTO))
		return;
	warn_of_container(container, "%s", guard_warning());
	if (allows_io_uring)
		warn_of_container(container, "%s", guard_io_uring_warning());
}

int cli_hook(int argc, char **argv)
{
	static const struct subcommand kinds[] = {
		{ "oci-precreate", "podman: have config.json hand its calls to nsxattrd",
		  cli_hook_oci_precreate },
		{ "oci", "OCI runtimes: is nsxattrd there?", cli_hook_oci },
		{ "lxc", "LXC: is nsxattrd there, and the configuration right?", cli_hook_lxc },
	};
	static const struct subcommand_table table = {
		.command = "nsxattr hook",
		.noun = "KIND",
		.intro =
			"What a container's runtime starts, to bring the container to nsxattrd.\n\n"
			"Kinds ('nsxattr hook KIND --help' explains each):",
		.entries = kinds,
		.count = COUNT_OF(kinds),
	};

	return subcommand_run(&table, argc, argv);
}
