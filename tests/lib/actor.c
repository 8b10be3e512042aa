/* SPDX-License-Identifier: Apache-2.0 */
#include "actor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "inode.h"

/* Seconds. */
#define PATIENCE 60
#define LINE_SIZE 80000

struct actor {
	pid_t pid;
	int input;
	int output;
	char command[LINE_SIZE];
	char answer[2 * LINE_SIZE];
};

struct actor *actor_start(const struct launch *launch)
{
	struct actor *actor = calloc(1, sizeof(*actor));
	const char *program = scratch_path("actor-driver");
	int input[2], output[2];

	cr_assert_not_null(actor);
	if (access(program, X_OK) < 0)
		program = scratch_program("tests/live/actor-driver");
	cr_assert(pipe2(input, O_CLOEXEC) == 0 && pipe2(output, O_CLOEXEC) == 0);
	const char *const argv[] = { program, NULL };
	struct launch how = *launch;

	how.argv = argv;
	how.input = input[0];
	how.output = output[1];
	if (!how.directory)
		how.directory = scratch_path(".");
	actor->pid = launch_start(&how);
	actor->input = input[1];
	actor->output = output[0];
	close(input[0]);
	close(output[1]);
	return actor;
}

struct actor *actor_inside(void)
{
	return actor_start(&(struct launch){ .is_supervised = true, .map = USUAL_MAP });
}

pid_t actor_pid(const struct actor *actor)
{
	return actor->pid;
}

const char *actor_command(const struct actor *actor)
{
	return actor->command;
}

static void say(struct actor *actor, size_t length)
{
	cr_assert_eq(write(actor->input, actor->command, length), (ssize_t)length, "%s: %s",
		     actor->command, strerror(errno));
}

static void hear(struct actor *actor)
{
	struct pollfd polled = { .fd = actor->output, .events = POLLIN };
	size_t length = 0;

	do {
		int ready = poll(&polled, 1, PATIENCE * 1000);

		cr_assert_gt(ready, 0, "%s: no answer", actor->command);
		ssize_t piece = read(actor->output, actor->answer + length,
				     sizeof(actor->answer) - 1 - length);

		cr_assert_gt(piece, 0, "%s: it has ended", actor->command);
		length += (size_t)piece;
	} while (actor->answer[length - 1] != '\n');
	actor->answer[length - 1] = '\0';
}

const char *actor_ask(struct actor *actor, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	int length = vsnprintf(actor->command, LINE_SIZE - 1, format, arguments);

	va_end(arguments);
	cr_assert(length > 0 && length < LINE_SIZE - 1);
	strcpy(actor->command + length, "\n");
	say(actor, (size_t)length + 1);
	actor->command[length] = '\0';
	hear(actor);
	return actor->answer;
}

void actor_end(struct actor *actor)
{
	close(actor->input);
	int status = launch_wait(actor->pid, PATIENCE);

	close(actor->output);
	free(actor);
	cr_assert_eq(status, 0, "the actor has ended with %d", status);
}

bool actor_lists(const char *answer, const char *names)
{
	const char *list = strchr(answer, ' ');

	return strtoul(answer, NULL, 10) == strlen(names) &&
	       inode_same_names(list ? list + 1 : "", names);
}
