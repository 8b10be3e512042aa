/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_CLI_RUN_REQUEST_H
#define NSXATTR_CLI_RUN_REQUEST_H

/* The command line of nsxattr run. */

#include <stdbool.h>

#include "attach/supervise.h"
#include "idmap.h"

/** struct map_request - the user ids, or group ids, that were asked for */
struct map_request {
	bool is_given; /* by any option */
	bool is_auto; /* the range that is set aside for the user comes with the extents */
	struct id_map map; /* the extents that were spelt out */
};

/** struct run_request - a parsed command line */
struct run_request {
	struct run_options
		options; /* as far as the command line tells; policy: NULL: that of @policy */
	const char *measurements; /* a folder; NULL: the list is written nowhere */
	const char *audit_log; /* as of audit_log_open(); NULL: the command line does not say */
	const char *policy; /* its name, or its file, which is not loaded yet; NULL: it is built in */
	struct map_request users;
	struct map_request groups;
	bool map_root_user;
	const char *preload; /* LD_PRELOAD of the command; NULL: as ours */
	unsigned int verbosity;
};

/**
 * run_request_parse() - read a command line; says what is wrong with it
 * @argc: words of @argv
 * @argv: argv[0] is "run"
 * @ret_request: what was asked for
 * @ret_status: as of options_parse()
 *
 * Return: as options_parse().
 */
bool run_request_parse(int argc, char **argv, struct run_request *ret_request, int *ret_status);

#endif
