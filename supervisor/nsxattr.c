/* SPDX-License-Identifier: Apache-2.0 */
/* The program nsxattr: a table of subcommands. */

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/check.h"
#include "cli/explain.h"
#include "cli/hook.h"
#include "cli/options.h"
#include "cli/policies.h"
#include "cli/profile.h"
#include "cli/run.h"
#include "cli/status.h"
#include "cli/tree.h"
#include "spelling.h"

struct subcommand {
	const char *name;
	const char *summary;
	/* Return: the exit status. */
	int (*run)(int argc, char **argv);
};

static const struct subcommand subcommands[] = {
	{ "run", "run a command with security attributes of its own", cli_run },
	{ "policies", "list the policies that go by a name", cli_policies },
	{ "check", "say what is wrong with policy files", cli_check },
	{ "explain", "say what would be done about an attribute, and why", cli_explain },
	{ "hook", "what container runtimes start, to bring a container to nsxattrd", cli_hook },
	{ "profile", "print a seccomp profile for containerd, CRI-O, docker or podman",
	  cli_profile },
	{ "status", "show the containers that the daemon serves", cli_status },
	{ "tree", "work on the values that containers have left on trees", cli_tree },
	{ "reload", "have the daemon read its policies anew", cli_reload },
};

#define SUBCOMMAND_COUNT (sizeof(subcommands) / sizeof(subcommands[0]))

/* The options of the program itself, and a help that lists the subcommands. */
static struct option_table describe(char *about, size_t size)
{
	static const char intro[] =
		"Gives containers their own security.* and trusted.* extended attributes.\n\n"
		"Commands ('nsxattr COMMAND --help' explains each):";
	size_t length = (size_t)snprintf(about, size, "%s", intro);

	for (size_t i = 0; i < SUBCOMMAND_COUNT && length < size; i++)
		length += (size_t)snprintf(about + length, size - length, "\n  %-28s%s",
					   subcommands[i].name, subcommands[i].summary);
	return (struct option_table){
		.command = "nsxattr",
		.operands = "COMMAND [ARGUMENT]...",
		.about = about,
	};
}

static int refuse_command(const struct option_table *table, const char *name)
{
	struct spelling spelling = { .word = name };

	for (size_t i = 0; i < SUBCOMMAND_COUNT; i++)
		spelling_offer(&spelling, subcommands[i].name);
	if (spelling.nearest)
		log_error("unknown command '%s'; did you mean '%s'?", name, spelling.nearest);
	else
		log_error("unknown command '%s'", name);
	options_suggest_help(table);
	return STATUS_USAGE;
}

/*
 * Started with standard descriptors closed, we would get our own in their place, and write messages
 * into them. Placeholders that cannot be read or written, and vanish at exec, prevent that.
 */
static void reserve_stdio(void)
{
	int fd;

	do
		fd = open("/", O_PATH | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int main(int argc, char **argv)
{
	char about[1024];
	struct option_table table = describe(about, sizeof(about));
	int operand = argc;

	reserve_stdio();
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
		log_error("there is no command");
		options_suggest_help(&table);
		return STATUS_USAGE;
	}
	for (size_t i = 0; i < SUBCOMMAND_COUNT; i++)
		if (strcmp(subcommands[i].name, argv[operand]) == 0)
			return subcommands[i].run(argc - operand, argv + operand);
	return refuse_command(&table, argv[operand]);
}
