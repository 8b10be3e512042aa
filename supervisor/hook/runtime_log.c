/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The format is that of logrus, which runc writes and containerd, docker, podman and CRI-O read:
 *
 *	{"level":"error","msg":"SENTENCE","time":"2024-05-01T10:00:00Z"}
 *	time="2024-05-01T10:00:00Z" level=error msg="SENTENCE"
 *
 * crun's JSON has the same members. containerd takes the last message of the level "error".
 */
#include "hook/runtime_log.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "hook/json_value.h"

/* "2024-05-01T10:00:00Z" */
#define TIME_SIZE 32

static void print_time(int64_t seconds, char text[TIME_SIZE])
{
	time_t time = (time_t)seconds;
	struct tm parts = { 0 };

	(void)gmtime_r(&time, &parts);
	(void)strftime(text, TIME_SIZE, "%Y-%m-%dT%H:%M:%SZ", &parts);
}

static char *json_line(const char *level, const char *sentence, const char *time)
{
	_cleanup_json_value_ struct json_object *object = json_object_new_object();
	char *line = NULL;
	int r = object ? json_value_add(object, "level", json_object_new_string(level)) : -ENOMEM;

	if (r == 0)
		r = json_value_add(object, "msg", json_object_new_string(sentence));
	if (r == 0)
		r = json_value_add(object, "time", json_object_new_string(time));
	const char *text =
		r < 0 ? NULL :
			json_object_to_json_string_ext(
				object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);

	return text && asprintf(&line, "%s\n", text) >= 0 ? line : NULL;
}

/* Return: the sentence in quotes; the caller's to free(3). */
static char *quote(const char *sentence)
{
	char *quoted = malloc(2 * strlen(sentence) + 3), *to = quoted;

	if (!quoted)
		return NULL;
	*to++ = '"';
	for (; *sentence; sentence++) {
		if (*sentence == '"' || *sentence == '\\')
			*to++ = '\\';
		*to++ = (unsigned char)*sentence < ' ' ? ' ' : *sentence;
	}
	*to++ = '"';
	*to = '\0';
	return quoted;
}

static char *text_line(const char *level, const char *sentence, const char *time)
{
	_cleanup_free_ char *quoted = quote(sentence);
	char *line = NULL;

	if (!quoted || asprintf(&line, "time=\"%s\" level=%s msg=%s\n", time, level, quoted) < 0)
		return NULL;
	return line;
}

char *runtime_log_line(bool is_json, bool is_failure, const char *sentence, int64_t time)
{
	const char *level = is_failure ? "error" : "warning";
	char text[TIME_SIZE];

	print_time(time, text);
	return is_json ? json_line(level, sentence, text) : text_line(level, sentence, text);
}

/* A pipe that no process reads is not waited for. */
int runtime_log_write(const struct runtime_log *log, bool is_failure, const char *sentence)
{
	_cleanup_free_ char *line = runtime_log_line(
		log->is_json, is_failure, sentence, (int64_t)(clock_real_microseconds() / 1000000));
	_cleanup_fd_ int fd = open(
		log->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0644);

	if (!line)
		return -ENOMEM;
	if (fd < 0)
		return -errno;
	return TEMP_FAILURE_RETRY(write(fd, line, strlen(line))) < 0 ? -errno : 0;
}
