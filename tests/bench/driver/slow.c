/* SPDX-License-Identifier: Apache-2.0 */
#include "slow.h"

#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "message.h"

bool slow_prepare(struct slow *slow, const struct bench *bench, const char *name)
{
	char parent[PATH_MAX], hung[PATH_MAX];

	slow->runner = RUNNER_NONE;
	return path_join(parent, bench->scene.directory, name) && make_directory(parent) &&
	       path_join(slow->backing, parent, "backing") && make_directory(slow->backing) &&
	       path_join(hung, slow->backing, "hung") && make_directory(hung) &&
	       path_join(slow->mountpoint, parent, "mounted") && make_directory(slow->mountpoint);
}

static bool describe(const struct slow *slow, const char *program, unsigned int delay,
		     struct command *command)
{
	char number[16];

	command->count = 0;
	snprintf(number, sizeof(number), "%u", delay);
	return command_add(command, program) && command_add(command, slow->backing) &&
	       command_add(command, slow->mountpoint) && command_add(command, number);
}

/* It says a line when it is mounted; whatever is asked is answered by a line. */
enum slow_result slow_mount(struct slow *slow, const struct bench *bench, unsigned int delay)
{
	static struct command command;
	char program[PATH_MAX], line[2];

	if (!path_join(program, bench->scene.programs, "slowfs"))
		return SLOW_WRONG;
	if (access(program, X_OK) < 0 || access("/dev/fuse", R_OK | W_OK) < 0)
		return SLOW_ABSENT;
	if (!describe(slow, program, delay, &command) || !runner_start(&slow->runner, &command))
		return SLOW_WRONG;
	if (read(slow->runner.out, line, sizeof(line)) == sizeof(line))
		return SLOW_MOUNTED;
	runner_stop(&slow->runner);
	return SLOW_ABSENT;
}

bool slow_release(const struct slow *slow)
{
	if (runner_ask(&slow->runner, NULL, "release"))
		return true;
	complain("the slow file system does not answer");
	return false;
}

void slow_unmount(struct slow *slow)
{
	if (!runner_is_running(&slow->runner))
		return;
	(void)slow_release(slow);
	runner_stop(&slow->runner);
	(void)umount2(slow->mountpoint, MNT_DETACH);
}
