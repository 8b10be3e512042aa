/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
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

/* Others read it: a collector has a user of its own. Return: 0; -errno. */
static int write_temporary(int fd, struct json_object *status)
{
	_cleanup_file_ FILE *to = fdopen(fd, "w");

	if (!to) {
		int error = errno;

		close(fd);
		return -error;
	}
	metrics_show(status, to);
	if (fflush(to) != 0 || ferror(to))
		return errno ? -errno : -EIO;
	return fchmod(fd, 0644) < 0 ? -errno : 0;
}

/* Return: the last part of a path; "": it has none. */
static const char *name_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* It is opened once: a path may lead elsewhere a moment later. Return: a descriptor; -errno. */
static int open_folder(const char *path)
{
	size_t length = (size_t)(name_of(path) - path);
	_cleanup_free_ char *folder = length > 0 ? strndup(path, length) : strdup(".");

	if (!folder)
		return -ENOMEM;
	int fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* A name that no other process can know before. Return: the caller's; NULL. */
static char *temporary_new(const char *name)
{
	uint64_t number;
	char *temporary;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number) ||
	    asprintf(&temporary, "%s.%016" PRIx64, name, number) < 0)
		return NULL;
	return temporary;
}

/* Who reads the file finds the old one or the new one, whole. Return: 0; -errno. */
static int replace(const char *path, struct json_object *status)
{
	const char *name = name_of(path);
	_cleanup_free_ char *temporary = temporary_new(name);
	_cleanup_fd_ int folder = open_folder(path);

	if (!temporary || folder < 0)
		return temporary ? folder : -ENOMEM;
	int fd = openat(folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			0600);

	if (fd < 0)
		return -errno;
	int r = write_temporary(fd, status);

	if (r == 0 && renameat(folder, temporary, folder, name) < 0)
		r = -errno;
	if (r < 0)
		(void)unlinkat(folder, temporary, 0);
	return r;
}

/* @status: NULL: the daemon does not answer. Return: the exit status. */
static int write_metrics(const struct metrics_request *request, struct json_object *status)
{
	if (!request->path) {
		metrics_show(status, stdout);
		return output_end(0, STATUS_FAILED);
	}
	int r = replace(request->path, status);

	if (r < 0)
		log_error("cannot write %s: %s", request->path, strerror(-r));
	return r < 0 ? STATUS_FAILED : 0;
}

/* @number: of the answer; 200: with what the daemon counts, also that it does not answer. Return: the exit status. */
static int answer_http(int number, struct json_object *status)
{
	_cleanup_free_ char *text = NULL;
	size_t length = 0;
	FILE *to = open_memstream(&text, &length);

	if (to && number == 200)
		metrics_show(status, to);
	int r = !to || fclose(to) != 0 ? -ENOMEM : 0;

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
