/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_ATTACH_RUN_H
#define NSXATTR_ATTACH_RUN_H

/* One command under a supervisor of its own. */

#include <stdbool.h>

#include "attach/filter.h"
#include "base/allowed_calls.h"
#include "base/probe.h"
#include "exec/standin.h"
#include "idmap.h"
#include "keep/engine.h"

struct policy;

/** struct run_options - how the command is to be run */
struct run_options {
	char **command; /* NULL-terminated, at least one word */
	bool keep_namespaces; /* no new user and mount namespace; the maps are not used */
	bool is_plain; /* started without the capabilities that root has where we are */
	bool writes_maps; /* the id maps need no newuidmap(1) */
	bool deny_setgroups; /* as unshare --map-root-user: setgroups(2) stays forbidden inside */
	struct id_map users;
	struct id_map groups;
	struct filter_options filter;
	const struct policy *policy;
	enum standin_kind standins; /* how paths are opened */
	enum probe_use probe; /* how it is found out who somebody is */
	enum guard_use guard; /* does the kernel check who changes security.*? */
	enum executor executor; /* how many calls are worked on at a time */
	unsigned int patience; /* of its keeper: keeper_config.patience */
	enum allowed_calls_mode
		calls; /* what becomes of system calls that the supervisor does not need */
	bool has_no_keeper; /* the supervisor's death is the end of the view */
};

enum run_failure {
	RUN_NOT_STARTED = 1, /* something of ours failed */
	RUN_NOT_EXECUTABLE, /* the command was found, but cannot be executed */
	RUN_NOT_FOUND,
};

/**
 * run_command() - become the command, under a supervisor
 * @options: how
 *
 * The calling process itself executes the command, so that its exit status, signals, job control
 * and terminal are the command's own. To be called with one thread. Descriptors 0 to 2 must be
 * open. Needs the capabilities that sandbox_missing_capability() asks about, unless is_plain.
 *
 * Return: only on failure, which has been logged.
 */
enum run_failure run_command(const struct run_options *options);

#endif
