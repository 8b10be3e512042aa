/* SPDX-License-Identifier: Apache-2.0 */
/* Reasons have names in them that users have chosen: what could steer a terminal is not printed as it is. */
#include "cli/refused_text.h"

#include <json-c/json.h>
#include <pwd.h>
#include <string.h>
#include <time.h>

#include "base/json.h"
#include "cli/terminal.h"

static void show_text(const char *text, FILE *to)
{
	terminal_show(text, strlen(text), to);
}

void refused_time(int64_t time, char ret_text[REFUSED_TIME_SIZE])
{
	const time_t seconds = (time_t)time;
	struct tm moment = { 0 };

	if (!localtime_r(&seconds, &moment) ||
	    strftime(ret_text, REFUSED_TIME_SIZE, "%F %T", &moment) == 0)
		snprintf(ret_text, REFUSED_TIME_SIZE, "-");
}

void refused_user(uid_t user, char ret_text[REFUSED_USER_SIZE])
{
	const struct passwd *entry = getpwuid(user);

	if (entry)
		snprintf(ret_text, REFUSED_USER_SIZE, "%s", entry->pw_name);
	else
		snprintf(ret_text, REFUSED_USER_SIZE, "%u", (unsigned int)user);
}

void refused_show(const struct refused_starts *starts, FILE *to)
{
	char time[REFUSED_TIME_SIZE], user[REFUSED_USER_SIZE];

	if (starts->count > 0)
		fputs("\nrefused to start:\n", to);
	for (size_t i = 0; i < starts->count; i++) {
		const struct refused_start *start = &starts->all[i];

		refused_time(start->time, time);
		refused_user(start->user, user);
		fprintf(to, "%s  ", time);
		show_text(user, to);
		fputs("  ", to);
		show_text(start->container[0] ? start->container : "a container", to);
		fputs(": ", to);
		show_text(start->reason, to);
		fputc('\n', to);
	}
}

struct json_object *refused_json_new(const struct refused_starts *starts)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; list && i < starts->count; i++) {
		const struct refused_start *start = &starts->all[i];
		struct json_object *object = json_object_new_object();

		json_add_number(object, "time", (uint64_t)start->time);
		json_add_number(object, "user", start->user);
		json_add_text(object, "container", start->container);
		json_add_text(object, "reason", start->reason);
		json_object_array_add(list, object);
	}
	return list;
}
