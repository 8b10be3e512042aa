/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "policy.h"
#include "request/stage.h"
#include "request/userns.h"

/* What was found out of the arguments. Where the kernel looks for the inode first, so do we. */
static bool go_on_by_arguments(struct request *request, int result, const char *what)
{
	if (result <= 0 || !call_finds_inode_first(&request->workspace->order, &request->call))
		return stage_go_on(request, result, REASON_ARGUMENT, what);
	request->late_error = result;
	return true;
}

bool subject_decode(struct request *request)
{
	const struct client *client = request->client;
	int r = call_decode(&request->slot->notification, request->workspace->has_xattrat,
			    &request->call);

	if (r == -ENOSYS && (client->is_strict || !stage_may_continue(request)))
		return stage_end(request, outcome_refused(ENOSYS, REASON_UNKNOWN_CALL));
	if (r == -ENOSYS ||
	    (client->is_transparent && !client->is_strict && stage_may_continue(request)))
		return stage_leave_to_kernel(request, REASON_NONE);
	return go_on_by_arguments(request, r, "decode a call");
}

/*
 * Nothing but the name is needed to leave a call to the kernel, which checks everything again. The
 * schemes whose answer depends on the namespace are decided later.
 */
static bool is_left_to_kernel(const struct request *request)
{
	const struct client *client = request->client;
	const char *name = request->workspace->name;
	size_t base_length = name_split(name, strlen(name)).base_length;

	return !client->is_strict && stage_may_continue(request) &&
	       !call_may_be_empty_set(&request->call) &&
	       policy_match(client->policy, name, base_length)->scheme == SCHEME_KERNEL;
}

bool subject_read_name(struct request *request)
{
	if (request->call.kind->operation == OPERATION_LIST || request->late_error)
		return true;
	struct workspace *workspace = request->workspace;
	const struct call *call = &request->call;
	bool is_value_wanted = workspace->wants_values && call_has_short_value(call);
	bool is_read = call_read_together(call, workspace->name, workspace->path,
					  is_value_wanted ? workspace->value : NULL);

	request->has_path = is_read && !call->is_descriptor;
	request->has_value = is_read && is_value_wanted;
	if (!is_read &&
	    !go_on_by_arguments(request, call_read_name(call, workspace->name), "read a name"))
		return false;
	if (request->late_error)
		return true;
	bool is_left = is_left_to_kernel(request);

	/* The next set is most often of the same kind. */
	if (call->kind->operation == OPERATION_SET)
		workspace->wants_values = !is_left;
	return is_left ? stage_leave_to_kernel(request, REASON_NONE) : true;
}

bool subject_read_value(struct request *request)
{
	if (request->call.kind->operation != OPERATION_SET || request->has_value ||
	    request->late_error)
		return true;
	int r = call_read_value(&request->call, request->workspace->value);

	request->has_value = r == 0;
	return go_on_by_arguments(request, r, "read a value");
}

bool subject_read_path(struct request *request)
{
	if (request->has_path)
		return true;
	int r = call_read_path(&request->call, request->workspace->path);

	request->has_path = r == 0;
	return stage_go_on(request, r, REASON_ARGUMENT, "read a path");
}

/* A stand-in needs the whole credential: to search a path, or to make the call itself. */
static enum identity_extent extent_of(const struct request *request)
{
	return !stage_policy_lets_continue(request) || !request->call.is_descriptor ?
		       IDENTITY_WHOLE :
		       IDENTITY_CAPABILITIES;
}

int stage_identify(struct request *request, enum identity_extent extent)
{
	struct workspace *workspace = request->workspace;
	int r = targets_identify(workspace->targets, request->call.tid, extent, &request->target,
				 &workspace->identity);

	if (r == 0)
		r = userns_find(workspace->usernses, &request->client->holder,
				workspace->identity.userns, request->target, &request->userns);
	if (r != 0)
		return r;
	request->naming = access_naming(request->client->policy, &request->userns->ids);
	request->naming.outer = workspace->outer.is_host ? NULL : &workspace->outer.uids;
	request->naming.is_rootless = !workspace->outer.has_host_root;
	request->subject = (struct subject){
		.userns = &request->userns->ids,
		.capabilities = workspace->identity.credential.capabilities,
		.naming = &request->naming,
	};
	return 0;
}

bool subject_identify(struct request *request)
{
	int r = stage_identify(request, extent_of(request));

	if (!stage_go_on(request, r, REASON_FAILURE, "learn the identity"))
		return false;
	/* Without a view of its own there is nothing of which the policy has something to say. */
	return access_is_virtual(&request->subject) || !stage_may_continue(request) ?
		       true :
		       stage_leave_to_kernel(request, REASON_HOST);
}

bool subject_decide(struct request *request)
{
	if (request->call.kind->operation == OPERATION_LIST) {
		request->decision.route = ROUTE_STORED;
		return true;
	}
	if (request->late_error) {
		request->decision.route = ROUTE_REFUSED;
		request->decision.error = request->late_error;
		request->decision.reason = REASON_ARGUMENT;
		return true;
	}
	access_decide(request->client->policy, &request->subject, request->call.kind->operation,
		      request->workspace->name, &request->decision);
	/* A get of a name that may not be changed is the kernel's, but is known only now. */
	if (request->decision.route == ROUTE_KERNEL && !request->client->is_strict &&
	    stage_may_continue(request) && !call_may_be_empty_set(&request->call))
		return stage_leave_to_kernel(request, REASON_NONE);
	return true;
}
