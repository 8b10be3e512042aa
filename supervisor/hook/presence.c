/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/presence.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/unix_socket.h"
#include "count_of.h"

#define PAUSE 20 /* milliseconds between two looks */

int presence_check(const char *path, int type)
{
	/* One that listens and does not accept is there all the same. */
	_cleanup_fd_ int fd = unix_socket_connect(path, type);

	return fd >= 0 || fd == -EAGAIN ? 0 : fd;
}

/* What a service manager has told the runtime, or the program that has started it, is not for the daemon. */
static void forget_manager(void)
{
	static const char *const names[] = { "NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID",
					     "LISTEN_FDNAMES" };

	for (size_t i = 0; i < COUNT_OF(names); i++)
		(void)unsetenv(names[i]);
}

/* The runtime waits for the end of what it has given us as standard output. */
static void detach(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0 ||
	    syscall(SYS_close_range, 3, ~0U, 0) < 0 || chdir("/") < 0)
		_exit(127);
	(void)setsid();
	forget_manager();
}

static bool has_ended(pid_t pid)
{
	int status;

	return waitpid(pid, &status, WNOHANG) != 0;
}

int presence_start(const char *program, const char *path, int type)
{
	const struct timespec pause = { .tv_nsec = PAUSE * 1000000L };
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (pid == 0) {
		detach();
		execl(program, program, (char *)NULL);
		_exit(127);
	}
	for (int waited = 0; waited < PRESENCE_PATIENCE; waited += PAUSE) {
		/* In this order: what has ended may have found another that was there first. */
		bool is_over = has_ended(pid);

		if (presence_check(path, type) == 0)
			return 0;
		if (is_over)
			return -ECHILD;
		(void)nanosleep(&pause, NULL);
	}
	(void)kill(pid, SIGTERM);
	return -ETIME;
}

bool presence_is_unit(const char *name)
{
	return !strchr(name, '/');
}

static int spawn_systemctl(const char *unit, pid_t *ret_pid)
{
	char *words[] = { (char *)"systemctl", (char *)"start", (char *)"--", NULL, NULL };
	posix_spawn_file_actions_t actions;
	char *copy = strdup(unit);
	int error = copy ? posix_spawn_file_actions_init(&actions) : ENOMEM;

	if (error) {
		free(copy);
		return -error;
	}
	words[3] = copy;
	error = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (!error)
		error = posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
	if (!error)
		error = posix_spawnp(ret_pid, words[0], &actions, NULL, words, environ);
	posix_spawn_file_actions_destroy(&actions);
	free(copy);
	return -error;
}

/** start_unit() - have systemd start it, and wait. Return: 0; -ECHILD: it could not; -errno. */
static int start_unit(const char *unit)
{
	int status = 0;
	pid_t pid = -1;
	int r = spawn_systemctl(unit, &pid);

	if (r < 0)
		return r;
	if (TEMP_FAILURE_RETRY(waitpid(pid, &status, 0)) < 0)
		return -errno;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -ECHILD;
}

int presence_bring(const char *name, const char *path, int type)
{
	if (!presence_is_unit(name))
		return presence_start(name, path, type);
	int r = start_unit(name);

	return r < 0 ? r : presence_check(path, type);
}
