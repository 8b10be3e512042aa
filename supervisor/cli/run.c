/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The maps are found, which may need /etc/subuid; then there is nothing left that a user could have got wrong, and
 * attach/run.c takes over.
 */
#include "cli/commands.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attach/filter.h"
#include "attach/run.h"
#include "base/audit_log.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/outer.h"
#include "base/proc.h"
#include "base/sandbox.h"
#include "base/syscalls.h"
#include "cli/options.h"
#include "cli/policy_arg.h"
#include "cli/run_ids.h"
#include "cli/run_request.h"
#include "cli/settings.h"
#include "judge/fence.h"
#include "judge/means.h"
#include "policy.h"

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
	if (options->policy->integrity.mode != INTEGRITY_OFF) {
		log_error(
			"the policy %s has an 'integrity', which only policies of root's can have: "
			"start it as root of the host, or leave it out",
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

/* Who has the supervisor's own id can kill it, and with it goes the gate. */
static bool can_kill_supervisor(const struct run_options *options)
{
	uint32_t inside;

	return options->keep_namespaces || id_map_to_inside(&options->users, geteuid(), &inside);
}

/* After the ids are known. */
static bool can_judge(const struct run_options *options)
{
	const struct policy *policy = options->policy;
	bool is_in_vain = policy->integrity.mode == INTEGRITY_ENFORCE &&
			  can_kill_supervisor(options);

	if (is_in_vain)
		log_error(
			"the policy %s wants what is executed to be refused ('mode: enforce' in its "
			"'integrity'), which a process with the supervisor's own id could end: leave "
			"out --no-userns and map no id to root of the host "
			"(--map-users=0:FIRST:COUNT)",
			policy->name);
	return !is_in_vain;
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

/* What the command line does not tell. */
static struct run_options complete(const struct run_request *request, const struct outer *outer)
{
	struct run_options options = request->options;

	options.is_plain = sandbox_missing_capability();
	if (options.policy == policy_builtin("default") && (options.is_plain || !outer->is_host))
		options.policy = policy_builtin("user");
	options.filter.allow_io_uring |= options.policy->allow_io_uring;
	options.filter.lacks_xattrat = !xattrat_is_there();
	return options;
}

/*
 * What is executed is judged, by what the policy's file says and names.
 *
 * Return: whether it can be, or need not be. If not, it has been logged.
 */
static bool have_judge(const struct run_request *request, const struct policy_file *file,
		       struct run_options *options)
{
	const struct integrity *integrity = &options->policy->integrity;

	if (integrity->mode == INTEGRITY_OFF) {
		if (request->measurements)
			log_error("--measurements needs a policy with 'integrity'");
		return !request->measurements;
	}
	options->filter.notifies_exec = true;
	options->filter.notifies_mmap = integrity_judges_maps(integrity);
	struct revocation *revocation = NULL;

	if (!policy_arg_is_safe(file) || settings_revocation(&revocation) < 0)
		return false;
	if (integrity->mode == INTEGRITY_ENFORCE && fence_new(revocation, &options->fence) < 0)
		return false;
	return judge_means_new(file, revocation, request->measurements, &options->judge_means) == 0;
}

/* Return: whether there is one, or need be none. If not, it has been logged. */
static bool have_audit_log(const struct run_request *request, struct run_options *options)
{
	const char *where = request->audit_log ? request->audit_log : AUDIT_LOG_JOURNAL;

	if (options->policy->audit == AUDIT_OFF) {
		if (request->audit_log)
			log_error("--audit-log needs a policy with 'audit'");
		return !request->audit_log;
	}
	if (audit_log_open(where, &options->audit_log) < 0)
		return false;
	if (!audit_log_is_there(options->audit_log))
		log_error(
			"the policy %s keeps records of changes ('audit'), and there is no journal of "
			"systemd here: --audit-log=FILE names a file for them",
			options->policy->name);
	return audit_log_is_there(options->audit_log);
}

static int start(const struct run_request *request, const struct policy_file *file)
{
	struct outer outer;

	if (read_outer(&outer) < 0)
		return STATUS_NOT_STARTED;
	struct run_options options = complete(request, &outer);

	if (!check_privilege(&options, &outer) || !run_ids_resolve(request, &outer, &options) ||
	    !can_judge(&options))
		return STATUS_USAGE;
	if (!have_judge(request, file, &options) || !have_audit_log(request, &options))
		return STATUS_NOT_STARTED;
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

	if (!run_request_parse(argc, argv, &request, &status))
		return status;
	if (request.verbosity > 0)
		log_set_level(request.verbosity > 1 ? LOG_DEBUG : LOG_VERBOSE);
	const char *preload = request.preload ? NULL : getenv("LD_PRELOAD");

	if (preload && *preload)
		start_without(preload, argc, argv);
	if (request.policy && !policy_arg_load(request.policy, &request.options.policy, &file))
		return STATUS_USAGE;
	return start(&request, file);
}
