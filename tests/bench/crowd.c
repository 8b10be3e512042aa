/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many targets at once, in one place: this program is put under a supervisor, and what it forks makes
 * the calls.
 *
 *	crowd		reads lines from standard input, until its end
 *
 *	run OPERATION DIRECTORY TARGETS FILES MILLISECONDS	answers with the figures of crowd_print()
 *	hang OPERATION DIRECTORY TARGETS 0 0	lets them go on, one such crowd at a time; answers "0"
 *	stop					ends them; answers "0"
 */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/crowd.h"

#define LINE_SIZE 8192

/** struct crowds - those that are measured, and those that hang meanwhile */
struct crowds {
	struct crowd *measured;
	struct crowd *hanging;
};

static bool answer_zero(void)
{
	puts("0");
	return fflush(stdout) == 0;
}

static bool obey_run(const struct crowds *crowds, const char *arguments)
{
	struct crowd_figures figures;
	struct crowd_task task;

	if (!crowd_parse(arguments, &task) || !crowd_begin(crowds->measured, &task, NULL, NULL))
		return false;
	crowd_end(crowds->measured, &figures);
	crowd_print(&figures);
	return true;
}

static bool obey_hang(const struct crowds *crowds, const char *arguments)
{
	struct crowd_task task;

	return crowd_parse(arguments, &task) && crowd_begin(crowds->hanging, &task, NULL, NULL) &&
	       answer_zero();
}

static bool obey(const struct crowds *crowds, const char *line)
{
	if (strncmp(line, "run ", 4) == 0)
		return obey_run(crowds, line + 4);
	if (strncmp(line, "hang ", 5) == 0)
		return obey_hang(crowds, line + 5);
	if (strcmp(line, "stop\n") == 0) {
		crowd_stop(crowds->hanging);
		return answer_zero();
	}
	return false;
}

int main(void)
{
	struct crowds crowds = { crowd_new(), crowd_new() };
	char line[LINE_SIZE];
	bool done = crowds.measured && crowds.hanging;

	signal(SIGCHLD, SIG_IGN);
	while (done && fgets(line, sizeof(line), stdin)) {
		done = obey(&crowds, line);
		if (!done)
			fprintf(stderr, "crowd: cannot do: %s", line);
	}
	if (crowds.hanging)
		crowd_stop(crowds.hanging);
	return done ? EXIT_SUCCESS : EXIT_FAILURE;
}
