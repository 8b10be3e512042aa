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

const char *hook_take_start(const char **place, const char *argument)
{
	*place = argument;
	if (*argument == '\0')
		return "names nothing";
	return *argument == '/' || !strchr(argument, '/') ? NULL : "is not an absolute path";
}

const char *hook_take_control(const char **place, const char *argument)
{
	if (strcmp(argument, "none") != 0)
		return hook_take_path(place, argument);
	*place = NULL;
	return NULL;
}

const char *hook_take_path(const char **place, const char *argument)
{
	*place = argument;
	return argument[0] == '/' ? NULL : "is no absolute path";
}

const struct config *hook_settings(struct config_file *file)
{
	struct diagnostics diagnostics = { 0 };

	if (config_read(NULL, file, &diagnostics) == CONFIG_LOADED)
		return &file->config;
	return config_defaults();
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
		.operands = "KIND [ARGUMENT]...",
		.intro =
			"What a container's runtime starts, to bring the container to nsxattrd.\n\n"
			"Kinds ('nsxattr hook KIND --help' explains each):",
		.unknown = "unknown kind of hook",
		.missing = "there is no kind of hook",
		.entries = kinds,
		.count = COUNT_OF(kinds),
	};

	return subcommand_run(&table, argc, argv);
}
