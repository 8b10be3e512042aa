/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "exec/awaited.h"
#include "policy.h"
#include "request/memory.h"
#include "request/natively.h"
#include "request/replay.h"
#include "request/stage.h"
#include "request/target_standin.h"

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
		orphan_note(&request->client->orphans,
			    &(struct orphan_asker){ request->client->label,
						    request->client->log_source,
						    request->call.tid },
			    &context);
}

/* What the kernel makes instead needs no remedy. It fares no better with the EPERM of an overlay. */
static void note_remedy(struct request *request, bool is_kernels)
{
	const struct remedy_case about = {
		.label = request->client->label,
		.log_source = request->client->log_source,
		.store = request->client->policy->store,
		.performer = &request->performer,
		.name = request->workspace->name,
		.outcome = &request->outcome,
	};

	if (request->call.kind->operation == OPERATION_SET &&
	    request->decision.route == ROUTE_STORED &&
	    (!is_kernels || request->outcome.error == EPERM))
		remedy_note(&request->client->remedies, &about);
}

bool execute_call(struct request *request)
{
	if (request->is_foreign)
		return natively_answer(request);
	if (request->decision.route == ROUTE_KERNEL)
		return natively_execute(request);
	if (!stage_go_on(request, target_standin_choose(request), REASON_FAILURE, "find a deputy"))
		return false;
	request->outcome = execute_named(request);
	replay_conclude(request);
	if (awaited_is_waiting(request->awaited))
		return false;
	note_orphan(request);
	bool is_kernels = natively_counts(request);

	if (is_kernels && awaited_is_bound(request->awaited))
		(void)awaited_want_thread(request->awaited);
	if (awaited_is_waiting(request->awaited))
		return false;
	note_remedy(request, is_kernels);
	if (is_kernels)
		return natively_answer(request);
	return request->outcome.error == 0;
}

bool execute_deliver(struct request *request)
{
	const struct call *call = &request->call;
	bool is_wanted = call->kind->operation == OPERATION_LIST ||
			 call->kind->operation == OPERATION_GET;

	if (!is_wanted || call->size == 0 || request->outcome.value == 0)
		return true;
	if (!stage_go_on_for(request))
		return false;
	int r = memory_write(call->tid, call->value, request->bytes,
			     (size_t)request->outcome.value);

	if (r < 0)
		request->outcome = outcome_refused(EFAULT, REASON_ARGUMENT);
	return r == 0;
}
