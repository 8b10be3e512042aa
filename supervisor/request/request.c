/* SPDX-License-Identifier: Apache-2.0 */
#include "request/request.h"

#include <errno.h>
#include <linux/xattr.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/log.h"
#include "exec/inode.h"
#include "exec/standin.h"
#include "exec/store.h"
#include "policy.h"
#include "request/decode.h"
#include "request/memory.h"
#include "request/notify.h"
#include "request/resolve.h"
#include "request/target.h"
#include "request/userns.h"
#include "request/walk.h"

struct workspace {
	const struct policy *policy;
	bool is_transparent;
	int listener;
	struct targets *targets;
	struct userns_cache *usernses;
	struct standins *standins;
	struct walk_space *walk_space;
	struct list_space *list_space;
	int fd_directory;
	struct identity identity;
	char name[NAME_SIZE];
	char path[PATH_MAX];
	char value[XATTR_SIZE_MAX];
};

/* A request under way. Each stage fills in what the next ones need. */
struct request {
	struct workspace *workspace;
	uint64_t id;
	struct call call;
	struct target *target;
	struct userns *userns;
	struct subject subject;
	struct decision decision;
	struct pinned inode;
	const char *list;
	struct outcome outcome;
};

/*
 * A stage's result: go on, or the outcome is settled. The functions below the stages return 0, a
 * positive errno for the target, or -errno of our own failure.
 */
typedef bool stage(struct request *request);

static bool settle(struct request *request, struct outcome outcome)
{
	request->outcome = outcome;
	return false;
}

/* Our own failure leaves the outcome as it was born. ESRCH is a target that has gone. */
static bool go_on(struct request *request, int result, const char *what)
{
	if (result > 0)
		return settle(request, outcome_error(result));
	if (result < 0 && result != -ESRCH)
		log_verbose("cannot %s of thread %d: %s", what, request->call.tid,
			    strerror(-result));
	return result == 0;
}

static bool decode(struct request *request, const struct seccomp_notif *notification)
{
	int r = call_decode(notification, &request->call);

	if (r == -ENOSYS || request->workspace->is_transparent)
		return settle(request, outcome_kernel());
	return go_on(request, r, "decode a call");
}

/* A set without a value is the one that the kernel lets pass unchecked for security.capability. */
static bool is_empty_set(const struct call *call)
{
	return call->kind->operation == OPERATION_SET && call->size == 0;
}

static bool is_left_to_kernel(const struct request *request)
{
	const char *name = request->workspace->name;
	size_t base_length = name_split(name, strlen(name)).base_length;
	const struct rule *rule = policy_match(request->workspace->policy, name, base_length);

	return rule->scheme == SCHEME_KERNEL;
}

/* Nothing but the name is needed to leave a call to the kernel, which checks everything again. */
static bool read_name(struct request *request)
{
	if (request->call.kind->operation == OPERATION_LIST)
		return true;
	if (!go_on(request, call_read_name(&request->call, request->workspace->name),
		   "read a name"))
		return false;
	if (is_left_to_kernel(request) && !is_empty_set(&request->call))
		return settle(request, outcome_kernel());
	return true;
}

static bool read_value(struct request *request)
{
	if (request->call.kind->operation != OPERATION_SET)
		return true;
	return go_on(request, call_read_value(&request->call, request->workspace->value),
		     "read a value");
}

static bool read_path(struct request *request)
{
	return go_on(request, call_read_path(&request->call, request->workspace->path),
		     "read a path");
}

static bool identify(struct request *request)
{
	struct workspace *workspace = request->workspace;
	bool is_whole = !request->call.is_descriptor || is_empty_set(&request->call);
	int r = targets_identify(workspace->targets, request->call.tid,
				 is_whole ? IDENTITY_WHOLE : IDENTITY_CAPABILITIES,
				 &request->target, &workspace->identity);

	if (r == 0)
		r = userns_find(workspace->usernses, workspace->identity.userns, request->target,
				&request->userns);
	if (!go_on(request, r, "learn the identity"))
		return false;
	request->subject = (struct subject){
		.userns = &request->userns->ids,
		.capabilities = workspace->identity.credential.capabilities,
	};
	if (!access_is_virtual(request->subject.userns))
		return settle(request, outcome_kernel());
	return true;
}

