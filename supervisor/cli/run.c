/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * A row of the table fills a field of struct run_request. Then what options exclude each other is
 * checked; then the maps are found, which may need /etc/subuid; then there is nothing left that a
 * user could have got wrong, and attach/run.c takes over.
 */
#include "cli/run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attach/filter.h"
#include "attach/idmap_arg.h"
#include "attach/run.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/outer.h"
#include "base/proc.h"
#include "base/sandbox.h"
#include "base/syscalls.h"
#include "cli/policy_arg.h"
#include "cli/run_ids.h"
#include "count_of.h"
#include "daemon/config_schema.h"
#include "keep/keeper.h"
#include "policy.h"

static const struct schema_word identities[] = {
	{ "auto", PROBE_AUTO },
	{ "probe", PROBE_ALWAYS },
	{ "status", PROBE_NEVER },
};

static const struct schema_word guards[] = { { "auto", GUARD_AUTO }, { "no", GUARD_NEVER } };

static const struct schema_word executors[] = {
	{ "auto", EXECUTOR_AUTO },
	{ "inline", EXECUTOR_INLINE },
	{ "threads", EXECUTOR_THREADS },
};

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
	{ "resolver", INTO_WORD(struct run_request, resolver, config_resolvers) },
	{ "identity", INTO_WORD(struct run_request, identity, identities) },
	{ "kernel-checks", INTO_WORD(struct run_request, guard, guards) },
	{ "executor", INTO_WORD(struct run_request, executor, executors) },
	{ "keeper", INTO_WORD(struct run_request, has_no_keeper, keepers) },
};

static const struct option_row rows[] = {
	{ "policy", 'p', "POLICY",
	  "what happens to which attribute: a name, see 'nsxattr policies', or a file",
	  INTO_TEXT(struct run_request, policy_path), .check = policy_arg_check },
	{ "map-auto", 0, NULL, "map the user's ids of /etc/subuid and /etc/subgid",
	  PARSED_BY(parse_map_auto) },
	{ "map-users", 0, "INSIDE:OUTSIDE:COUNT", "map user ids; or: auto",
	  PARSED_BY(parse_map_users) },
	{ "map-groups", 0, "INSIDE:OUTSIDE:COUNT", "map group ids; or: auto",
	  PARSED_BY(parse_map_groups) },
	{ "map-root-user", 'r', NULL, "map the user to root; with --map-auto, others, too",
	  INTO_FLAG(struct run_request, map_root_user) },
	{ "no-userns", 'N', NULL, "stay in the current namespaces",
	  INTO_FLAG(struct run_request, no_userns) },
	{ "allow-io-uring", 0, NULL, "let io_uring_setup pass: its calls are not seen",
	  INTO_FLAG(struct run_request, allow_io_uring) },
	{ "system-call-filter", 0, NULL,
	  "what becomes of a system call that the supervisor is not known to need",
	  INTO_WORD(struct run_request, calls, config_call_filters) },
	{ "patience", 0, "SECONDS", "how long calls wait for a supervisor, before they fail",
	  INTO_NUMBER(struct run_request, patience, 1, KEEPER_PATIENCE_MAX) },
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
	.rows = rows,
	.count = COUNT_OF(rows),
	.takes_operands = true,
	.missing = "COMMAND: the program to run",
};

/* Return: which options exclude each other; NULL: none. */
static const char *find_exclusion(const struct run_request *request)
{
	bool maps = request->users.is_given || request->groups.is_given;

	if (request->no_userns && (maps || request->map_root_user))
		return "--no-userns makes no user namespace, so there are no ids to map";
	if (request->map_root_user &&
	    (request->users.map.count > 0 || request->groups.map.count > 0))
		return "--map-root-user maps the first id, and goes with --map-auto alone";
	return NULL;
}

bool cli_run_parse(int argc, char **argv, struct run_request *ret_request, int *ret_status)
{
	struct run_request request = { .policy_path = "default", .patience = KEEPER_PATIENCE };

	if (!options_parse(&table, argc, argv, &request, &request.command, ret_status))
		return false;
	const char *exclusion = find_exclusion(&request);

	if (exclusion) {
		*ret_status = options_refuse(&table, "%s", exclusion);
		return false;
	}
	request.policy = policy_builtin(request.policy_path);
	if (request.policy)
		request.policy_path = NULL;
	*ret_request = request;
	return true;
}

static int exit_status(enum run_failure failure)
{
	switch (failure) {
	case RUN_NOT_EXECUTABLE:
		return STATUS_NOT_EXECUTABLE;
	case RUN_NOT_FOUND:
		return STATUS_NOT_FOUND;
	case RUN_NOT_STARTED:
	default:
		return STATUS_NOT_STARTED;
	}
}

/* What only root of a host can have, others are not given by default. */
static bool may_have_policy(const struct run_options *options, const struct outer *outer)
{
	if (!options->is_plain && outer->is_host)
		return true;
	if (options->policy->owner > 0) {
		log_error(
			"the policy %s has an 'owner', which only policies of root's can have: start "
			"it as root of the host, or leave the owner out",
			options->policy->name);
		return false;
	}
	if (options->policy->store == STORE_USER || policy_is_transparent(options->policy))
		return true;
	log_error(
		"the policy %s keeps values in %s, which only root of the host can write: %s, or give "
		"the policy 'store: user'",
		options->policy->name,
		options->policy->store == STORE_TRUSTED ? "trusted.*" : "security.* and trusted.*",
		outer->is_host ? "start it with sudo" : "start it outside of this user namespace");
	return false;
}

