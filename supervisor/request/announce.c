/* SPDX-License-Identifier: Apache-2.0 */
#include "request/announce.h"

#include <string.h>

#include "base/clock.h"
#include "base/event.h"
#include "request/stage.h"

#define COPY_TEXT(to, from) copy_text((to), sizeof(to), (from))

static void copy_text(char *to, size_t size, const char *from)
{
	size_t length = from ? strnlen(from, size - 1) : 0;

	memcpy(to, from ? from : "", length);
	to[length] = '\0';
}

/* Return: whether it is known. */
static bool name_target(struct event *event, const struct reception *reception, int procfs,
			pid_t tid)
{
	struct target_process process;

	event->uid = UINT32_MAX;
	if (!stage_name_target(reception, procfs, tid, &process))
		return false;
	event->thread = (uint32_t)tid;
	event->process = (uint32_t)process.process;
	event->uid = process.uid;
	COPY_TEXT(event->command, process.command);
	return true;
}

static void complete(struct event *event, const struct client *client,
		     const struct reception *reception, const struct outcome *outcome)
{
	event->time = clock_real_microseconds();
	event->microseconds = (uint32_t)(clock_microseconds() - reception->began);
	event->owner = client->holder.user;
	event->is_kernels = outcome->is_kernels;
	event->error = outcome->is_kernels ? 0 : (uint32_t)outcome->error;
	event->reason = outcome->reason;
	COPY_TEXT(event->id, client->id);
	COPY_TEXT(event->container, client->name);
}

static enum event_operation operation_of(const struct call *call)
{
	static const enum event_operation operations[OPERATION_COUNT] = {
		[OPERATION_SET] = EVENT_SET,
		[OPERATION_GET] = EVENT_GET,
		[OPERATION_LIST] = EVENT_LIST,
		[OPERATION_REMOVE] = EVENT_REMOVE,
	};

	return operations[call->kind->operation];
}

void announce_request(const struct request *request)
{
	const struct call *call = &request->call;
	struct event event = { 0 };

	if (!call->kind)
		return;
	event.operation = (uint8_t)operation_of(call);
	if (call->kind->operation != OPERATION_LIST)
		COPY_TEXT(event.name, request->workspace->name);
	complete(&event, request->client, request->reception, &request->outcome);
	(void)name_target(&event, request->reception, request->workspace->config.procfs, call->tid);
	watch_tell(request->client->watch, request->client->holder.user, &event);
}

/* What tells files apart is the end of a path. */
void announced_file_note(struct announced_file *file, const char *path)
{
	size_t length = strlen(path);

	file->is_cut = length >= sizeof(file->path);
	COPY_TEXT(file->path, file->is_cut ? path + length - (sizeof(file->path) - 1) : path);
}

/* The path may be from the memory of another process, if the target has gone. */
void announce_judgement(struct client *client, const struct workspace *workspace,
			const struct reception *reception, pid_t tid,
			const struct announced_file *file, const struct outcome *outcome)
{
	struct event event = { .operation = EVENT_EXECUTE };

	complete(&event, client, reception, outcome);
	if (name_target(&event, reception, workspace->config.procfs, tid)) {
		COPY_TEXT(event.name, file->path);
		event.is_cut = file->is_cut;
	}
	watch_tell(client->watch, client->holder.user, &event);
}