static bool decide(struct request *request)
{
	if (request->call.kind->operation != OPERATION_LIST)
		access_decide(request->workspace->policy, request->subject.userns,
			      request->call.kind->operation, request->workspace->name,
			      &request->decision);
	return true;
}

static int pin(struct request *request)
{
	struct workspace *workspace = request->workspace;
	struct resolver resolver = { .target = request->target, .space = workspace->walk_space };
	const struct call *call = &request->call;

	if (call->is_descriptor)
		return resolve_descriptor(&resolver, call->dirfd, &request->inode);
	int r = standins_find(workspace->standins, workspace->identity.userns, request->userns->fd,
			      &workspace->identity.credential, &resolver.standin);

	if (r < 0)
		return r;
	return resolve_path(&resolver, call->dirfd, workspace->path, call->follow, &request->inode);
}

static bool resolve(struct request *request)
{
	if (!go_on(request, pin(request), "resolve a path"))
		return false;
	request->inode.directory = request->workspace->fd_directory;
	/* Everything so far was read by the number of a thread: it was this one's if it still waits. */
	return notify_is_valid(request->workspace->listener, request->id);
}

static int check_access(const struct request *request)
{
	enum operation operation = request->call.kind->operation;
	struct object object = { 0 };

	if (operation == OPERATION_SET || operation == OPERATION_REMOVE) {
		int r = inode_owner(&request->inode, &object);

		if (r < 0)
			return r;
	}
	int error = access_check(&request->subject, &object, operation, &request->decision);

	return error == EPERM && inode_is_readonly(&request->inode) ? EROFS : error;
}

static bool authorize(struct request *request)
{
	bool is_ours = request->decision.route != ROUTE_KERNEL ||
		       strcmp(request->decision.base, XATTR_NAME_CAPS) == 0;

	if (request->call.kind->operation == OPERATION_LIST || !is_ours)
		return true;
	return go_on(request, check_access(request), "check the access");
}

/* An empty set of a name that is the kernel's: as the target, so that the kernel checks. */
static struct outcome set_as_target(struct request *request)
{
	struct workspace *workspace = request->workspace;
	struct standin *standin;
	int r = standins_find(workspace->standins, workspace->identity.userns, request->userns->fd,
			      &workspace->identity.credential, &standin);

	if (r == 0)
		r = standin_setxattr(standin, request->inode.fd, workspace->name, "", 0,
				     (int)request->call.flags);
	if (r >= 0)
		return outcome_error(r);
	go_on(request, r, "set an attribute as the target");
	return request->outcome;
}

static struct outcome execute_list(struct request *request)
{
	return store_list(&request->inode, request->workspace->policy, &request->subject,
			  request->workspace->list_space, request->call.size, &request->list);
}

static struct outcome execute_get(struct request *request)
{
	size_t size = request->call.size;

	if (size > XATTR_SIZE_MAX)
		size = XATTR_SIZE_MAX;
	return store_get(&request->inode, request->subject.userns, &request->decision,
			 request->workspace->value, size);
}

static struct outcome execute_named(struct request *request)
{
	switch (request->call.kind->operation) {
	case OPERATION_SET:
		return store_set(&request->inode, request->subject.userns, &request->decision,
				 request->workspace->value, request->call.size,
				 (int)request->call.flags);
	case OPERATION_GET:
		return execute_get(request);
	case OPERATION_REMOVE:
		return store_remove(&request->inode, &request->decision);
	case OPERATION_LIST:
	default:
		return request->outcome;
	}
}

static bool execute(struct request *request)
{
	if (request->call.kind->operation == OPERATION_LIST)
		request->outcome = execute_list(request);
	else if (request->decision.route == ROUTE_STORED)
		request->outcome = execute_named(request);
	else if (request->decision.route == ROUTE_REFUSED)
		request->outcome = store_refuse(&request->inode, &request->decision);
	else
		request->outcome = set_as_target(request);
	return request->outcome.error == 0;
}

