/* SPDX-License-Identifier: Apache-2.0 */
/* The program nsxattr: a table of subcommands. */

#include <fcntl.h>
#include <unistd.h>

#include "cli/check.h"
#include "cli/explain.h"
#include "cli/hook.h"
#include "cli/policies.h"
#include "cli/profile.h"
#include "cli/run.h"
#include "cli/status.h"
#include "cli/subcommand.h"
#include "cli/tree.h"
#include "count_of.h"

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

static const struct subcommand_table table = {
	.command = "nsxattr",
	.noun = "COMMAND",
	.intro = "Gives containers their own security.* and trusted.* extended attributes.\n\n"
		 "Commands ('nsxattr COMMAND --help' explains each):",
	.entries = subcommands,
	.count = COUNT_OF(subcommands),
};

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
	reserve_stdio();
	return subcommand_run(&table, argc, argv);
}
