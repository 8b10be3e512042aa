/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The format of what 'features' prints is that of the OCI runtime specification: features.md, features-linux.md.
 * runc lists under supportedFlags what itself, its libseccomp and the kernel know.
 */
#include "hook/runtime_program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/path.h"
#include "hook/json_value.h"

#define PREFIX "nsxattr-"
#define DEFAULT_RUNTIME "runc"
/* Where there is no PATH: as execvp(3). */
#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define FEATURES_MAX (1 << 18)

const char *runtime_program_wanted(const char *called)
{
	const char *name = path_last(called);

	if (strncmp(name, PREFIX, strlen(PREFIX)) == 0)
		name += strlen(PREFIX);
	return *name == '\0' || strcmp(name, "runtime") == 0 ? DEFAULT_RUNTIME : name;
}

static bool is_like_crun(const char *path)
{
	const char *name = path_last(path);

	return strncmp(name, "crun", 4) == 0 || strcmp(name, "krun") == 0;
}

enum oci_runtime runtime_program_kind(const char *path)
{
	/* A name without a slash is no path to follow. */
	_cleanup_free_ char *real = strchr(path, '/') ? realpath(path, NULL) : NULL;

	return is_like_crun(path) || (real && is_like_crun(real)) ? OCI_RUNTIME_CRUN :
								    OCI_RUNTIME_RUNC;
}

/* ---- where it is ---- */

static int look_at(const char *path)
{
	struct stat status, own;

	if (stat(path, &status) < 0)
		return errno == EACCES ? -EACCES : -ENOENT;
	if (stat("/proc/self/exe", &own) == 0 && own.st_dev == status.st_dev &&
	    own.st_ino == status.st_ino)
		return -ELOOP;
	return S_ISREG(status.st_mode) && access(path, X_OK) == 0 ? 0 : -EACCES;
}

static int find_by_path(const char *name, char **ret_path)
{
	int r = look_at(name);

	if (r < 0)
		return r;
	*ret_path = strdup(name);
	return *ret_path ? 0 : -ENOMEM;
}

int runtime_program_find(const char *name, char **ret_path)
{
	const char *folder = getenv("PATH");
	int result = -ENOENT;

	if (strchr(name, '/'))
		return find_by_path(name, ret_path);
	folder = folder ? folder : DEFAULT_PATH;
	for (;;) {
		_cleanup_free_ char *path = NULL;
		size_t length = strcspn(folder, ":");

		if (asprintf(&path, "%.*s/%s", (int)length, folder, name) < 0) {
			path = NULL;
			return -ENOMEM;
		}
		int r = length > 0 ? look_at(path) : -ENOENT;

		if (r == 0) {
			*ret_path = TAKE_PTR(path);
			return 0;
		}
		result = r == -ENOENT ? result : r;
		if (!folder[length])
			return result;
		folder += length + 1;
	}
}

/* ---- what it says of itself ---- */

bool runtime_features_have(const char *text, const char *flag)
{
	_cleanup_json_value_ struct json_object *features = NULL;

	if (json_value_read(&(struct json_text){ text, strlen(text) }, &features) < 0)
		return false;
	const struct json_object *system = json_value_member(features, "linux", json_type_object);
	const struct json_object *seccomp = json_value_member(system, "seccomp", json_type_object);
	const struct json_object *flags =
		json_value_member(seccomp, "supportedFlags", json_type_array);

	return flags && json_value_has_text(flags, flag);
}

static int start(const char *path, int output, pid_t *ret_pid)
{
	char features[] = "features", *copy = strdup(path);
	char *words[] = { copy, features, NULL };
	posix_spawn_file_actions_t actions;
	int error = copy ? posix_spawn_file_actions_init(&actions) : ENOMEM;

	if (error) {
		free(copy);
		return -error;
	}
	error = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (!error)
		error = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
	if (!error)
		error = posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null",
							 O_WRONLY, 0);
	if (!error)
		error = posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
	if (!error)
		error = posix_spawn(ret_pid, path, &actions, NULL, words, environ);
	posix_spawn_file_actions_destroy(&actions);
	free(copy);
	return -error;
}

/* Return: whether it has said something, up to its end, and in time. */
static bool hear(int input, char *text, size_t size)
{
	uint64_t deadline = clock_milliseconds() + RUNTIME_FEATURES_DEADLINE;
	size_t length = 0;

	while (length + 1 < size) {
		uint64_t now = clock_milliseconds();
		struct pollfd polled = { .fd = input, .events = POLLIN };

		if (now >= deadline ||
		    TEMP_FAILURE_RETRY(poll(&polled, 1, (int)(deadline - now))) != 1)
			return false;
		ssize_t added = TEMP_FAILURE_RETRY(read(input, text + length, size - 1 - length));

		if (added <= 0) {
			text[length] = '\0';
			return added == 0;
		}
		length += (size_t)added;
	}
	return false;
}

static bool ask_for_features(const char *path, char *text, size_t size)
{
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return false;
	_cleanup_fd_ int input = ends[0];
	int r = start(path, ends[1], &pid);

	close(ends[1]);
	if (r < 0)
		return false;
	bool has_said = hear(input, text, size);

	(void)kill(pid, SIGKILL);
	(void)TEMP_FAILURE_RETRY(waitpid(pid, NULL, 0));
	return has_said;
}

/* Where SIGCHLD is ignored, the child's number could be another process's when we kill it. */
bool runtime_program_takes(const char *path, const char *flag)
{
	const struct sigaction usual = { .sa_handler = SIG_DFL };
	_cleanup_free_ char *text = malloc(FEATURES_MAX);
	struct sigaction before;

	if (!text || sigaction(SIGCHLD, &usual, &before) < 0)
		return false;
	bool has_said = ask_for_features(path, text, FEATURES_MAX);

	(void)sigaction(SIGCHLD, &before, NULL);
	return has_said && runtime_features_have(text, flag);
}
