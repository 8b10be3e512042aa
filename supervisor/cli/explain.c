/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"

#include <stdio.h>
#include <string.h>

#include "attach/idmap_arg.h"
#include "base/log.h"
#include "cli/exec_explanation.h"
#include "cli/explanation.h"
#include "cli/integrity_rules.h"
#include "cli/live_explanation.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/policy_arg.h"
#include "daemon/config.h"
#include "yaml/spelling.h"

/* Without --map-users: what useradd(8) sets aside for the first user. */
static const struct id_extent assumed_extent = { .inside = 0, .host = 100000, .count = 65536 };

struct explain_request {
	const char *policy;
	struct id_map users;
	bool wants_json;
	bool wants_rules;
	enum integrity_rule_set rule_set; /* instead of the policy's rules */
	enum operation operation;
	const char *name; /* of an attribute */
	const char *path; /* exec: of a file; else NULL */
	struct live_question live; /* of a process, or a container, that runs */
	uint32_t pid;
};

static const char *parse_map(void *place, const char *argument)
{
	struct explain_request *request = place;
	struct id_extent extent;
	const char *complaint = idmap_arg_parse(argument, &extent);

	return complaint ? complaint : idmap_arg_add(&request->users, &extent);
}

static const char *parse_rules(void *place, const char *argument)
{
	struct explain_request *request = place;

	request->wants_rules = true;
	if (!argument || integrity_rule_set_find(argument, &request->rule_set))
		return NULL;
	return "is not one of tcb|appraise";
}

static const struct option_row rows[] = {
	{ "policy", 'p', "POLICY",
	  "what happens to which attribute: a name, see 'nsxattr policies', or a file",
	  INTO_TEXT(struct explain_request, policy), .check = policy_arg_check },
	{ "map-users", 0, "INSIDE:OUTSIDE:COUNT", "the ids of the namespace (0:100000:65536)",
	  PARSED_BY(parse_map) },
	{ "pid", 0, "PID", "for this process, as it is now; its policy is that of its container",
	  INTO_NUMBER(struct explain_request, pid, 1, 4194304) },
	{ "container", 0, "NAME",
	  "for a container of nsxattrd's, as it is now: an id or a name of 'nsxattr status'",
	  INTO_TEXT(struct explain_request, live.container) },
	{ "file", 0, "PATH", "about this file, as the process, or the container, names it",
	  INTO_TEXT(struct explain_request, live.file) },
	{ "control", 0, "PATH", "the daemon's control socket",
	  INTO_TEXT(struct explain_request, live.control) },
	{ "json", 0, NULL, "say it for programs", INTO_FLAG(struct explain_request, wants_json) },
	{ "rules", 0, "RULE-SET",
	  "show the rules for what is executed: of the policy, or of tcb or appraise",
	  .may_lack_argument = true, PARSED_BY(parse_rules) },
};

static const struct option_table table = {
	.command = "nsxattr explain",
	.operands = "get|set|list|remove NAME | exec PATH | --rules",
	.about =
		"Say what would be done about an operation on the attribute NAME, by which rule, and\n"
		"what it needs, for a target in a user namespace with the given ids; or whether root\n"
		"there could execute the file PATH, and by which rule, value and key.\n"
		"With --pid or --container the process, its namespace, its policy and the file are\n"
		"looked at, and nothing is changed.",
	OPTION_ROWS(rows),
	.takes_operands = true,
};

/* Return: 0; else the exit status, and what is wrong has been logged. */
static int read_operation(const char *word, enum operation *ret_operation)
{
	struct spelling spelling = { .word = word };

	for (unsigned int i = 0; explanation_operations[i]; i++) {
		if (strcmp(explanation_operations[i], word) == 0) {
			*ret_operation = (enum operation)i;
			return 0;
		}
		spelling_offer(&spelling, explanation_operations[i]);
	}
	spelling_offer(&spelling, "exec");
	if (spelling.nearest)
		return options_refuse(&table, "unknown operation '%s'; did you mean '%s'?", word,
				      spelling.nearest);
	return options_refuse(
		&table, "unknown operation '%s'; there are: get, set, list, remove, exec", word);
}

/* Return: as read_operation(). */
static int read_name(char **operands, struct explain_request *request)
{
	request->name = operands[1];
	if (!request->name)
		return options_refuse(&table, "missing NAME: the attribute");
	if (request->name[0] == '\0' || strlen(request->name) >= NAME_SIZE)
		return options_refuse(&table, "an attribute's name has from 1 to %d bytes",
				      NAME_SIZE - 1);
	return read_operation(operands[0], &request->operation);
}

static int read_path(char **operands, struct explain_request *request)
{
	request->path = operands[1];
	return request->path ? 0 : options_refuse(&table, "missing PATH: the file");
}

