/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_CLI_RUN_H
#define NSXATTR_CLI_RUN_H

/* nsxattr run [OPTION]... [--] COMMAND [ARGUMENT]... */

#include <stdbool.h>

#include "base/allowed_calls.h"
#include "base/probe.h"
#include "cli/options.h"
#include "exec/standin.h"
#include "idmap.h"
#include "keep/engine.h"

struct policy;

/** struct map_request - the user ids, or group ids, that were asked for */
struct map_request {
	bool is_given; /* by any option */
	bool is_auto; /* the range that is set aside for the user comes with the extents */
	struct id_map map; /* the extents that were spelt out */
};

/** struct run_request - a parsed command line */
struct run_request {
	char **command;
	const struct policy *policy; /* NULL: that of @policy_path, which is not loaded yet */
	const char *policy_path; /* its name, or its file; NULL: a built-in one */
	struct map_request users;
	struct map_request groups;
	bool map_root_user;
	bool no_userns;
	bool allow_io_uring;
	enum standin_kind resolver;
	enum probe_use identity;
	enum guard_use guard;
	enum executor executor;
	enum allowed_calls_mode calls;
	unsigned int patience; /* seconds */
	bool has_no_keeper;
	const char *preload; /* LD_PRELOAD of the command; NULL: as ours */
	unsigned int verbosity;
};

/**
 * cli_run_parse() - read a command line; says what is wrong with it
 * @argc: words of @argv
 * @argv: argv[0] is "run"
 * @ret_request: what was asked for
 * @ret_status: as of options_parse()
 *
 * Return: as options_parse().
 */
bool cli_run_parse(int argc, char **argv, struct run_request *ret_request, int *ret_status);

/** cli_run() - the subcommand. Return: the exit status, if there is no command to become. */
int cli_run(int argc, char **argv);

#endif
