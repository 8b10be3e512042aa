/* SPDX-License-Identifier: Apache-2.0 */
#include "request/request.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "count_of.h"
#include "request/announce.h"
#include "request/audit.h"
#include "request/replay.h"
#include "request/stage.h"
#include "request/waiting.h"
#include "request/workspace.h"

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
	bool has_reason = request->outcome.reason != REASON_NONE;

	if (!call->kind || !log_enabled(LOG_VERBOSE))
		return;
	log_verbose("%s[%d] %s %s%s%s: %s%s%s", request->client->label, call->tid, call->kind->name,
		    has_name ? request->workspace->name : "",
		    has_name && request->decision.route == ROUTE_STORED ? " as " : "",
		    has_name && request->decision.route == ROUTE_STORED ? request->decision.name :
									  "",
		    result_text(&request->outcome), has_reason ? ": " : "",
		    has_reason ? reason_text(request->outcome.reason) : "");
}

#define STAGE_ROW(name) { name, #name },
#define STAGE_NUMBER(name) STAGE_NUMBER_##name,

enum { STAGES(STAGE_NUMBER) };

static const struct {
	stage *run;
	const char *name;
} stages[] = { STAGES(STAGE_ROW) };

static void go_through(struct request *request, size_t first)
{
	for (size_t i = first; i < COUNT_OF(stages); i++) {
		bool goes_on = stages[i].run(request);

		if (!stage_note(request->call.tid, stages[i].name, goes_on))
			break;
	}
}

static void conclude(struct request *request)
{
	replay_conclude(request);
	if (request->slot->effect.excused != 0 &&
	    request->outcome.error == request->slot->effect.excused)
		request->outcome = outcome_value(0);
	log_request(request);
	if (watch_is_for(request->client->watch, request->client->holder.user))
		announce_request(request);
	if (client_is_audited(request->client))
		audit_request(request);
}

/* What was read for another target is not told of this one, if its own name cannot be read. */
static void forget_name(struct request *request)
{
	request->workspace->name[0] = '\0';
}

struct outcome request_run(struct workspace *workspace, struct client *client,
			   struct reception *reception)
{
	struct request request;

	stage_begin(&request, workspace, client, reception, NULL);
	forget_name(&request);
	go_through(&request, 0);
	conclude(&request);
	stage_let_go(&request);
	return request.outcome;
}

/* ---- without a thread to wait in ---- */

/* What was read of the target's memory, and the inode, are those of the first walk. Return: the first stage. */
static size_t recall(struct request *request, struct waiting *waiting)
{
	awaited_begin_walk(&waiting->awaited);
	if (!waiting->is_read) {
		forget_name(request);
		return 0;
	}
	request->call = waiting->call;
	request->late_error = waiting->late_error;
	request->has_path = waiting->has_path;
	request->has_value = waiting->has_value;
	request->inode = waiting->awaited.inode;
	waiting->awaited.inode.fd = -1;
	memcpy(request->workspace->name, waiting->name, sizeof(waiting->name));
	if (waiting->awaited.open.path)
		snprintf(request->workspace->path, PATH_MAX, "%s", waiting->awaited.open.path);
	if (waiting->value)
		memcpy(request->workspace->value, waiting->value, waiting->call.size);
	return STAGE_NUMBER_subject_identify;
}

/* Others are walked in this workspace before it goes on. */
static void keep_value(const struct request *request, struct waiting *waiting)
{
	const struct call *call = &request->call;

	if (call->kind->operation != OPERATION_SET || request->late_error || call->size == 0 ||
	    waiting->value)
		return;
	waiting->value = malloc(call->size);
	if (waiting->value)
		memcpy(waiting->value, request->workspace->value, call->size);
	else
		awaited_decline(&waiting->awaited);
}

static void remember(const struct request *request, struct waiting *waiting)
{
	waiting->is_read = true;
	waiting->call = request->call;
	waiting->late_error = request->late_error;
	waiting->has_path = request->has_path;
	waiting->has_value = request->has_value;
	memcpy(waiting->name, request->workspace->name, sizeof(waiting->name));
}

/* The call that is asked for is made on the inode, which stays open for it. */
static void keep_inode(struct request *request, struct waiting *waiting)
{
	waiting->awaited.inode = request->inode;
	request->inode.fd = -1;
}

enum request_progress request_walk(struct workspace *workspace, struct client *client,
				   struct waiting *waiting, struct outcome *ret_outcome)
{
	struct awaited *awaited = &waiting->awaited;
	struct request request;

	stage_begin(&request, workspace, client, waiting->reception, awaited);
	go_through(&request, recall(&request, waiting));
	bool is_waiting = awaited_is_waiting(awaited);

	if (is_waiting) {
		remember(&request, waiting);
		keep_inode(&request, waiting);
		if (awaited->state == AWAITED_ANSWER)
			keep_value(&request, waiting);
	} else {
		conclude(&request);
		*ret_outcome = request.outcome;
	}
	stage_let_go(&request);
	if (!is_waiting)
		return REQUEST_ENDED;
	return awaited->state == AWAITED_ANSWER ? REQUEST_WAITS : REQUEST_WANTS_THREAD;
}
