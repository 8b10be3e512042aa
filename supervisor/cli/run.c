/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * A row of the table fills a field of struct run_request. Then what options exclude each other is
 * checked; then the maps are found, which may need /etc/subuid; then there is nothing left that a
 * user could have got wrong, and attach/run.c takes over.
 */
#include "cli/run.h"

#include <assert.h>
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
#include "keep/keeper.h"
#include "policy.h"

/* What the options choose from. */
#define RESOLVERS "auto|ring|process"
#define CALL_FILTERS "enforce|log|none"
#define IDENTITIES "auto|probe|status"
#define GUARDS "auto|no"
#define EXECUTORS "auto|inline|threads"
#define KEEPERS "yes|no"

static const char *apply_policy(void *place, const char *argument)
{
	struct run_request *request = place;

	request->policy = policy_builtin(argument);
	request->policy_path = request->policy ? NULL : argument;
	return policy_arg_check(argument);
}

static const char *apply_map(struct map_request *request, const char *argument)
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

static const char *apply_map_users(void *place, const char *argument)
{
	struct run_request *request = place;

	return apply_map(&request->users, argument);
}

static const char *apply_map_groups(void *place, const char *argument)
{
	struct run_request *request = place;

	return apply_map(&request->groups, argument);
}

static const char *apply_map_auto(void *place, const char *argument)
{
	struct run_request *request = place;

	(void)argument;
	apply_map(&request->users, "auto");
	return apply_map(&request->groups, "auto");
}

static const char *apply_resolver(void *place, const char *argument)
{
	static const enum standin_kind values[] = { STANDIN_ANY, STANDIN_PERSONALITY,
						    STANDIN_PROCESS };
	int choice = option_choice(RESOLVERS, argument);

	if (choice < 0)
		return "is not one of " RESOLVERS;
	((struct run_request *)place)->resolver = values[choice];
	return NULL;
}

static const char *apply_identity(void *place, const char *argument)
{
	static const enum probe_use values[] = { PROBE_AUTO, PROBE_ALWAYS, PROBE_NEVER };
	int choice = option_choice(IDENTITIES, argument);

	if (choice < 0)
		return "is not one of " IDENTITIES;
	((struct run_request *)place)->identity = values[choice];
	return NULL;
}

static const char *apply_guard(void *place, const char *argument)
{
	static const enum guard_use values[] = { GUARD_AUTO, GUARD_NEVER };
	int choice = option_choice(GUARDS, argument);

	if (choice < 0)
		return "is not one of " GUARDS;
	((struct run_request *)place)->guard = values[choice];
	return NULL;
}

static const char *apply_call_filter(void *place, const char *argument)
{
	static const enum allowed_calls_mode values[] = { ALLOWED_CALLS_ENFORCE, ALLOWED_CALLS_LOG,
							  ALLOWED_CALLS_NONE };
	int choice = option_choice(CALL_FILTERS, argument);

	if (choice < 0)
		return "is not one of " CALL_FILTERS;
	((struct run_request *)place)->calls = values[choice];
	return NULL;
}

static const char *apply_executor(void *place, const char *argument)
{
	static const enum executor values[] = { EXECUTOR_AUTO, EXECUTOR_INLINE, EXECUTOR_THREADS };
	int choice = option_choice(EXECUTORS, argument);

	if (choice < 0)
		return "is not one of " EXECUTORS;
	((struct run_request *)place)->executor = values[choice];
	return NULL;
}

static const char *apply_keeper(void *place, const char *argument)
{
	int choice = option_choice(KEEPERS, argument);

	if (choice < 0)
		return "is not one of " KEEPERS;
	((struct run_request *)place)->has_no_keeper = choice == 1;
	return NULL;
}

static const char *apply_patience(void *place, const char *argument)
{
	struct run_request *request = place;
	size_t length = strlen(argument);
	unsigned long seconds = strtoul(argument, NULL, 10);

	if (length == 0 || length > 5 || strspn(argument, "0123456789") != length || seconds == 0 ||
	    seconds > KEEPER_PATIENCE_MAX)
		return "is not a number of seconds from 1 to 86400";
	request->patience = (unsigned int)seconds;
	return NULL;
}

static const char *apply_preload(void *place, const char *argument)
{
	struct run_request *request = place;

	request->preload = argument;
	return NULL;
}

static const char *apply_verbose(void *place, const char *argument)
{
	struct run_request *request = place;

	(void)argument;
	request->verbosity++;
	return NULL;
}

