/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/hook_lxc.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/hook.h"
#include "cli/options.h"
#include "count_of.h"
#include "daemon/config.h"
#include "hook/complaint.h"
#include "hook/lxc.h"

struct lxc_request {
	struct hook_lxc hook;
	bool has_control;
};

static const char *apply_socket(void *place, const char *argument)
{
	struct lxc_request *request = place;

	/* Another daemon than that of the settings. */
	if (!request->has_control)
		request->hook.control = NULL;
	return hook_take_path(&request->hook.socket, argument);
}

static const char *apply_control(void *place, const char *argument)
{
	struct lxc_request *request = place;

	request->has_control = true;
	return hook_take_control(&request->hook.control, argument);
}

static const char *apply_policies(void *place, const char *argument)
{
	return hook_take_path(&((struct lxc_request *)place)->hook.policies, argument);
}

static const char *apply_start(void *place, const char *argument)
{
	return hook_take_start(&((struct lxc_request *)place)->hook.start, argument);
}

static const struct option_row rows[] = {
	{ "socket", 0, "PATH", "where nsxattrd listens, if not as in its settings",
	  .apply = apply_socket },
	{ "control", 0, "PATH|none", "its control socket, where it is asked whether it would serve",
	  .apply = apply_control },
	{ "policies", 0, "FOLDER", "where its policies are, likewise", .apply = apply_policies },
	{ "start", 0, "PROGRAM|UNIT", "start this nsxattrd if nobody listens there",
	  .apply = apply_start },
};

static const struct option_table table = {
	.command = "nsxattr hook lxc",
	.operands = "[NAME SECTION TYPE]",
	.about = "For lxc.hook.pre-start: a container does not start if nsxattrd would not\n"
		 "answer its calls. What is wrong, and what to do, is in LXC's log (lxc-start\n"
		 "-l DEBUG -o FILE) and in the system's.",
	.rows = rows,
	.count = COUNT_OF(rows),
};

/* With lxc.hook.version = 0, LXC puts its own arguments behind those of the configuration. */
static bool operands_are_lxcs(int count, char **operands)
{
	return count == 0 || (count == 3 && strcmp(operands[1], "lxc") == 0 &&
			      strcmp(operands[2], "pre-start") == 0);
}

static int check(struct hook_lxc *hook)
{
	char sentence[HOOK_LXC_SENTENCE_SIZE];

	switch (hook_lxc_check(hook, sentence)) {
	case HOOK_LXC_READY:
		hook_warn_of_kernel(hook->name, false);
		return 0;
	case HOOK_LXC_WEAK:
		warn_of_container(hook->name, "%s", sentence);
		hook_warn_of_kernel(hook->name, false);
		return 0;
	case HOOK_LXC_WRONG:
	default:
		complain_of_container(hook->name, "%s", sentence);
		return 1;
	}
}

int cli_hook_lxc(int argc, char **argv)
{
	struct config_file file = { 0 };
	const struct config *config = hook_settings(&file);
	struct lxc_request request = {
		.hook = {
			.user = geteuid(),
			.name = getenv("LXC_NAME"),
			.config = getenv("LXC_CONFIG_FILE"),
			.socket = config->lxc.path ? config->lxc.path : config_defaults()->lxc.path,
			.control = config->control.path,
			.policies = config->policies,
		},
	};
	int operand = argc, status = STATUS_USAGE;

	switch (options_parse(&table, argc, argv, &request, &operand)) {
	case OPTIONS_ANSWERED:
		status = 0;
		break;
	case OPTIONS_PARSED:
		if (operands_are_lxcs(argc - operand, argv + operand)) {
			status = check(&request.hook);
		} else {
			log_error("'%s' is not what LXC says to a pre-start hook", argv[operand]);
			options_suggest_help(&table);
		}
		break;
	case OPTIONS_REFUSED:
	default:
		break;
	}
	config_done(&file);
	return status;
}
