/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_ATTACH_SUPERVISE_H
#define NSXATTR_ATTACH_SUPERVISE_H

/* The life of the supervisor of one command. */

#include <stdbool.h>
#include <sys/types.h>

#include "attach/filter.h"
#include "base/allowed_calls.h"
#include "base/probe.h"
#include "exec/standin.h"
#include "idmap.h"
#include "keep/engine.h"

struct audit_log;
struct fence;
struct judge_means;
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
	struct judge_means *judge_means; /* NULL: nothing is judged */
	struct fence *fence; /* NULL: and nothing refused for that */
	struct audit_log *audit_log; /* NULL: the policy keeps no records */
	enum standin_kind standins; /* how paths are opened */
	enum probe_use probe; /* what tells the credential of a target */
	enum guard_use guard; /* whether the kernel checks who changes security.* */
	enum executor executor; /* how many calls are worked on at a time */
	unsigned int patience; /* of its keeper: keeper_config.patience */
	enum allowed_calls_mode
		calls; /* what becomes of system calls that the supervisor does not need */
	bool has_no_keeper; /* the supervisor's death is the end of the view */
};

/** struct supervised - what the supervisor knows the command by */
struct supervised {
	int channel; /* the supervisor's end of the handshake */
	pid_t pid;
	int pidfd;
	int proc; /* from namespace_open_self(); -1 without new namespaces */
};

/**
 * supervise() - serve a command until no target is left
 * @options: how the command is run
 * @supervised: descriptors above 2, this function's to close
 *
 * Called in a process of its own, with one thread. What fails before the command starts is told
 * over the channel.
 *
 * Return: the exit status of the process.
 */
int supervise(const struct run_options *options, const struct supervised *supervised);

#endif
