/* SPDX-License-Identifier: Apache-2.0 */
#include "request/request.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "count_of.h"
#include "policy.h"
#include "request/label.h"
#include "request/leftover.h"
#include "request/memory.h"
#include "request/natively.h"
#include "request/object.h"
#include "request/stage.h"
#include "request/subject.h"

static struct outcome execute_named(struct request *request)
{
	char *value = request->workspace->value;
	const struct store_context context = stage_store_context(request);
	const struct call *call = &request->call;

	if (request->decision.route == ROUTE_REFUSED)
		return store_refuse(&context, call->kind->operation);
	switch (call->kind->operation) {
	case OPERATION_SET:
		return store_set(&context, value, call->size, (int)call->flags);
	case OPERATION_GET:
		request->bytes = value;
		return store_get(&context, value, call_capped_size(call));
	case OPERATION_REMOVE:
		return store_remove(&context);
	case OPERATION_LIST:
	default:
		return store_list(&context, call->size, &request->bytes);
	}
}

/* After a get that has found no own value, and after a list. */
static void note_orphan(struct request *request)
{
	const struct store_context context = stage_store_context(request);
	const struct decision *decision = &request->decision;
	enum operation operation = request->call.kind->operation;
	bool is_miss = operation == OPERATION_GET && decision->route == ROUTE_STORED &&
		       (decision->inherits || request->outcome.error == ENODATA);

	if (is_miss || operation == OPERATION_LIST)
		orphan_note(&request->client->orphans, request->client->log_source, &context,
			    request->call.tid);
}

/* What the kernel makes instead needs no remedy. It fares no better with the EPERM of an overlay. */
static void note_remedy(struct request *request, bool is_kernels)
{
	if (request->call.kind->operation == OPERATION_SET &&
	    request->decision.route == ROUTE_STORED &&
	    (!is_kernels || request->outcome.error == EPERM))
		remedy_note(&request->client->remedies, request->client->log_source,
			    request->client->policy->store, &request->performer,
			    request->outcome.error);
}

static bool execute(struct request *request)
{
	if (request->is_foreign)
		return natively_answer(request);
	if (request->decision.route == ROUTE_KERNEL)
		return natively_execute(request);
	if (!stage_go_on(request, subject_choose_performer(request), "find a helper"))
		return false;
	request->outcome = execute_named(request);
	leftover_settle(request);
	note_orphan(request);
	bool is_kernels = natively_counts(request);

	note_remedy(request, is_kernels);
	if (is_kernels)
		return natively_answer(request);
	return request->outcome.error == 0;
}

static bool deliver(struct request *request)
{
	const struct call *call = &request->call;
	bool is_wanted = call->kind->operation == OPERATION_LIST ||
			 call->kind->operation == OPERATION_GET;

	if (!is_wanted || call->size == 0 || request->outcome.value == 0)
		return true;
	if (!stage_still_waits(request->reception))
		return false;
	int r = memory_write(call->tid, call->value, request->bytes,
			     (size_t)request->outcome.value);

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
		    has_name && request->decision.route == ROUTE_STORED ? " as " : "",
		    has_name && request->decision.route == ROUTE_STORED ? request->decision.name :
									  "",
		    result_text(&request->outcome));
}

struct outcome request_run(struct workspace *workspace, struct client *client,
			   struct reception *reception)
{
	static stage *const stages[] = {
		subject_decode,	   leftover_go_on,   subject_read_name, subject_read_value,
		subject_read_path, subject_identify, subject_decide,	label_identify,
		object_resolve,	   object_fail_late, object_look,	object_locate,
		object_authorize,  label_authorize,  object_take_turn,	execute,
		deliver,
	};
	struct request request = {
		.workspace = workspace,
		.client = client,
		.reception = reception,
		.slot = reception->slot,
		.inode = { .fd = -1 },
		.performer = { .inode = &request.inode, .directory = workspace->fd_directory },
		.outcome = outcome_error(EPERM),
	};
	bool more = true;

	for (size_t i = 0; more && i < COUNT_OF(stages); i++)
		more = stages[i](&request);
	leftover_settle(&request);
	if (request.excused != 0 && request.outcome.error == request.excused)
		request.outcome = outcome_value(0);
	log_request(&request);
	stage_let_go(&request);
	return request.outcome;
}

void client_init(struct client *client, const struct policy *policy)
{
	client->policy = policy;
	client->is_transparent = policy_is_transparent(policy);
	client->is_strict = policy_is_strict(policy);
	client->hides_names = policy_hides_names(policy);
	client->is_queued = false;
	client->is_alone = false;
	client->holder = (struct share_holder){ 0 };
	client->log_source = 0;
	remedies_init(&client->remedies);
	orphans_init(&client->orphans);
	client->is_label_told = false;
}
