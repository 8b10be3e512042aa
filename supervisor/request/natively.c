/* SPDX-License-Identifier: Apache-2.0 */
#include "request/natively.h"

#include <errno.h>
#include <linux/xattr.h>
#include <string.h>
#include <sys/stat.h>

#include "base/probe.h"
#include "base/proc.h"
#include "exec/attribute_call.h"
#include "exec/awaited.h"
#include "exec/effect.h"
#include "exec/standin.h"
#include "policy.h"
#include "quota.h"
#include "request/foreign.h"
#include "request/place.h"
#include "request/stage.h"
#include "request/target_standin.h"
#include "request/userns.h"

/* No system call tells: where there is no probe, none is the target's own. */
static bool is_on_own_file_system(const struct request *request)
{
	const struct probe *probe = request->workspace->config.probe;
	uint32_t userns;

	return probe && probe_ask_file_system(probe, request->inode.fd, &userns) == 0 &&
	       userns == request->userns->inode;
}

/* That it is our own namespace is not enough: a file system of the host's is not ours when we are inside of one. */
static bool has_say_over_file_system(const struct request *request)
{
	return (request->subject.userns->is_host && request->workspace->outer.is_host) ||
	       is_on_own_file_system(request);
}

/* The check that this kernel leaves out, right before the change. */
static struct refusal check_unguarded(struct request *request, struct standin *standin)
{
	struct inode_stat stat = request->stat;

	if (request->workspace->config.is_guarded || !call_is_change(&request->call))
		return (struct refusal){ 0 };
	bool is_told = !request->is_foreign || target_standin_look(request, standin, &stat);

	return access_check_unguarded(&request->subject, is_told ? &stat.owner : NULL,
				      has_say_over_file_system(request),
				      request->call.kind->operation, request->workspace->name);
}

/*
 * To give a file another label is a matter of the labels of both, and of the process: of ours, in a stand-in. What the
 * target's own allows is not known.
 */
static bool is_relabelling(const struct request *request)
{
	return request->label.labels && call_is_change(&request->call) &&
	       strcmp(request->workspace->name, XATTR_NAME_SELINUX) == 0;
}

/* What the kernel objects to before it would make the check. Return: as standin_call(), never 0. */
static int refuse_unguarded(const struct request *request, struct standin *standin,
			    const struct refusal *refusal, enum reason *ret_reason)
{
	const struct performer performer = { .inode = &request->inode,
					     .standin = standin,
					     .reason = ret_reason };
	int r = inode_find_objection(&performer);

	if (r == 0)
		*ret_reason = refusal->reason;
	return r == 0 ? refusal->error : -r;
}

/*
 * The call as it was made, by the target's stand-in, so that the kernel checks. @reason: REASON_KERNEL at first; of a
 * positive errno.
 */
static int call_as_target(struct request *request, size_t *ret_length, enum reason *reason)
{
	struct workspace *workspace = request->workspace;
	struct attribute_call call = {
		.operation = request->call.kind->operation,
		.fd = request->inode.fd,
		.is_opened = request->inode.is_opened,
		.name = workspace->name,
		.value = request->call.kind->operation == OPERATION_SET ? workspace->value : NULL,
		.buffer = workspace->value,
		.size = call_capped_size(&request->call),
		.flags = (int)request->call.flags,
	};
	struct standin *standin;

	if (is_relabelling(request)) {
		*reason = REASON_LABEL;
		return EACCES;
	}
	int r = target_standin_find(request, &workspace->identity.credential, &standin);

	if (r < 0)
		return r;
	const struct refusal refusal = check_unguarded(request, standin);

	if (refusal.error != 0)
		return refuse_unguarded(request, standin, &refusal, reason);
	if (call_is_change(&request->call))
		effect_begin(&request->performer, &call);
	r = standin_call(standin, &call, ret_length);
	/* A result above 0 is what the target gets: nothing was changed then either. */
	if (call_is_change(&request->call))
		(void)effect_end(request->performer.effect, r > 0 ? -EPERM : r);
	return r;
}

/*
 * In the directory of its own descriptors a process is granted what its stand-in is not, and then learns that
 * there are no attributes. The directory is known by its mode.
 */
static bool is_in_own_entry(const struct request *request)
{
	__attribute__((cleanup(place_done))) struct place place = { .directory = -1 };
	struct stat stat;

	return proc_is_on(request->inode.fd, NULL) && fstat(request->inode.fd, &stat) == 0 &&
	       stat.st_mode == (S_IFDIR | S_IRUSR | S_IXUSR) &&
	       place_find(request->target, request->inode.fd, &place) == 0 && place.is_own;
}