static int read_operands(char **operands, struct explain_request *request)
{
	if (request->wants_rules && operands[0])
		return options_refuse(&table, "unexpected argument '%s' beside --rules",
				      operands[0]);
	if (request->wants_rules)
		return 0;
	if (!operands[0])
		return options_refuse(&table,
				      "missing get, set, list, remove or exec: the operation");
	if (operands[1] && operands[2])
		return options_refuse(&table, "unexpected argument '%s'", operands[2]);
	return strcmp(operands[0], "exec") == 0 ? read_path(operands, request) :
						  read_name(operands, request);
}

static void use_namespace(struct explain_request *request, struct user_namespace *host,
			  struct user_namespace *userns)
{
	*host = (struct user_namespace){ .is_host = true, .has_root = true };
	if (request->users.count == 0) {
		request->users = (struct id_map){ .count = 1, .extents = { assumed_extent } };
		log_notice("--map-users is missing, so 0:100000:65536 is assumed");
	}
	*userns = (struct user_namespace){
		.uids = request->users,
		.gids = request->users,
		.parent = host,
	};
	userns->has_root = id_map_to_host(&userns->uids, 0, &userns->root);
}

static int show_rules(const struct explain_request *request)
{
	_cleanup_policy_file_ struct policy_file *file = NULL;
	const struct policy *policy = NULL;
	struct integrity integrity = { 0 };

	if (request->rule_set != RULE_SET_NONE) {
		integrity_use_rule_set(&integrity, request->rule_set);
	} else {
		if (!policy_arg_load(request->policy, &policy, &file))
			return STATUS_USAGE;
		integrity = policy->integrity;
	}
	if (request->wants_json)
		output_json(integrity_rules_json_new(&integrity));
	else
		integrity_rules_print(&integrity);
	return 0;
}

static void explain_attribute(const struct explain_request *request, const struct policy *policy,
			      const struct user_namespace *userns)
{
	struct explanation explanation = {
		.policy = policy,
		.userns = userns,
		.operation = request->operation,
		.name = request->name,
	};

	explanation_fill(&explanation);
	if (request->wants_json)
		output_json(explanation_json_new(&explanation));
	else
		explanation_print(&explanation);
}

/* Return: could it be told? */
static bool explain_exec(const struct explain_request *request, const struct policy *policy,
			 const struct user_namespace *userns)
{
	struct exec_explanation explanation = {
		.policy = policy,
		.userns = userns,
		.path = request->path,
	};
	bool is_told = exec_explanation_fill(&explanation);

	if (is_told && request->wants_json)
		output_json(exec_explanation_json_new(&explanation));
	else if (is_told)
		exec_explanation_print(&explanation);
	exec_explanation_done(&explanation);
	return is_told;
}

/* Return: the exit status. */
static int explain_live(struct explain_request *request)
{
	struct live_explanation live = { 0 };

	request->live.pid = (pid_t)request->pid;
	request->live.policy = request->policy;
	request->live.operation = request->operation;
	request->live.name = request->name;
	bool is_told = live_explanation_fill(&request->live, &live);

	if (is_told && request->wants_json)
		output_json(live_explanation_json_new(&live));
	else if (is_told)
		live_explanation_print(&live);
	live_explanation_done(&live);
	return is_told ? 0 : STATUS_FAILED;
}

static bool is_live(const struct explain_request *request)
{
	return request->pid || request->live.container;
}

/* Return: 0; else the exit status, and what is wrong has been logged. */
static int check_live(const struct explain_request *request)
{
	if (request->live.file && !is_live(request))
		return options_refuse(&table, "--file needs --pid or --container");
	if (!is_live(request))
		return 0;
	if (request->pid && request->live.container)
		return options_refuse(&table, "--pid and --container exclude each other");
	if (request->users.count > 0)
		return options_refuse(
			&table, "--map-users is what a process has: not with --pid or --container");
	return request->path || request->wants_rules ?
		       options_refuse(&table,
				      "exec and --rules are not for --pid and --container") :
		       0;
}

static int explain(struct explain_request *request)
{
	_cleanup_policy_file_ struct policy_file *file = NULL;
	const struct policy *policy = NULL;
	struct user_namespace host, userns;

	if (!policy_arg_load(request->policy, &policy, &file))
		return STATUS_USAGE;
	use_namespace(request, &host, &userns);
	if (request->path)
		return explain_exec(request, policy, &userns) ? 0 : STATUS_FAILED;
	explain_attribute(request, policy, &userns);
	return 0;
}

int cli_explain(int argc, char **argv)
{
	struct explain_request request = { .live.control = config_defaults()->control.path };
	char **operands;
	int status;

	if (!options_parse(&table, argc, argv, &request, &operands, &status))
		return status;
	status = read_operands(operands, &request);
	if (status == 0)
		status = check_live(&request);
	if (status != 0)
		return status;
	if (is_live(&request))
		return output_end(explain_live(&request), STATUS_USAGE);
	if (!request.policy)
		request.policy = "default";
	return output_end(request.wants_rules ? show_rules(&request) : explain(&request),
			  STATUS_USAGE);
}
