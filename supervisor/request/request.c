/* SPDX-License-Identifier: Apache-2.0 */
#include "request/request.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "count_of.h"
#include "request/replay.h"
#include "request/stage.h"
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

	if (!call->kind || !log_enabled(LOG_VERBOSE))
		return;
	log_verbose("[%d] %s %s%s%s: %s", call->tid, call->kind->name,
		    has_name ? request->workspace->name : "",
		    has_name && request->decision.route == ROUTE_STORED ? " as " : "",
		    has_name && request->decision.route == ROUTE_STORED ? request->decision.name :
									  "",
		    result_text(&request->outcome));
}

#define STAGE_ROW(name) { name, #name },

struct outcome request_run(struct workspace *workspace, struct client *client,
			   struct reception *reception)
{
	static const struct {
		stage *run;
		const char *name;
	} stages[] = { STAGES(STAGE_ROW) };
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

	for (size_t i = 0; more && i < COUNT_OF(stages); i++) {
		more = stages[i].run(&request);
		log_debug("[%d] %s: %s", request.call.tid, stages[i].name,
			  more ? "goes on" : "ends here");
	}
	replay_conclude(&request);
	if (request.slot->effect.excused != 0 &&
	    request.outcome.error == request.slot->effect.excused)
		request.outcome = outcome_value(0);
	log_request(&request);
	stage_let_go(&request);
	return request.outcome;
}