bool natively_execute(struct request *request)
{
	enum reason reason = REASON_KERNEL;
	size_t length = 0;
	int r = call_as_target(request, &length, &reason);

	if (r == EACCES && is_in_own_entry(request))
		r = EOPNOTSUPP;
	if (r == 0)
		request->outcome = outcome_value((long)length);
	request->is_native = true;
	request->bytes = request->workspace->value;
	return stage_go_on(request, r, reason, "make a call in the target's name");
}

static bool list_as_target(struct request *request)
{
	struct store_context context = stage_store_context(request);
	int r = target_standin_find(request, &request->workspace->identity.credential,
				    &request->performer.standin);

	if (!stage_go_on(request, r, REASON_FAILURE, "find a deputy"))
		return false;
	context.is_native = true;
	request->outcome = store_list(&context, request->call.size, &request->bytes);
	return request->outcome.error == 0;
}

/*
 * With a queued sender nothing may be asked of the file system: its server may wait in the queue. So a list that
 * the policy would shorten, and a set of an empty value, are left to the kernel, too: there they do no more than
 * without us.
 */
static bool may_continue_queued(const struct request *request)
{
	return request->client->is_queued && !request->client->is_strict &&
	       stage_may_continue(request);
}

/*
 * A call that is the kernel's to answer though the policy has a rule for its name: what a namespace can do
 * on a file system that is its own, it can do under a supervisor, too. Nothing that the policy itself
 * refuses comes here. What cannot be left to the kernel with a queued sender is as on a file system without
 * attributes.
 */
bool natively_answer(struct request *request)
{
	bool is_list = request->call.kind->operation == OPERATION_LIST;

	if (request->decision.route == ROUTE_REFUSED)
		return stage_end(request, outcome_refused(request->decision.error,
							  request->decision.reason));
	if (stage_policy_lets_continue(request) || may_continue_queued(request))
		return stage_leave_to_kernel(request, REASON_NONE);
	if (request->client->is_queued)
		return stage_end(request, outcome_refused(EOPNOTSUPP, REASON_QUEUED));
	stage_begin_to_wait(request);
	return is_list ? list_as_target(request) : natively_execute(request);
}

/* Only under a plain name of security.* root of a namespace can have a value by the kernel's own rule. */
static bool is_plain_security(const struct request *request)
{
	const struct decision *decision = &request->decision;

	return request->call.kind->operation != OPERATION_LIST &&
	       request->workspace->name[decision->base_length] == '\0' &&
	       name_has_prefix(decision->base, decision->base_length, XATTR_SECURITY_PREFIX);
}

/* The errors of a store that cannot hold the value, or does not have it; never one of a rule or a limit. */
static bool is_stores_failure(const struct request *request, int error)
{
	const struct policy *policy = request->client->policy;

	switch (request->call.kind->operation) {
	case OPERATION_SET:
		return (error == EOPNOTSUPP || error == EPERM || error == EINVAL ||
			error == ENODATA) &&
		       !quota_is_limited(policy, &request->decision) && policy->value_size == 0;
	case OPERATION_REMOVE:
		return error == EOPNOTSUPP || error == EPERM || error == ENODATA;
	case OPERATION_GET:
		return error == EOPNOTSUPP || (error == ENODATA && !request->decision.inherits);
	case OPERATION_LIST:
	default:
		return false;
	}
}

static bool is_on_namespaces_own(struct request *request)
{
	struct standin *root;

	if (!request->workspace->config.is_guarded)
		return is_on_own_file_system(request);
	return target_standin_find_root(request, &root) == 0 &&
	       inode_is_namespaces(&request->inode, root);
}

/* After an operation on stored names that has failed: does the kernel's own answer count instead? */
bool natively_counts(struct request *request)
{
	int error = request->outcome.error;

	if (error == 0 || request->decision.route != ROUTE_STORED)
		return false;
	if (foreign_has_refused(request->inode.fd, error))
		return true;
	if (!is_plain_security(request) || !is_stores_failure(request, error))
		return false;
	/* A deputy asks the file system. */
	if (awaited_is_bound(request->awaited)) {
		(void)awaited_want_thread(request->awaited);
		return false;
	}
	return is_on_namespaces_own(request);
}
