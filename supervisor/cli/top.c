/* SPDX-License-Identifier: Apache-2.0 */
/* Asks the daemon for its status again and again: its containers pay nothing for it. */
#include "cli/commands.h"

#include <errno.h>
#include <json-c/json.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "cli/ask.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/terminal.h"
#include "cli/top_text.h"
#include "daemon/config.h"

/* The cursor goes home, and what is on the screen goes. */
#define CLEAR "\033[H\033[J"
/* Lines of the summary and the titles. */
#define LINES_ABOVE 3
#define LINES_DEFAULT 24

struct top_request {
	const char *control;
	uint32_t interval; /* seconds */
	uint32_t count;
};

static const struct option_row rows[] = {
	{ "interval", 'i', "SECONDS", "how often: every 2 seconds",
	  INTO_NUMBER(struct top_request, interval, 1, 3600) },
	{ "count", 'n', "N", "end after so many times",
	  INTO_NUMBER(struct top_request, count, 1, UINT32_MAX) },
	{ "control", 0, "PATH", "the daemon's control socket",
	  INTO_TEXT(struct top_request, control) },
};

static const struct option_table table = {
	.command = "nsxattr top",
	.operands = "",
	.about =
		"Show how many calls the containers that nsxattrd serves make, how long these take, and why\n"
		"they fail, the busiest first: of all containers to root, to others of their own. Ends by a\n"
		"signal. Where standard output is no terminal, there is a line a container each time.\n"
		"Exit status: 0, or 1 if the daemon refuses, or 2 if it does not answer.",
	OPTION_ROWS(rows),
};

/** struct top - what is being shown */
struct top {
	const struct top_request *request;
	bool is_terminal, has_colour;
	struct json_object *before;
	uint64_t time; /* of that: CLOCK_MONOTONIC, milliseconds */
};

/* Rows of containers that have room on the screen. */
static size_t room(void)
{
	struct winsize size;
	size_t lines = LINES_DEFAULT;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0)
		lines = size.ws_row;
	return lines > LINES_ABOVE + 1 ? lines - LINES_ABOVE - 1 : 1;
}

static void show_screen(const struct top *top, const struct top_row *list, size_t count,
			struct json_object *status)
{
	size_t shown = room() < count ? room() : count;

	fputs(CLEAR, stdout);
	top_print_summary(list, count, status, stdout);
	fputc('\n', stdout);
	top_print_header(false, stdout);
	for (size_t i = 0; i < shown; i++)
		top_print_row(&list[i], NULL, top->has_colour, stdout);
}

static void show_lines(const struct top_row *list, size_t count)
{
	time_t now = time(NULL);
	struct tm parts;
	char text[16] = "";

	if (localtime_r(&now, &parts))
		strftime(text, sizeof(text), "%H:%M:%S", &parts);
	for (size_t i = 0; i < count; i++)
		top_print_row(&list[i], text, false, stdout);
}

/* Return: the exit status. */
static int show(struct top *top, struct json_object *now, uint64_t time)
{
	size_t count;
	struct top_row *list =
		top_rows_new(top->before, now, (double)(time - top->time) / 1000, &count);

	if (!list) {
		log_error("%s", strerror(ENOMEM));
		return STATUS_FAILED;
	}
	if (top->is_terminal)
		show_screen(top, list, count, now);
	else
		show_lines(list, count);
	top_rows_free(list, count);
	return output_end(0, STATUS_FAILED);
}

/* Return: the exit status. */
static int look(struct top *top)
{
	struct json_object *now;
	int status = ask_daemon(top->request->control, "status", &now);
	uint64_t time = clock_milliseconds();

	if (status == 0 && top->before)
		status = show(top, now, time);
	json_object_put(top->before);
	top->before = now;
	top->time = time;
	return status;
}

int cli_top(int argc, char **argv)
{
	struct top_request request = { .control = config_defaults()->control.path, .interval = 2 };
	struct top top = { .request = &request,
			   .is_terminal = isatty(STDOUT_FILENO),
			   .has_colour = terminal_has_colour() };
	char **operands;
	int status;

	if (!options_parse(&table, argc, argv, &request, &operands, &status))
		return status;
	if (!top.is_terminal)
		top_print_header(true, stdout);
	status = look(&top);
	for (uint32_t i = 0; status == 0 && (request.count == 0 || i < request.count); i++) {
		(void)poll(NULL, 0, (int)request.interval * 1000);
		status = look(&top);
	}
	json_object_put(top.before);
	return output_end(status, STATUS_FAILED);
}
