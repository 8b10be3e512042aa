/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/hook.h"
#include "cli/settings.h"
#include "hook/complaint.h"
#include "hook/lxc.h"

static const struct option_row rows[] = { HOOK_DAEMON_ROWS(struct hook_lxc) };

static const struct option_table table = {
	.command = "nsxattr hook lxc",
	.operands = "[NAME SECTION TYPE]",
	.about = "For lxc.hook.pre-start: a container does not start if nsxattrd would not\n"
		 "answer its calls. What is wrong, and what to do, is in LXC's log (lxc-start\n"
		 "-l DEBUG -o FILE) and in the system's.",
	OPTION_ROWS(rows),
	.takes_operands = true,
};

/* With lxc.hook.version = 0, LXC puts its own arguments behind those of the configuration. */
static bool operands_are_lxcs(char **operands)
{
	return !*operands || (operands[1] && strcmp(operands[1], "lxc") == 0 && operands[2] &&
			      strcmp(operands[2], "pre-start") == 0 && !operands[3]);
}

static int check(const struct hook_lxc *hook)
{
	char sentence[HOOK_LXC_SENTENCE_SIZE];

	switch (hook_lxc_check(hook, sentence)) {
	case HOOK_LXC_READY:
		hook_warn_of_kernel(NULL, hook->name, false);
		return 0;
	case HOOK_LXC_WEAK:
		warn_of_container(hook->name, "%s", sentence);
		hook_warn_of_kernel(NULL, hook->name, false);
		return 0;
	case HOOK_LXC_WRONG:
	default:
		complain_of_container(hook->name, "%s", sentence);
		return 1;
	}
}

int cli_hook_lxc(int argc, char **argv)
{
	__attribute__((cleanup(config_done))) struct config_file file = { 0 };
	const struct config *config = settings_find(&file);
	struct hook_lxc hook = {
		.user = geteuid(),
		.name = getenv("LXC_NAME"),
		.config = getenv("LXC_CONFIG_FILE"),
	};
	char **operands;
	int status;

	if (!options_parse(&table, argc, argv, &hook, &operands, &status))
		return status;
	if (!operands_are_lxcs(operands))
		return options_refuse(&table, "unexpected argument '%s'", *operands);
	hook_complete(&hook.daemon, config,
		      config->lxc.path ? config->lxc.path : CONFIG_LXC_SOCKET);
	return check(&hook);
}
