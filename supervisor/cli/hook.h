/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_CLI_HOOK_H
#define NSXATTR_CLI_HOOK_H

/* What a container's runtime starts: what the kinds of nsxattr hook have in common. */

#include <stdbool.h>

#include "cli/options.h"
#include "hook/presence.h"

struct config;
struct runtime_log;

/* Rows for the member "struct hook_daemon daemon" of each hook's request. */
#define HOOK_DAEMON_ROWS(structure)                                                               \
	{ "socket", 0, "PATH", "where nsxattrd listens, if not as in its settings",               \
	  INTO_SOCKET(structure, daemon.socket) },                                                \
		{ "control",                                                                      \
		  0,                                                                              \
		  "PATH|none",                                                                    \
		  "its control socket, where it is asked whether it would serve",                 \
		  INTO_TEXT(structure, daemon.control),                                           \
		  .check = hook_check_control },                                                  \
		{ "policies", 0, "FOLDER", "where its policies are, for when it cannot be asked", \
		  INTO_PATH(structure, daemon.policies) },                                        \
	{                                                                                         \
		"start", 0, "PROGRAM|UNIT", "start this nsxattrd if none listens there",          \
			INTO_TEXT(structure, daemon.start), .check = hook_check_start             \
	}

/** hook_check_control(), hook_check_start() - Return: what is wrong with an argument; NULL: nothing. */
const char *hook_check_control(const char *argument);
const char *hook_check_start(const char *argument);

/**
 * hook_complete() - what no option has said of the daemon
 * @daemon: what options have said; a control socket is asked if one was named, or if the settings speak of the
 *          daemon that is meant
 * @config: the settings; they are to outlive @daemon
 * @socket: of these, where the runtime connects
 */
void hook_complete(struct hook_daemon *daemon, const struct config *config, const char *socket);

/**
 * hook_warn_of_kernel() - of one that does not check who changes security.* (exec/guard.h); else nothing is said
 * @log, @container: as of tell_runtime_of_container()
 * @allows_io_uring: the container's policy does
 */
void hook_warn_of_kernel(const struct runtime_log *log, const char *container,
			 bool allows_io_uring);

#endif