static bool deliver(struct request *request)
{
	const struct call *call = &request->call;
	const char *bytes = call->kind->operation == OPERATION_LIST ? request->list :
								      request->workspace->value;
	bool is_wanted = call->kind->operation == OPERATION_LIST ||
			 call->kind->operation == OPERATION_GET;

	if (!is_wanted || call->size == 0 || request->outcome.value == 0)
		return true;
	if (!notify_is_valid(request->workspace->listener, request->id))
		return false;
	int r = memory_write(call->tid, call->value, bytes, (size_t)request->outcome.value);

	if (r < 0)
		request->outcome = outcome_error(EFAULT);
	return r == 0;
}

static const char *result_text(const struct outcome *outcome)
{
	if (outcome->is_kernels)
		return "left to the kernel";
	return outcome->error ? strerrorname_np(outcome->error) : "done";
}

static void log_request(const struct request *request)
{
	const struct call *call = &request->call;
	bool has_name = call->kind && call->kind->operation != OPERATION_LIST;

	if (!call->kind || !log_enabled(LOG_VERBOSE))
		return;
	log_verbose("[%d] %s %s%s%s: %s", call->tid, call->kind->name,
		    has_name ? request->workspace->name : "",
		    request->decision.route == ROUTE_STORED ? " as " : "",
		    request->decision.route == ROUTE_STORED ? request->decision.name : "",
		    result_text(&request->outcome));
}

struct outcome request_run(struct workspace *workspace, const struct seccomp_notif *notification)
{
	static stage *const stages[] = { read_name, read_value, read_path, identify, decide,
					 resolve,   authorize,	execute,   deliver };
	struct request request = {
		.workspace = workspace,
		.id = notification->id,
		.inode = { .fd = -1, .directory = -1 },
		.outcome = outcome_error(EPERM),
	};
	bool more = decode(&request, notification);

	for (size_t i = 0; more && i < sizeof(stages) / sizeof(stages[0]); i++)
		more = stages[i](&request);
	log_request(&request);
	fd_close(&request.inode.fd);
	if (request.userns)
		userns_unref(request.userns);
	return request.outcome;
}

static enum standin_kind standin_kind_of(bool without_ring, bool require_ring)
{
	if (without_ring)
		return STANDIN_PROCESS;
	return require_ring ? STANDIN_PERSONALITY : STANDIN_ANY;
}

static int fill_workspace(struct workspace *workspace, enum standin_kind kind)
{
	int r = targets_new(&workspace->targets);

	if (r < 0) {
		log_error("/proc does not show this pid namespace: %s; mount procfs there",
			  strerror(-r));
		return r;
	}
	r = userns_cache_new(&workspace->usernses);
	if (r < 0) {
		log_error("cannot open /proc/self/ns/user: %s", strerror(-r));
		return r;
	}
	r = standins_new(kind, &workspace->standins);
	if (r < 0) {
		log_error("io_uring is not available: %s (see kernel.io_uring_disabled)",
			  strerror(-r));
		return r;
	}
	workspace->walk_space = walk_space_new();
	workspace->list_space = list_space_new();
	return workspace->walk_space && workspace->list_space ? 0 : -ENOMEM;
}

int workspace_new(const struct policy *policy, int listener, bool without_ring, bool require_ring,
		  struct workspace **ret_workspace)
{
	struct workspace *workspace = calloc(1, sizeof(*workspace));

	if (!workspace)
		return -ENOMEM;
	workspace->policy = policy;
	workspace->is_transparent = policy_is_transparent(policy);
	workspace->listener = listener;
	workspace->fd_directory = inode_open_directory();
	int r = fill_workspace(workspace, standin_kind_of(without_ring, require_ring));

	if (r < 0) {
		workspace_free(workspace);
		return r;
	}
	*ret_workspace = workspace;
	return 0;
}

void workspace_free(struct workspace *workspace)
{
	if (!workspace)
		return;
	targets_free(workspace->targets);
	userns_cache_free(workspace->usernses);
	standins_free(workspace->standins);
	free(workspace->walk_space);
	free(workspace->list_space);
	fd_close(&workspace->fd_directory);
	free(workspace);
}
