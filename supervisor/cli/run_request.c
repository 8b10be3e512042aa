/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/run_request.h"

#include <string.h>

#include "attach/idmap_arg.h"
#include "cli/options.h"
#include "cli/policy_arg.h"
#include "daemon/config.h"
#include "keep/keeper.h"
#include "policy.h"

static const struct schema_word identities[] = {
	{ "auto", PROBE_AUTO },
	{ "probe", PROBE_ALWAYS },
	{ "status", PROBE_NEVER },
};

static const struct schema_word guards[] = { { "auto", GUARD_AUTO }, { "no", GUARD_NEVER } };

static const struct schema_word keepers[] = { { "yes", false }, { "no", true } };

static const char *parse_map(struct map_request *request, const char *argument)
{
	struct id_extent extent;

	request->is_given = true;
	if (strcmp(argument, "auto") == 0) {
		request->is_auto = true;
		return NULL;
	}
	const char *complaint = idmap_arg_parse(argument, &extent);

	return complaint ? complaint : idmap_arg_add(&request->map, &extent);
}

static const char *parse_map_users(void *place, const char *argument)
{
	struct run_request *request = place;

	return parse_map(&request->users, argument);
}

static const char *parse_map_groups(void *place, const char *argument)
{
	struct run_request *request = place;

	return parse_map(&request->groups, argument);
}

static const char *parse_map_auto(void *place, const char *argument)
{
	struct run_request *request = place;

	(void)argument;
	parse_map(&request->users, "auto");
	return parse_map(&request->groups, "auto");
}

/* What tests and measurements force. */
static const struct option_row debug_keys[] = {
	{ "resolver", INTO_WORD(struct run_request, options.standins, config_resolvers) },
	{ "identity", INTO_WORD(struct run_request, options.probe, identities) },
	{ "kernel-checks", INTO_WORD(struct run_request, options.guard, guards) },
	{ "executor", INTO_WORD(struct run_request, options.executor, config_executors) },
	{ "keeper", INTO_WORD(struct run_request, options.has_no_keeper, keepers) },
};

static const struct option_row rows[] = {
	{ "policy", 'p', "POLICY",
	  "what happens to which attribute: a name, see 'nsxattr policies', or a file",
	  INTO_TEXT(struct run_request, policy), .check = policy_arg_check },
	{ "map-auto", 0, NULL, "map the user's ids of /etc/subuid and /etc/subgid",
	  PARSED_BY(parse_map_auto) },
	{ "map-users", 0, "INSIDE:OUTSIDE:COUNT", "map user ids; or: auto",
	  PARSED_BY(parse_map_users) },
	{ "map-groups", 0, "INSIDE:OUTSIDE:COUNT", "map group ids; or: auto",
	  PARSED_BY(parse_map_groups) },
	{ "map-root-user", 'r', NULL, "map the user to root; with --map-auto, others, too",
	  INTO_FLAG(struct run_request, map_root_user) },
	{ "no-userns", 'N', NULL, "stay in the current namespaces",
	  INTO_FLAG(struct run_request, options.keep_namespaces) },
	{ "allow-io-uring", 0, NULL, "let io_uring_setup pass: its calls are not seen",
	  INTO_FLAG(struct run_request, options.filter.allow_io_uring) },
	{ "system-call-filter", 0, NULL,
	  "what becomes of a system call that the supervisor is not known to need",
	  INTO_WORD(struct run_request, options.calls, config_call_filters) },
	{ "measurements", 0, "DIR",
	  "where the list of what was executed is written, if the policy has 'integrity'",
	  INTO_TEXT(struct run_request, measurements) },
	{ "audit-log", 0, "FILE",
	  "where records of changes go, if the policy has 'audit'; or: journal, the default",
	  INTO_TEXT(struct run_request, audit_log) },
	{ "patience", 0, "SECONDS", "how long calls wait for a supervisor, before they fail",
	  INTO_NUMBER(struct run_request, options.patience, 1, KEEPER_PATIENCE_MAX) },
	{ "preload", 0, "LIBRARIES", "LD_PRELOAD of COMMAND, which nsxattr itself does without",
	  INTO_TEXT(struct run_request, preload) },
	{ "debug", 0, "KEY=VALUE", "for tests: force what is chosen otherwise, see nsxattr(1)",
	  INTO_KEYS(debug_keys) },
	{ "verbose", 'v', NULL, "say what becomes of each request; twice: each step",
	  INTO_COUNT(struct run_request, verbosity) },
};

static const struct option_table table = {
	.command = "nsxattr run",
	.operands = "[--] COMMAND [ARGUMENT]...",
	.about = "Run COMMAND in a user namespace of its own, with security.* and trusted.*\n"
		 "attributes of its own. Without an option for the ids: --map-auto for root, -r\n"
		 "for other users.",
	OPTION_ROWS(rows),
	.takes_operands = true,
	.missing = "COMMAND: the program to run",
};

/* Return: which options exclude each other; NULL: none. */
static const char *find_exclusion(const struct run_request *request)
{
	bool maps = request->users.is_given || request->groups.is_given;

	if (request->options.keep_namespaces && (maps || request->map_root_user))
		return "--no-userns makes no user namespace, so there are no ids to map";
	if (request->map_root_user &&
	    (request->users.map.count > 0 || request->groups.map.count > 0))
		return "--map-root-user maps the first id, and goes with --map-auto alone";
	return NULL;
}

bool run_request_parse(int argc, char **argv, struct run_request *ret_request, int *ret_status)
{
	struct run_request request = { .policy = "default", .options.patience = KEEPER_PATIENCE };

	if (!options_parse(&table, argc, argv, &request, &request.options.command, ret_status))
		return false;
	const char *exclusion = find_exclusion(&request);

	if (exclusion) {
		*ret_status = options_refuse(&table, "%s", exclusion);
		return false;
	}
	request.options.policy = policy_builtin(request.policy);
	if (request.options.policy)
		request.policy = NULL;
	*ret_request = request;
	return true;
}
