/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "message.h"

/* How often we look whether its socket is there, and how often at most. */
#define LOOKS 3000
#define LOOK_PAUSE 10000000 /* nanoseconds */

static bool write_settings(const char *path, const char *parent, const char *socket_path)
{
	FILE *file = fopen(path, "we");

	if (!file) {
		complain("cannot write %s: %s", path, strerror(errno));
		return false;
	}
	fprintf(file,
		"version: 1\n"
		"policies: %s/policies\n"
		"oci-socket: { path: %s }\n"
		"lxc-socket: { path: none }\n"
		"control-socket: { path: none }\n",
		parent, socket_path);
	return fclose(file) == 0;
}

static bool is_listening(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) < sizeof(address.sun_path))
		memcpy(address.sun_path, path, strlen(path));
	bool is_there = fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;

	if (fd >= 0)
		close(fd);
	return is_there;
}

static bool await_socket(const char *path)
{
	static const struct timespec pause = { .tv_nsec = LOOK_PAUSE };

	for (unsigned int i = 0; i < LOOKS; i++) {
		if (is_listening(path))
			return true;
		nanosleep(&pause, NULL);
	}
	complain("nsxattrd does not listen at %s", path);
	return false;
}

static bool start_fleet(struct daemon *daemon, const struct bench *bench, const char *file)
{
	static struct command command;
	char program[PATH_MAX];

	command.count = 0;
	return path_join(program, bench->scene.directory, "containers") &&
	       command_add(&command, program) && command_add(&command, daemon->socket) &&
	       command_add(&command, file) && runner_start(&daemon->containers, &command);
}

static bool start_daemon(struct daemon *daemon, const char *parent)
{
	static struct command command;
	static const char quietly[] = "exec \"$@\" 2>\"$0\"";
	char settings[PATH_MAX], policies[PATH_MAX], log[PATH_MAX];

	command.count = 0;
	return path_join(daemon->socket, parent, "oci.sock") &&
	       path_join(settings, parent, "nsxattrd.yaml") &&
	       path_join(policies, parent, "policies") && make_directory(policies) &&
	       chown(policies, 0, 0) == 0 && write_settings(settings, parent, daemon->socket) &&
	       path_join(log, parent, "log") && command_add(&command, "sh") &&
	       command_add(&command, "-c") && command_add(&command, quietly) &&
	       command_add(&command, log) && command_add(&command, daemon->program) &&
	       command_add(&command, "-c") && command_add(&command, settings) &&
	       runner_start(&daemon->runner, &command);
}

enum daemon_result daemon_start(struct daemon *daemon, const struct bench *bench, const char *name,
				const char *file)
{
	char parent[PATH_MAX];

	daemon->runner = daemon->containers = RUNNER_NONE;
	if (!realpath(bench->settings.nsxattrd, daemon->program))
		return DAEMON_ABSENT;
	if (!path_join(parent, bench->scene.directory, name) || !make_directory(parent) ||
	    chown(parent, 0, 0) < 0)
		return DAEMON_WRONG;
	if (start_daemon(daemon, parent) && await_socket(daemon->socket) &&
	    start_fleet(daemon, bench, file))
		return DAEMON_SERVES;
	daemon_stop(daemon);
	return DAEMON_WRONG;
}

double daemon_attach(struct daemon *daemon, unsigned int count)
{
	char answer[ANSWER_SIZE];

	if (runner_ask(&daemon->containers, answer, "attach %u", count))
		return strtod(answer, NULL);
	complain("nsxattrd does not take %u containers", count);
	return -1;
}

/* It has no input to end with. */
void daemon_stop(struct daemon *daemon)
{
	runner_stop(&daemon->containers);
	runner_give_up(&daemon->runner);
}
