/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/new_file.h"
#include "cli/ask.h"
#include "cli/metrics_http.h"
#include "cli/metrics_text.h"
#include "cli/options.h"
#include "cli/output.h"
#include "daemon/config.h"

struct metrics_request {
	const char *control;
	const char *path; /* NULL: standard output */
	bool is_http;
};

static const struct option_row rows[] = {
	{ "textfile", 0, "PATH", "write them to a file, which is replaced at once",
	  INTO_TEXT(struct metrics_request, path) },
	{ "http", 0, NULL,
	  "answer one request of HTTP on standard input, as a service of systemd's",
	  INTO_FLAG(struct metrics_request, is_http) },
	{ "control", 0, "PATH", "the daemon's control socket",
	  INTO_TEXT(struct metrics_request, control) },
};

static const struct option_table table = {
	.command = "nsxattr metrics",
	.operands = "",
	.about =
		"Print what nsxattrd counts in the text format of Prometheus: of all containers to root, to\n"
		"others of their own.\n"
		"Exit status: 0, or 1 if the daemon refuses, or 2 if it does not answer, or nothing can be\n"
		"written.",
	OPTION_ROWS(rows),
};

/* @status: NULL: the daemon does not answer. Return: 0; -ENOMEM. */
static int print(struct json_object *status, char **ret_text, size_t *ret_length)
{
	FILE *to = open_memstream(ret_text, ret_length);

	if (to)
		metrics_show(status, to);
	return !to || fclose(to) != 0 ? -ENOMEM : 0;
}

/* Others read it: a collector has a user of its own. @status: as print(). Return: the exit status. */
static int write_metrics(const struct metrics_request *request, struct json_object *status)
{
	_cleanup_free_ char *text = NULL;
	size_t length = 0;

	if (!request->path) {
		metrics_show(status, stdout);
		return output_end(0, STATUS_FAILED);
	}
	int r = print(status, &text, &length);

	if (r == 0)
		r = new_file_replace(request->path, text, length, 0644, NULL);
	if (r < 0)
		log_error("cannot write %s: %s", request->path, strerror(-r));
	return r < 0 ? STATUS_FAILED : 0;
}

/* @number: of the answer; 200: with what the daemon counts, also that it does not answer. Return: the exit status. */
static int answer_http(int number, struct json_object *status)
{
	_cleanup_free_ char *text = NULL;
	size_t length = 0;
	int r = number == 200 ? print(status, &text, &length) : 0;

	if (r == 0)
		r = metrics_http_answer(STDOUT_FILENO, number, text, length);
	if (r < 0)
		log_error("cannot answer: %s", strerror(-r));
	return r < 0 ? STATUS_FAILED : 0;
}

/* Return: the exit status. */
static int serve_http(const struct metrics_request *request)
{
	struct json_object *answer = NULL;
	int number = metrics_http_receive(STDIN_FILENO);

	if (number < 0) {
		log_error("there is no request: %s", strerror(-number));
		return STATUS_FAILED;
	}
	if (number == 200 && ask_daemon(request->control, "status", &answer) == STATUS_REFUSED)
		number = 503;
	int status = answer_http(number, answer);

	json_object_put(answer);
	return status;
}

int cli_metrics(int argc, char **argv)
{
	struct metrics_request request = { .control = config_defaults()->control.path };
	struct json_object *answer;
	char **operands;
	int status;

	if (!options_parse(&table, argc, argv, &request, &operands, &status))
		return status;
	if (request.is_http && request.path)
		return options_refuse(&table, "one of --http and --textfile");
	if (request.is_http)
		return serve_http(&request);
	status = ask_daemon(request.control, "status", &answer);
	if (status == 0)
		status = write_metrics(&request, answer);
	else if (!answer)
		(void)write_metrics(&request, NULL);
	json_object_put(answer);
	return status;
}
