/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of hooks as a table. */
#include "cli/hook.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "cli/hook_lxc.h"
#include "cli/hook_oci.h"
#include "cli/hook_oci_precreate.h"
#include "cli/options.h"
#include "daemon/config.h"
#include "spelling.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static const struct hook_kind kinds[] = {
	{ "oci-precreate", "podman: have config.json hand its calls to nsxattrd",
	  cli_hook_oci_precreate },
	{ "oci", "OCI runtimes: is nsxattrd there?", cli_hook_oci },
	{ "lxc", "LXC: is nsxattrd there, and the configuration right?", cli_hook_lxc },
};

/* The help, with the kinds that there are. */
static struct option_table describe(char *about, size_t size)
{
	static const char intro[] =
		"What a container's runtime starts, to bring the container to nsxattrd.\n\n"
		"Kinds ('nsxattr hook KIND --help' explains each):";
	size_t length = (size_t)snprintf(about, size, "%s", intro);

	for (size_t i = 0; i < COUNT_OF(kinds) && length < size; i++)
		length += (size_t)snprintf(about + length, size - length, "\n  %-28s%s",
					   kinds[i].name, kinds[i].summary);
	assert(length < size);
	return (struct option_table){
		.command = "nsxattr hook",
		.operands = "KIND [ARGUMENT]...",
		.about = about,
	};
}

static int refuse_kind(const struct option_table *table, const char *name)
{
	struct spelling spelling = { .word = name };

	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		spelling_offer(&spelling, kinds[i].name);
	if (spelling.nearest)
		log_error("unknown kind of hook '%s'; did you mean '%s'?", name, spelling.nearest);
	else
		log_error("unknown kind of hook '%s'", name);
	options_suggest_help(table);
	return STATUS_USAGE;
}

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

int cli_hook(int argc, char **argv)
{
	char about[1024];
	struct option_table table = describe(about, sizeof(about));
	int operand = argc;

	switch (options_parse(&table, argc, argv, NULL, &operand)) {
	case OPTIONS_PARSED:
		break;
	case OPTIONS_ANSWERED:
		return 0;
	case OPTIONS_REFUSED:
	default:
		return STATUS_USAGE;
	}
	if (operand >= argc) {
		log_error("there is no kind of hook");
		options_suggest_help(&table);
		return STATUS_USAGE;
	}
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (strcmp(kinds[i].name, argv[operand]) == 0)
			return kinds[i].run(argc - operand, argv + operand);
	return refuse_kind(&table, argv[operand]);
}
