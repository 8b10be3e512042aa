/* SPDX-License-Identifier: Apache-2.0 */
#include "child.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "fork_alone.h"

static pid_t clone_with(unsigned long flags)
{
	if (flags == 0)
		return fork_alone();
	return (pid_t)syscall(SYS_clone, flags | SIGCHLD, NULL, NULL, NULL, NULL);
}

pid_t child_start(void (*body)(void *argument), void *argument, unsigned long clone_flags)
{
	fflush(NULL);
	pid_t pid = clone_with(clone_flags);

	cr_assert_geq(pid, 0, "clone: %s", strerror(errno));
	if (pid == 0) {
		body(argument);
		_exit(0);
	}
	return pid;
}

int child_end(pid_t pid)
{
	int status;

	cr_assert_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void child_run(void (*body)(void *argument), void *argument)
{
	cr_assert_eq(child_end(child_start(body, argument, 0)), 0);
}

static int write_map(pid_t pid, const char *file, const char *map)
{
	char path[64], text[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	snprintf(text, sizeof(text), "%s", map);
	for (char *at = text; *at; at++)
		if (*at == ':')
			*at = ' ';
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t written = write(fd, text, strlen(text));

	close(fd);
	return written < 0 ? -1 : 0;
}

void child_enter_userns(const char *map)
{
	int ready[2], status;
	pid_t self = getpid();
	char byte;

	NEED(pipe2(ready, O_CLOEXEC) == 0);
	pid_t writer = fork_alone();

	NEED(writer >= 0);
	if (writer == 0) {
		close(ready[1]);
		(void)!read(ready[0], &byte, 1);
		_exit(write_map(self, "uid_map", map) < 0 || write_map(self, "gid_map", map) < 0);
	}
	NEED(unshare(CLONE_NEWUSER) == 0);
	close(ready[0]);
	close(ready[1]);
	NEED(waitpid(writer, &status, 0) == writer && status == 0);
	unsigned int first = (unsigned int)strtoul(map, NULL, 10);

	NEED(set_ids_alone(first) == 0);
	/* A change of ids takes a process its own entry in /proc, where the next map would go. */
	NEED(prctl(PR_SET_DUMPABLE, 1) == 0);
}