static const struct option_row rows[] = {
	{ "policy", 'p', "POLICY",
	  "what happens to which attribute: a name, see 'nsxattr policies', or a file",
	  .apply = apply_policy },
	{ "map-auto", 0, NULL, "map the user's ids of /etc/subuid and /etc/subgid",
	  .apply = apply_map_auto },
	{ "map-users", 0, "INSIDE:OUTSIDE:COUNT", "map user ids; or: auto",
	  .apply = apply_map_users },
	{ "map-groups", 0, "INSIDE:OUTSIDE:COUNT", "map group ids; or: auto",
	  .apply = apply_map_groups },
	{ "map-root-user", 'r', NULL, "map the user to root; with --map-auto, others, too",
	  .flag = OPTION_FLAG(struct run_request, map_root_user) },
	{ "no-userns", 'N', NULL, "stay in the current namespaces",
	  .flag = OPTION_FLAG(struct run_request, no_userns) },
	{ "allow-io-uring", 0, NULL, "let io_uring_setup pass: its calls are not seen",
	  .flag = OPTION_FLAG(struct run_request, allow_io_uring) },
	{ "resolver", 0, RESOLVERS, "how paths are opened: by io_uring, or a helper",
	  .apply = apply_resolver },
	{ "identity", 0, IDENTITIES, "how processes are told apart: by BPF, or /proc",
	  .apply = apply_identity },
	{ "kernel-checks", 0, GUARDS, "no: trust the kernel with no change of an attribute",
	  .apply = apply_guard },
	{ "system-call-filter", 0, CALL_FILTERS,
	  "what becomes of a system call that the supervisor is not known to need",
	  .apply = apply_call_filter },
	{ "executor", 0, EXECUTORS, "how many calls are worked on at a time",
	  .apply = apply_executor },
	{ "keeper", 0, KEEPERS, "replace a supervisor that dies", .apply = apply_keeper },
	{ "patience", 0, "SECONDS", "how long calls wait for one, before they fail",
	  .apply = apply_patience },
	{ "preload", 0, "LIBRARIES", "LD_PRELOAD of COMMAND, which nsxattr itself does without",
	  .apply = apply_preload },
	{ "verbose", 'v', NULL, "say what becomes of each request; twice: each step",
	  .apply = apply_verbose },
};

static const struct option_table table = {
	.command = "nsxattr run",
	.operands = "[--] COMMAND [ARGUMENT]...",
	.about = "Run COMMAND in a user namespace of its own, with security.* and trusted.*\n"
		 "attributes of its own. Without an option for the ids: --map-auto for root, -r\n"
		 "for other users.",
	.rows = rows,
	.count = COUNT_OF(rows),
};

static_assert(COUNT_OF(rows) <= OPTION_ROWS_MAX, "too many options");

static bool check_exclusions(const struct run_request *request)
{
	bool maps = request->users.is_given || request->groups.is_given;

	if (request->no_userns && (maps || request->map_root_user)) {
		log_error("--no-userns makes no user namespace, so there are no ids to map");
		return false;
	}
	if (request->map_root_user &&
	    (request->users.map.count > 0 || request->groups.map.count > 0)) {
		log_error("--map-root-user maps the first id, and goes with --map-auto alone");
		return false;
	}
	return true;
}

enum options_result cli_run_parse(int argc, char **argv, struct run_request *ret_request)
{
	struct run_request request = { .policy = policy_builtin("default"),
				       .patience = KEEPER_PATIENCE };
	int operand = argc;
	enum options_result result = options_parse(&table, argc, argv, &request, &operand);

	if (result != OPTIONS_PARSED)
		return result;
	if (!check_exclusions(&request))
		return options_suggest_help(&table);
	if (operand >= argc) {
		log_error("there is no command to run");
		return options_suggest_help(&table);
	}
	request.command = argv + operand;
	*ret_request = request;
	return OPTIONS_PARSED;
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

	switch (cli_run_parse(argc, argv, &request)) {
	case OPTIONS_PARSED:
		break;
	case OPTIONS_ANSWERED:
		return 0;
	case OPTIONS_REFUSED:
	default:
		return STATUS_USAGE;
	}
	if (request.verbosity > 0)
		log_set_level(request.verbosity > 1 ? LOG_DEBUG : LOG_VERBOSE);
	const char *preload = request.preload ? NULL : getenv("LD_PRELOAD");

	if (preload && *preload)
		start_without(preload, argc, argv);
	if (request.policy_path && !policy_arg_load(request.policy_path, &request.policy, &file))
		return STATUS_USAGE;
	return start(&request);
}
