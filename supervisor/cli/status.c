/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/log.h"
#include "cli/ask.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/refused_text.h"
#include "cli/status_text.h"
#include "cli/upgrade.h"
#include "daemon/config.h"

struct control_request {
	const char *path;
	bool is_json;
	bool is_binary;
};

#define CONTROL_ROW                                                  \
	{                                                            \
		"control", 0, "PATH", "the daemon's control socket", \
			INTO_TEXT(struct control_request, path)      \
	}

static const struct option_row status_rows[] = {
	CONTROL_ROW,
	{ "json", 0, NULL, "print all that the daemon says, as JSON",
	  INTO_FLAG(struct control_request, is_json) },
};

static const struct option_row reload_rows[] = {
	CONTROL_ROW,
	{ "binary", 0, NULL, "replace the daemon by its program that is on disk now",
	  INTO_FLAG(struct control_request, is_binary) },
};

static const struct option_table status_table = {
	.command = "nsxattr status",
	.operands = "",
	.about =
		"Show the containers that nsxattrd serves, and those that hooks have refused to start:\n"
		"all of them to root, to others their own.\n"
		"Exit status: 0, or 1 if the daemon refuses, or 2 if there is no answer.",
	OPTION_ROWS(status_rows),
};

static const struct option_table reload_table = {
	.command = "nsxattr reload",
	.operands = "",
	.about = "Have nsxattrd read its policies anew; containers that are there keep theirs.\n"
		 "Exit status: 0, or 1 if all stays as it was, or 2 if there is no answer.",
	OPTION_ROWS(reload_rows),
};

/* What hooks have refused is known without the daemon. @answer: released */
static int show_status(const struct control_request *request, int status,
		       struct json_object *answer)
{
	__attribute__((cleanup(refused_starts_done))) struct refused_starts refused = { 0 };

	refused_starts_read(&refused);
	if (status == 0 && request->is_json) {
		json_object_object_add(answer, "refused-starts", refused_json_new(&refused));
		output_json(answer);
		return output_end(status, STATUS_FAILED);
	}
	if (status == 0)
		status_show(answer, time(NULL), stdout);
	if (!request->is_json)
		refused_show(&refused, stdout);
	json_object_put(answer);
	return output_end(status, STATUS_FAILED);
}

int cli_status(int argc, char **argv)
{
	struct control_request request = { .path = config_defaults()->control.path };
	struct json_object *answer = NULL;
	char **operands;
	int status;

	if (!options_parse(&status_table, argc, argv, &request, &operands, &status))
		return status;
	status = ask_daemon(request.path, "status", &answer);
	return show_status(&request, status, answer);
}

static void show_messages(struct json_object *answer)
{
	struct json_object *messages = json_object_object_get(answer, "messages");

	if (!json_object_is_type(messages, json_type_array))
		return;
	for (size_t i = 0; i < json_object_array_length(messages); i++) {
		const char *message =
			json_object_get_string(json_object_array_get_idx(messages, i));

		log_warning("%s", message ? message : "");
	}
}

int cli_reload(int argc, char **argv)
{
	struct control_request request = { .path = config_defaults()->control.path };
	struct json_object *answer = NULL;
	char **operands;
	int status;

	if (!options_parse(&reload_table, argc, argv, &request, &operands, &status))
		return status;
	if (request.is_binary)
		return output_end(upgrade_daemon(request.path), STATUS_FAILED);
	status = ask_daemon(request.path, "reload", &answer);
	show_messages(answer);
	json_object_put(answer);
	return status;
}
