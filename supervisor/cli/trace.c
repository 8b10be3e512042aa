/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * The daemon hands out a ring of events in shared memory and a lease (daemon/watches.h). We read the ring every few
 * milliseconds, and ask again before the lease is over. Where the ring is another one by then, the worker that wrote the
 * first was replaced. What was overwritten before we read it is counted, and told in its place.
 */
#include "cli/commands.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/event_ring.h"
#include "base/fd.h"
#include "base/log.h"
#include "cli/ask.h"
#include "cli/event_text.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/terminal.h"
#include "daemon/config.h"

/* Milliseconds between two looks into the ring. */
#define PAUSE 20

struct trace_request {
	const char *control;
	const char *container;
	uint32_t count;
	bool is_json;
};

static const struct option_row rows[] = {
	{ "container", 0, "CONTAINER",
	  "only what this one does: an id of 'nsxattr status', its beginning, or a name",
	  INTO_TEXT(struct trace_request, container) },
	{ "count", 'n', "N", "end after so many calls",
	  INTO_NUMBER(struct trace_request, count, 1, UINT32_MAX) },
	{ "json", 0, NULL, "print an object a line", INTO_FLAG(struct trace_request, is_json) },
	{ "control", 0, "PATH", "the daemon's control socket",
	  INTO_TEXT(struct trace_request, control) },
};

static const struct option_table table = {
	.command = "nsxattr trace",
	.operands = "",
	.about =
		"Show the attribute calls of the containers that nsxattrd serves, as they are answered: of all\n"
		"containers to root, to others of their own. Ends by a signal.\n"
		"Exit status: 0, or 1 if the daemon refuses, or 2 if it does not answer.",
	OPTION_ROWS(rows),
};

/** struct trace - what is being shown */
struct trace {
	const struct trace_request *request;
	bool has_colour;
	struct event_reader reader;
	uint64_t ring; /* which one it reads; 0: none */
	uint64_t asks; /* when the daemon is asked again, as clock_milliseconds() */
	uint64_t told; /* of the reader's lost ones */
	uint32_t shown;
};

/* ---- what is shown ---- */

static bool is_wanted(const struct trace *trace, const struct event *event)
{
	const char *wanted = trace->request->container;

	return !wanted || strncmp(event->id, wanted, strlen(wanted)) == 0 ||
	       strcmp(event->container, wanted) == 0;
}

static void tell_lost(struct trace *trace)
{
	uint64_t lost = trace->reader.lost - trace->told;

	if (lost == 0)
		return;
	trace->told = trace->reader.lost;
	if (trace->request->is_json)
		printf("{\"lost\":%" PRIu64 "}\n", lost);
	else
		printf("# %" PRIu64 " calls are not shown: they came too fast\n", lost);
}

static void tell_replaced(const struct trace *trace)
{
	if (trace->request->is_json)
		puts("{\"worker\":\"replaced\"}");
	else
		puts("# nsxattrd has another worker: calls of that moment are not shown");
}

static bool is_over(const struct trace *trace)
{
	return trace->request->count > 0 && trace->shown == trace->request->count;
}

static void show(struct trace *trace, const struct event *event)
{
	if (!is_wanted(trace, event))
		return;
	if (trace->request->is_json)
		event_print_json(event, stdout);
	else
		event_print(event, trace->has_colour, stdout);
	trace->shown++;
}

static void drain(struct trace *trace)
{
	struct event event;

	while (!is_over(trace) && event_reader_take(&trace->reader, &event)) {
		tell_lost(trace);
		show(trace, &event);
	}
	tell_lost(trace);
}

/* ---- asking ---- */

static int take_ring(struct trace *trace, struct json_object *answer, int fd)
{
	uint64_t ring = json_object_get_uint64(json_object_object_get(answer, "ring"));
	uint64_t lease = json_object_get_uint64(json_object_object_get(answer, "lease"));

	trace->asks = clock_milliseconds() + lease / 3;
	if (ring == trace->ring)
		return 0;
	if (trace->ring) {
		drain(trace);
		tell_replaced(trace);
		event_reader_close(&trace->reader);
	}
	trace->told = 0;
	trace->ring = 0;
	int r = event_reader_open(fd, &trace->reader);

	trace->ring = r < 0 ? 0 : ring;
	return r;
}

/* Return: 0; else the exit status. What is wrong has been logged. */
static int ask(struct trace *trace)
{
	const char *control = trace->request->control;
	struct json_object *answer;
	_cleanup_fd_ int fd = -1;
	int status = ask_daemon_fd(control, "watch", &answer, &fd);

	if (status == 0 && take_ring(trace, answer, fd) < 0) {
		log_error("what %s has sent is no ring of events of this version", control);
		status = STATUS_FAILED;
	}
	json_object_put(answer);
	return status;
}

/* ---- the whole ---- */

static int run(struct trace *trace)
{
	int status = ask(trace);

	if (status == 0 && isatty(STDOUT_FILENO) && !trace->request->is_json)
		event_print_header(stdout);
	while (status == 0 && !is_over(trace)) {
		drain(trace);
		if (output_end(0, STATUS_FAILED) != 0)
			return STATUS_FAILED;
		if (clock_milliseconds() >= trace->asks)
			status = ask(trace);
		(void)poll(NULL, 0, PAUSE);
	}
	return output_end(status, STATUS_FAILED);
}

int cli_trace(int argc, char **argv)
{
	struct trace_request request = { .control = config_defaults()->control.path };
	struct trace trace = { .request = &request, .has_colour = terminal_has_colour() };
	char **operands;
	int status;

	if (!options_parse(&table, argc, argv, &request, &operands, &status))
		return status;
	status = run(&trace);
	event_reader_close(&trace.reader);
	return status;
}
