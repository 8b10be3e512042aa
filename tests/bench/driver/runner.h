/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BENCH_RUNNER_H
#define NSXATTR_BENCH_RUNNER_H

/*
 * A process that lives as long as its part is measured, and does what lines on its standard input
 * say; it answers each with a line. It ends with its input.
 */

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define ARGUMENTS_MAX 24
#define ANSWER_SIZE 4096

/* Exit status of a child that could not become what it should, as a shell has them. */
#define STATUS_NOT_STARTED 126
#define STATUS_NOT_FOUND 127

/** struct command - a program and its arguments */
struct command {
	char words[ARGUMENTS_MAX][PATH_MAX];
	size_t count;
};

/** struct runner - in < 0: it does not run (any more); begins as RUNNER_NONE */
struct runner {
	pid_t pid;
	int in;
	int out;
};

#define RUNNER_NONE ((struct runner){ .in = -1, .out = -1 })

/** command_add() - one word more. Return: whether there is room; else it is said. */
bool command_add(struct command *command, const char *word);

/** command_run() - run it, without input, and wait. Return: whether it ended well; else it is said. */
bool command_run(const struct command *command);

/** runner_start() - Return: false: said. That there is no such program shows only at the end. */
bool runner_start(struct runner *runner, const struct command *command);

bool runner_is_running(const struct runner *runner);

/**
 * runner_ask() - a line, and the answer
 * @answer: the line that came back, without its newline; NULL: whatever it is
 *
 * Return: false when none has come for minutes, or it has ended, or the line does not fit.
 */
bool runner_ask(const struct runner *runner, char answer[ANSWER_SIZE], const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/** runner_stop() - close its input, which ends it, and reap it. Return: its status, of waitpid(2). */
int runner_stop(struct runner *runner);

/** runner_give_up() - one that does not answer may not end by itself */
void runner_give_up(struct runner *runner);

#endif