/** check_privilege() - can it be done with the privilege that we have? Says why not. */
static bool check_privilege(const struct run_options *options, const struct outer *outer)
{
	const char *missing = sandbox_missing_capability();

	if (missing && geteuid() == 0 && outer->is_host) {
		log_error("nsxattr run as root needs root's capabilities, and %s is missing",
			  missing);
		return false;
	}
	if (missing && options->keep_namespaces) {
		log_error("--no-userns needs root with its capabilities: start it with sudo");
		return false;
	}
	return may_have_policy(options, outer);
}

static const struct policy *policy_for(const struct run_request *request, bool is_host_root)
{
	bool is_default = request->policy == policy_builtin("default");

	return is_default && !is_host_root ? policy_builtin("user") : request->policy;
}

static void warn_of_kernel(const struct run_options *options)
{
	bool is_told = log_enabled(LOG_VERBOSE) || options->filter.allow_io_uring;

	if (!is_told || guard_find(options->guard))
		return;
	log_verbose("%s", guard_warning());
	if (options->filter.allow_io_uring)
		log_warning("%s", guard_io_uring_warning());
}

/* The values of host root are the host's own: then there are no others. */
static void warn_of_host_root(const struct run_options *options, const struct outer *outer)
{
	uint32_t root;

	if (options->keep_namespaces || policy_is_transparent(options->policy) ||
	    !outer->has_host_root || !id_map_to_host(&options->users, 0, &root) ||
	    root != outer->host_root)
		return;
	log_warning(
		"root inside is root of the host, whose attributes are the host's: nothing is kept "
		"apart; '--map-users=0:FIRST:COUNT --map-groups=0:FIRST:COUNT' maps others to it");
}

static int read_outer(struct outer *ret_outer)
{
	_cleanup_fd_ int procfs = proc_open();
	int r = procfs < 0 ? procfs : outer_read(procfs, ret_outer);

	if (r < 0)
		log_error("cannot read /proc/self: %s; is /proc mounted here?", strerror(-r));
	return r;
}

static int start(const struct run_request *request)
{
	bool is_plain = sandbox_missing_capability();
	struct outer outer;

	if (read_outer(&outer) < 0)
		return STATUS_NOT_STARTED;
	struct run_options options = {
		.is_plain = is_plain,
		.command = request->command,
		.keep_namespaces = request->no_userns,
		.filter.allow_io_uring = request->allow_io_uring || request->policy->allow_io_uring,
		.filter.lacks_xattrat = !xattrat_is_there(),
		.policy = policy_for(request, !is_plain && outer.is_host),
		.standins = request->resolver,
		.probe = request->identity,
		.guard = request->guard,
		.executor = request->executor,
		.calls = request->calls,
		.patience = request->patience,
		.has_no_keeper = request->has_no_keeper,
	};

	if (!check_privilege(&options, &outer) || !run_ids_resolve(request, &outer, &options))
		return STATUS_USAGE;
	const char *lacking = filter_lacking();

	if (lacking) {
		log_error("this kernel lacks %s", lacking);
		return STATUS_NOT_STARTED;
	}
	warn_of_host_root(&options, &outer);
	warn_of_kernel(&options);
	if (request->preload)
		(void)setenv("LD_PRELOAD", request->preload, 1);
	return exit_status(run_command(&options));
}

/*
 * A library that others would have in every process tells what is not so (fakeroot(1): who we are, and whose a
 * file is), or does what a supervisor must not. So we start again without it, and the command gets it back. By the
 * system call, for such a library sees to it that it is passed on.
 */
static void start_without(const char *preload, int argc, char **argv)
{
	_cleanup_free_ char *option = NULL;
	_cleanup_free_ char **words = calloc((size_t)argc + 3, sizeof(*words));

	if (!words || asprintf(&option, "--preload=%s", preload) < 0)
		return;
	words[0] = program_invocation_name;
	words[1] = argv[0];
	words[2] = option;
	memcpy(words + 3, argv + 1, (size_t)argc * sizeof(*words));
	(void)unsetenv("LD_PRELOAD");
	syscall(SYS_execve, "/proc/self/exe", words, environ);
	log_verbose("cannot start without LD_PRELOAD: %s", strerror(errno));
	(void)setenv("LD_PRELOAD", preload, 1);
}

int cli_run(int argc, char **argv)
{
	_cleanup_policy_file_ struct policy_file *file = NULL;
	struct run_request request;
	int status;

	if (!cli_run_parse(argc, argv, &request, &status))
		return status;
	if (request.verbosity > 0)
		log_set_level(request.verbosity > 1 ? LOG_DEBUG : LOG_VERBOSE);
	const char *preload = request.preload ? NULL : getenv("LD_PRELOAD");

	if (preload && *preload)
		start_without(preload, argc, argv);
	if (request.policy_path && !policy_arg_load(request.policy_path, &request.policy, &file))
		return STATUS_USAGE;
	return start(&request);
}
