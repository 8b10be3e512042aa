/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/metrics_http.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/new_file.h"
#include "count_of.h"

static const struct {
	int number;
	const char *phrase;
} phrases[] = {
	{ 200, "OK" },
	{ 400, "Bad Request" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 503, "Service Unavailable" },
};

static const char *phrase_of(int number)
{
	for (size_t i = 0; i < COUNT_OF(phrases); i++)
		if (phrases[i].number == number)
			return phrases[i].phrase;
	return "";
}

/* Also of peers that end lines with a newline alone. */
static bool is_whole(const char *text)
{
	return strstr(text, "\r\n\r\n") || strstr(text, "\n\n");
}

/* What is asked for behind a '?' is all the same. */
static bool is_path(const char *path, const char *wanted)
{
	return strcspn(path, "?") == strlen(wanted) && strncmp(path, wanted, strlen(wanted)) == 0;
}

static int judge(const char *text)
{
	char method[16], path[256], version[16];

	if (sscanf(text, "%15s %255s HTTP/%15s", method, path, version) != 3)
		return 400;
	if (strcmp(method, "GET") != 0)
		return 405;
	return is_path(path, "/metrics") || is_path(path, "/") ? 200 : 404;
}

int metrics_http_receive(int fd)
{
	char text[METRICS_HTTP_REQUEST_MAX + 1] = "";
	size_t length = 0;

	(void)signal(SIGALRM, SIG_DFL);
	(void)alarm(METRICS_HTTP_PATIENCE);
	while (length < METRICS_HTTP_REQUEST_MAX) {
		ssize_t n = TEMP_FAILURE_RETRY(
			read(fd, text + length, METRICS_HTTP_REQUEST_MAX - length));

		if (n <= 0)
			return n < 0 ? -errno : -ECONNRESET;
		length += (size_t)n;
		text[length] = '\0';
		if (is_whole(text))
			return judge(text);
	}
	return 400;
}

int metrics_http_answer(int fd, int number, const char *text, size_t length)
{
	char head[256];
	int size = snprintf(head, sizeof(head),
			    "HTTP/1.0 %d %s\r\n"
			    "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"
			    "Content-Length: %zu\r\n"
			    "Connection: close\r\n\r\n",
			    number, phrase_of(number), length);
	int r = new_file_write(fd, head, (size_t)size);

	return r < 0 ? r : new_file_write(fd, text, length);
}
