/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/event_text.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <string.h>
#include <time.h>

#include "base/escape.h"
#include "base/event.h"
#include "base/json.h"
#include "reason.h"

/* In the place of the beginning of a path. */
#define CUT "\\..."

#define RED "\033[31m"
#define PLAIN "\033[m"

static const char *const operations[EVENT_OPERATIONS] = {
	[EVENT_SET] = "set",	   [EVENT_GET] = "get",		[EVENT_LIST] = "list",
	[EVENT_REMOVE] = "remove", [EVENT_EXECUTE] = "execute",
};

static const char *operation_of(const struct event *event)
{
	return event->operation < EVENT_OPERATIONS ? operations[event->operation] : "?";
}

/* NULL: there is none. */
static const char *reason_of(const struct event *event)
{
	bool is_known = event->reason != REASON_NONE && event->reason < REASON_COUNT;

	return is_known ? reason_word((enum reason)event->reason) : NULL;
}

/* ---- texts ---- */

const char *event_result(const struct event *event, char text[ERRNO_WORD_SIZE])
{
	if (event->is_kernels)
		return "kernel";
	return event->error ? errno_word(event->error, text) : "done";
}

/* "12:03:04.000123", of this place's day. */
static void print_time(const struct event *event, char text[32])
{
	time_t seconds = (time_t)(event->time / 1000000);
	struct tm parts;
	size_t length = 0;

	if (localtime_r(&seconds, &parts))
		length = strftime(text, 16, "%H:%M:%S", &parts);
	snprintf(text + length, 32 - length, ".%06" PRIu64, event->time % 1000000);
}

/* ---- for people ---- */

void event_print_header(FILE *to)
{
	fprintf(to, "%-15s  %-16s  %-15s  %7s  %-7s  %-12s  %8s  %-32s  %s\n", "TIME", "CONTAINER",
		"COMMAND", "PID", "CALL", "RESULT", "US", "NAME", "REASON");
}

/* A backslash of the path's own is two. */
static const char *shown_name(const struct event *event, char *escaped, size_t size)
{
	int length = event->is_cut ? snprintf(escaped, size, "%s", CUT) : 0;

	(void)escape_text(event->name, escaped + length, size - (size_t)length);
	return *escaped ? escaped : "-";
}

static const char *shown(const char *text, char *escaped, size_t size)
{
	return *text ? escape_text(text, escaped, size) : "-";
}

void event_print(const struct event *event, bool has_colour, FILE *to)
{
	char time[32], container[ESCAPED_SIZE(EVENT_CONTAINER_SIZE)],
		command[ESCAPED_SIZE(EVENT_COMMAND_SIZE)],
		name[sizeof(CUT) + ESCAPED_SIZE(NAME_SIZE)], result[ERRNO_WORD_SIZE];
	bool is_marked = has_colour && event->error;

	print_time(event, time);
	fprintf(to, "%-15s  %-16s  %-15s  %7" PRIu32 "  %-7s  %s%-12s%s  %8" PRIu32 "  %-32s  %s\n",
		time, shown(event->container, container, sizeof(container)),
		shown(event->command, command, sizeof(command)), event->process,
		operation_of(event), is_marked ? RED : "", event_result(event, result),
		is_marked ? PLAIN : "", event->microseconds, shown_name(event, name, sizeof(name)),
		reason_of(event) ? reason_of(event) : "-");
}

/* ---- JSON ---- */

static void add_escaped(struct json_object *object, const char *key, const char *text)
{
	char escaped[ESCAPED_SIZE(EVENT_ID_SIZE)];

	if (*text)
		json_add_text(object, key, escape_text(text, escaped, sizeof(escaped)));
}

static void add_name(struct json_object *object, const struct event *event)
{
	add_escaped(object, event->operation == EVENT_EXECUTE ? "path" : "name", event->name);
	if (event->is_cut)
		json_object_object_add(object, "is-cut", json_object_new_boolean(1));
}

static void add_target(struct json_object *object, const struct event *event)
{
	if (event->process == 0)
		return;
	add_escaped(object, "command", event->command);
	json_add_number(object, "pid", event->process);
	json_add_number(object, "tid", event->thread);
	json_add_number(object, "uid", event->uid);
}

void event_print_json(const struct event *event, FILE *to)
{
	struct json_object *object = json_object_new_object();
	char time[32], result[ERRNO_WORD_SIZE];

	snprintf(time, sizeof(time), "%" PRIu64 ".%06" PRIu64, event->time / 1000000,
		 event->time % 1000000);
	json_object_object_add(object, "time",
			       json_object_new_double_s((double)event->time / 1e6, time));
	add_escaped(object, "container", event->container);
	add_escaped(object, "id", event->id);
	json_add_number(object, "owner", event->owner);
	add_target(object, event);
	json_add_text(object, "operation", operation_of(event));
	add_name(object, event);
	json_add_text(object, "result", event_result(event, result));
	json_add_text(object, "reason", reason_of(event));
	json_add_number(object, "microseconds", event->microseconds);
	fprintf(to, "%s\n",
		json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN |
							       JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(object);
}
