/* SPDX-License-Identifier: Apache-2.0 */
#include "runner.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "message.h"

/* A runner that does not answer for this long is given up, in milliseconds. */
#define PATIENCE 300000

bool command_add(struct command *command, const char *word)
{
	char *place = command->words[command->count];

	if (command->count == ARGUMENTS_MAX || snprintf(place, PATH_MAX, "%s", word) >= PATH_MAX) {
		complain("the command is too long at '%s'", word);
		return false;
	}
	command->count++;
	return true;
}

/** become() - in the child: be the command */
static _Noreturn void become(const struct command *command, int in, int out)
{
	char *arguments[ARGUMENTS_MAX + 1] = { NULL };

	for (size_t i = 0; i < command->count; i++)
		arguments[i] = (char *)command->words[i];
	/* A group of its own, so that it can be ended with what it has started. */
	if (setpgid(0, 0) < 0 || dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0)
		_exit(STATUS_NOT_STARTED);
	execvp(arguments[0], arguments);
	int error = errno;

	if (error != ENOENT)
		complain("cannot run '%s': %s", arguments[0], strerror(error));
	_exit(error == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_STARTED);
}

bool runner_start(struct runner *runner, const struct command *command)
{
	int in[2], out[2];

	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0) {
		complain("cannot make a pipe: %s", strerror(errno));
		return false;
	}
	fflush(stdout);
	runner->pid = fork();
	if (runner->pid == 0)
		become(command, in[0], out[1]);
	close(in[0]);
	close(out[1]);
	runner->in = in[1];
	runner->out = out[0];
	if (runner->pid > 0)
		return true;
	complain("cannot fork: %s", strerror(errno));
	return false;
}

bool command_run(const struct command *command)
{
	int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
	int status = -1;

	fflush(stdout);
	pid_t pid = fork();

	if (pid == 0)
		become(command, nothing, nothing);
	close(nothing);
	if (pid > 0)
		(void)TEMP_FAILURE_RETRY(waitpid(pid, &status, 0));
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return true;
	complain("'%s' has failed", command->words[0]);
	return false;
}

bool runner_is_running(const struct runner *runner)
{
	return runner->in >= 0;
}

/** read_answer() - a line, without its newline. Return: false at the end, or when none comes. */
static bool read_answer(const struct runner *runner, char answer[ANSWER_SIZE])
{
	struct pollfd polled = { .fd = runner->out, .events = POLLIN };
	size_t length = 0;

	while (length < ANSWER_SIZE - 1) {
		if (poll(&polled, 1, PATIENCE) <= 0)
			return false;
		ssize_t piece = read(runner->out, answer + length, ANSWER_SIZE - 1 - length);

		if (piece <= 0)
			return false;
		length += (size_t)piece;
		if (answer[length - 1] == '\n') {
			answer[length - 1] = '\0';
			return true;
		}
	}
	return false;
}

bool runner_ask(const struct runner *runner, char answer[ANSWER_SIZE], const char *format, ...)
{
	char ignored[ANSWER_SIZE];
	va_list arguments;

	va_start(arguments, format);
	int written = vdprintf(runner->in, format, arguments);

	va_end(arguments);
	return written > 0 && dprintf(runner->in, "\n") == 1 &&
	       read_answer(runner, answer ? answer : ignored);
}

int runner_stop(struct runner *runner)
{
	int status = 0;

	if (!runner_is_running(runner))
		return status;
	close(runner->in);
	close(runner->out);
	runner->in = runner->out = -1;
	(void)TEMP_FAILURE_RETRY(waitpid(runner->pid, &status, 0));
	return status;
}

void runner_give_up(struct runner *runner)
{
	if (!runner_is_running(runner))
		return;
	kill(-runner->pid, SIGTERM);
	runner_stop(runner);
}
