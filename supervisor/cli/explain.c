/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/explain.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "attach/idmap_arg.h"
#include "base/log.h"
#include "cli/explanation.h"
#include "cli/options.h"
#include "cli/policy_arg.h"
#include "count_of.h"
#include "yaml/spelling.h"

/* Without --map-users: what useradd(8) sets aside for the first user. */
static const struct id_extent assumed_extent = { .inside = 0, .host = 100000, .count = 65536 };

struct explain_request {
	const char *policy;
	struct id_map users;
	bool wants_json;
	enum operation operation;
	const char *name;
};

static const char *apply_policy(void *place, const char *argument)
{
	struct explain_request *request = place;

	request->policy = argument;
	return policy_arg_check(argument);
}

static const char *apply_map_users(void *place, const char *argument)
{
	struct explain_request *request = place;
	struct id_extent extent;
	const char *complaint = idmap_arg_parse(argument, &extent);

	return complaint ? complaint : idmap_arg_add(&request->users, &extent);
}

static const struct option_row rows[] = {
	{ "policy", 'p', "POLICY",
	  "what happens to which attribute: a name, see 'nsxattr policies', or a file",
	  .apply = apply_policy },
	{ "map-users", 0, "INSIDE:OUTSIDE:COUNT", "the ids of the namespace (0:100000:65536)",
	  .apply = apply_map_users },
	{ "json", 0, NULL, "say it for programs",
	  .flag = OPTION_FLAG(struct explain_request, wants_json) },
};

static const struct option_table table = {
	.command = "nsxattr explain",
	.operands = "get|set|list|remove NAME",
	.about =
		"Say what would be done about an operation on the attribute NAME, by which rule, and\n"
		"what it needs, for a target in a user namespace with the given ids.",
	.rows = rows,
	.count = COUNT_OF(rows),
};

static bool read_operation(const char *word, enum operation *ret_operation)
{
	struct spelling spelling = { .word = word };

	for (unsigned int i = 0; explanation_operations[i]; i++) {
		if (strcmp(explanation_operations[i], word) == 0) {
			*ret_operation = (enum operation)i;
			return true;
		}
		spelling_offer(&spelling, explanation_operations[i]);
	}
	if (spelling.nearest)
		log_error("unknown operation '%s'; did you mean '%s'?", word, spelling.nearest);
	else
		log_error("unknown operation '%s'; there are: get, set, list, remove", word);
	return false;
}

static bool read_operands(int count, char **operands, struct explain_request *request)
{
	if (count != 2) {
		log_error("there must be an operation and an attribute's name");
		return false;
	}
	request->name = operands[1];
	if (request->name[0] == '\0' || strlen(request->name) >= NAME_SIZE) {
		log_error("an attribute's name has from 1 to %d bytes", NAME_SIZE - 1);
		return false;
	}
	return read_operation(operands[0], &request->operation);
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

static void show_json(const struct explanation *explanation)
{
	struct json_object *object = explanation_json_new(explanation);

	puts(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PRETTY |
							    JSON_C_TO_STRING_SPACED |
							    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(object);
}

static int explain(struct explain_request *request)
{
	_cleanup_policy_file_ struct policy_file *file = NULL;
	const struct policy *policy = NULL;
	struct user_namespace host, userns;

	if (!policy_arg_load(request->policy, &policy, &file))
		return STATUS_USAGE;
	use_namespace(request, &host, &userns);
	struct explanation explanation = {
		.policy = policy,
		.userns = &userns,
		.operation = request->operation,
		.name = request->name,
	};

	explanation_fill(&explanation);
	if (request->wants_json)
		show_json(&explanation);
	else
		explanation_print(&explanation);
	return 0;
}

int cli_explain(int argc, char **argv)
{
	struct explain_request request = { .policy = "default" };
	int operand = argc;

	switch (options_parse(&table, argc, argv, &request, &operand)) {
	case OPTIONS_PARSED:
		break;
	case OPTIONS_ANSWERED:
		return 0;
	case OPTIONS_REFUSED:
	default:
		return STATUS_USAGE;
	}
	if (!read_operands(argc - operand, argv + operand, &request)) {
		options_suggest_help(&table);
		return STATUS_USAGE;
	}
	int status = explain(&request);

	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	log_error("cannot write to standard output: %s", strerror(errno));
	return STATUS_USAGE;
}
